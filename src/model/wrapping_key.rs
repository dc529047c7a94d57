//! A wrapping key pair, its issue, and the claims on it.

use uuid::Uuid;

use super::{
    Account, HostExposure, KeyId, KeyMaterialId, ObjectId, Timestamp, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};

/// The id of a wrapping key pair: the `cti` of its import token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WrappingKeyId(pub Uuid);

impl WrappingKeyId {
    /// A fresh one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl std::fmt::Display for WrappingKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

crate::named! {
    /// What the private half may do: fixed when it is made, one or the other.
    pub enum PairUse {
        /// CKA_UNWRAP with CKM_RSA_PKCS_OAEP.
        Unwrap = "unwrap",
        /// CKA_DECRYPT with CKM_RSA_X_509, for the host-assisted paths.
        RawDecrypt = "raw-decrypt",
        /// CKA_DERIVE with CKM_ECDH1_DERIVE, for SM2.
        Derive = "derive",
    }
}

/// What is fixed when a pair is made: one pool holds pairs of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairKind {
    /// The size of the RSA key, or the curve.
    pub spec: WrappingKeySpec,
    /// What the private half may do.
    pub pair_use: PairUse,
}

impl std::fmt::Display for PairKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {}", self.spec, self.pair_use)
    }
}

crate::named! {
    /// Where a wrapping key is in its life: `making → ready → issued → consumed | expired | dead`.
    pub enum WrappingKeyState {
        /// Recorded; the token may or may not have it.
        Making = "making",
        /// In the token, waiting for an issue.
        Ready = "ready",
        /// Handed out.
        Issued = "issued",
        /// An import under it succeeded; the pair is destroyed, the record answers repeats.
        Consumed = "consumed",
        /// Its time is over; the pair is destroyed.
        Expired = "expired",
        /// Too many imports under it failed; the pair is destroyed.
        Dead = "dead",
    }
}

/// To whom and for what a wrapping key is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The key that material is wanted for.
    pub key: KeyId,
    /// The account of key and caller.
    pub account: Account,
    /// Who asked.
    pub principal: String,
    /// How the material will be wrapped.
    pub algorithm: WrappingAlgorithm,
    /// How it will be unwrapped.
    pub path: UnwrapPath,
    /// When it was handed out.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The most sets that may be live, issued and neither used nor over, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCaps {
    /// For one key.
    pub per_key: u32,
    /// For one principal, whatever the keys.
    pub per_principal: u32,
}

crate::named! {
    /// Whose live sets are as many as may be.
    pub enum SetHolder {
        /// The key's.
        Key = "key",
        /// The caller's.
        Principal = "principal",
    }
}

/// SHA-256 over everything an import request consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestDigest(pub [u8; 32]);

impl RequestDigest {
    /// The digest that 64 lower-case hex digits name.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        (base16ct::lower::decode(text, &mut bytes).ok()?.len() == 32).then_some(Self(bytes))
    }
}

impl std::fmt::Display for RequestDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

/// What a successful import answered, kept so that the identical request answers the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request that succeeded.
    pub digest: RequestDigest,
    /// The material it brought.
    pub material: KeyMaterialId,
    /// The key check value, for AES.
    pub kcv: Option<[u8; 3]>,
    /// The public half, DER SubjectPublicKeyInfo, for a private key.
    pub spki: Option<Vec<u8>>,
    /// What crossed the host.
    pub exposure: HostExposure,
    /// The signed receipt; empty where the import is older than receipts.
    pub receipt: Vec<u8>,
}

/// A wrapping key pair's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappingKey {
    /// Its id.
    pub id: WrappingKeyId,
    /// The CKA_ID of the private half.
    pub object: ObjectId,
    /// The serial number of the token that holds it.
    pub token: String,
    /// What it was made as.
    pub kind: PairKind,
    /// Where it is in its life.
    pub state: WrappingKeyState,
    /// The public half, DER SubjectPublicKeyInfo; empty while making.
    pub spki: Vec<u8>,
    /// When its making began.
    pub created_at: Timestamp,
    /// Present once issued.
    pub issue: Option<Issue>,
    /// Imports tried under it.
    pub attempts: u32,
    /// Present once consumed.
    pub answer: Option<Answer>,
}

/// An import or a generation under way: recorded before the token acts, gone when the outcome is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The CKA_ID that the new object will have.
    pub object: ObjectId,
    /// The wrapping key that is being used; none where the token makes the material.
    pub wrapping_key: Option<WrappingKeyId>,
    /// When it began.
    pub claimed_at: Timestamp,
    /// Serial number of the token that will have it; empty where a program did not say that knows one token only.
    pub token: String,
}
