//! What ties a record to an object in the token.

use uuid::Uuid;

/// A CKA_ID: 16 random bytes, chosen and recorded before the object is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 16]);

impl ObjectId {
    /// A fresh one.
    pub fn random() -> Self {
        Self(Uuid::new_v4().into_bytes())
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl std::fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

crate::named! {
    /// What an object in the token is, as its CKA_LABEL `keyferry/<kind>/<id>` says.
    pub enum ObjectKind {
        /// The key that the secrets of access keys are derived under.
        AccessKeys = "access-keys",
        /// The key that attestations and receipts are signed with.
        Attestation = "attestation",
        /// The key that the checkpoints of the audit log are signed with.
        Audit = "audit",
        /// The CKO_DATA object that holds the installation id.
        Installation = "installation",
        /// The key that authenticates import tokens.
        Mac = "mac",
        /// Key material, imported or made in the token.
        Material = "material",
        /// The private half of a wrapping key pair.
        WrappingKey = "wrapping-key",
    }
}

impl ObjectKind {
    /// The CKA_LABEL of an object of this kind.
    pub fn label(self, id: &ObjectId) -> String {
        format!("keyferry/{self}/{id}")
    }

    /// The kind that a CKA_LABEL says, if it is one of ours.
    pub fn of_label(label: &str) -> Option<Self> {
        label.strip_prefix("keyferry/")?.split_once('/')?.0.parse().ok()
    }
}

/// What a token and a database must share before the service touches either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstallationId(pub Uuid);

impl InstallationId {
    /// A fresh one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl std::fmt::Display for InstallationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
