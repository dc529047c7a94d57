//! Signed statements: what the token says of a wrapping key or of imported material, for those who need not trust the courier.
//!
//! A COSE_Sign1 (RFC 9052 §4.2) with ES256 over CWT claims (RFC 8392). The signature is made in the HSM by whoever calls:
//! [`Unsigned::to_be_signed`] says over what. The content type says which kind of statement it is, so that none passes for the
//! other. There is one encoding of a statement and no other is taken, and of the two signatures that ECDSA leaves open the one
//! with the lower s.

mod claims;
mod receipt;
mod wrapping_key;

use coset::iana::Algorithm;
use coset::{ContentType, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, TaggedCborSerializable};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256};

pub use receipt::Receipt;
pub use wrapping_key::WrappingKeyStatement;

/// No statement is longer, in bytes.
pub const MAX_BYTES: usize = 4096;

/// Why bytes are no statement of the signer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Not what it is taken for.
    #[error("it is {found}, and not {expected}")]
    Kind {
        /// Its content type.
        found: String,
        /// The content type that was expected.
        expected: &'static str,
    },
    /// Not a statement, or not in the one form that there is of it.
    #[error("it is no signed statement, or was altered: {0}")]
    Malformed(&'static str),
    /// The key is none that signs statements.
    #[error("the signer's public key is no EC key on P-256")]
    NoSigner,
    /// Somebody else's.
    #[error("it is signed by another key, {}", base16ct::lower::encode_string(.0))]
    OtherSigner([u8; 32]),
    /// Not signed by the signer.
    #[error("its signature is not the signer's: it was altered or forged")]
    Signature,
}

/// One kind of statement.
pub trait Statement: Sized {
    /// Its content type (RFC 9052 §3.1).
    const CONTENT_TYPE: &'static str;

    /// The payload.
    ///
    /// # Errors
    /// Where it cannot be encoded.
    fn encode(&self) -> Result<Vec<u8>, Foreign>;

    /// Reads a payload; [`verify`] sees that it is in the one form that there is of it.
    ///
    /// # Errors
    /// Where a claim is missing, or another than it must be.
    fn decode(payload: &[u8]) -> Result<Self, Foreign>;
}

/// The name of a signer in a statement: SHA-256 of its DER SubjectPublicKeyInfo.
pub fn key_id(spki_der: &[u8]) -> [u8; 32] {
    Sha256::digest(spki_der).into()
}

/// A statement without its signature.
#[derive(Clone, Debug)]
pub struct Unsigned {
    cose: CoseSign1,
}

impl Unsigned {
    /// A statement to be signed by the key with this [`key_id`].
    ///
    /// # Errors
    /// Where it cannot be encoded.
    pub fn new<S: Statement>(statement: &S, signer: &[u8; 32]) -> Result<Self, Foreign> {
        let protected = protected(S::CONTENT_TYPE, signer);
        Ok(Self { cose: CoseSign1Builder::new().protected(protected).payload(statement.encode()?).build() })
    }

    /// What is signed: SHA-256 of the Sig_structure of RFC 9052 §4.4.
    pub fn to_be_signed(&self) -> [u8; 32] {
        Sha256::digest(self.cose.tbs_data(&[])).into()
    }

    /// The whole statement: CBOR, tag 18.
    ///
    /// # Errors
    /// Where the signature is none, or the statement is longer than [`MAX_BYTES`].
    pub fn with_signature(mut self, signature: &[u8; 64]) -> Result<Vec<u8>, Foreign> {
        let signature = Signature::from_slice(signature).map_err(|_| Foreign::Signature)?;
        self.cose.signature = signature.normalize_s().to_bytes().to_vec();
        let bytes = self.cose.to_tagged_vec().map_err(|_| Foreign::Malformed("it cannot be encoded"))?;
        if bytes.len() <= MAX_BYTES { Ok(bytes) } else { Err(TOO_LONG) }
    }
}

/// What a statement says, if it was signed by the key that `spki_der`, a DER SubjectPublicKeyInfo, is.
///
/// # Errors
/// Where it is of another kind, by another signer, or not byte for byte what [`Unsigned::with_signature`] could have made.
pub fn verify<S: Statement>(bytes: &[u8], spki_der: &[u8]) -> Result<S, Foreign> {
    if bytes.len() > MAX_BYTES {
        return Err(TOO_LONG);
    }
    let cose = CoseSign1::from_tagged_slice(bytes).map_err(|_| Foreign::Malformed("expected a COSE_Sign1"))?;
    let Some(ContentType::Text(found)) = &cose.protected.header.content_type else {
        return Err(Foreign::Malformed("it does not say what kind it is of"));
    };
    if found != S::CONTENT_TYPE {
        return Err(Foreign::Kind { found: found.clone(), expected: S::CONTENT_TYPE });
    }
    let signer = key_id(spki_der);
    let named = <[u8; 32]>::try_from(&cose.protected.header.key_id[..]);
    let named = named.map_err(|_| Foreign::Malformed("it does not name its signer"))?;
    if named != signer {
        return Err(Foreign::OtherSigner(named));
    }
    // Built anew from what was understood: whatever else was in there makes the two differ.
    let payload = cose.payload.ok_or(Foreign::Malformed("it has no content"))?;
    let protected = protected(S::CONTENT_TYPE, &signer);
    let canonical = CoseSign1Builder::new().protected(protected).payload(payload).signature(cose.signature.clone()).build();
    if canonical.clone().to_tagged_vec().map_err(|_| NOT_CANONICAL)? != bytes {
        return Err(NOT_CANONICAL);
    }
    let key = VerifyingKey::from_public_key_der(spki_der).map_err(|_| Foreign::NoSigner)?;
    let signature = Signature::from_slice(&cose.signature).map_err(|_| Foreign::Signature)?;
    let digest = Sha256::digest(canonical.tbs_data(&[]));
    if signature.normalize_s() != signature || key.verify_prehash(&digest, &signature).is_err() {
        return Err(Foreign::Signature);
    }
    let payload = canonical.payload.unwrap_or_default();
    let statement = S::decode(&payload)?;
    if statement.encode()? == payload { Ok(statement) } else { Err(NOT_CANONICAL) }
}

const TOO_LONG: Foreign = Foreign::Malformed("it is longer than 4096 bytes");
const NOT_CANONICAL: Foreign = Foreign::Malformed("it is not in the one form that there is of it");

fn protected(content_type: &str, signer: &[u8; 32]) -> Header {
    let header = HeaderBuilder::new().algorithm(Algorithm::ES256).content_type(content_type.to_owned());
    header.key_id(signer.to_vec()).build()
}

#[cfg(test)]
mod tests;
