//! Why a signed statement, or what came with it, is not to be trusted.

use crate::model::KeyAttribute;
use crate::statement::Foreign;

/// Why a signed statement, or what came with it, is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// There is no statement.
    #[error("there is no {0}")]
    Absent(&'static str),
    /// The token says of the key what must not be so.
    #[error("the token says of the {key} that {attribute} is {}, and it must be {wanted}", !.wanted)]
    Attribute {
        /// Which key.
        key: &'static str,
        /// The attribute.
        attribute: KeyAttribute,
        /// What it must be.
        wanted: bool,
    },
    /// What came with the statement is not what it says.
    #[error("{member} is not what the {statement} says: it is {found}, and the {statement} says {stated}")]
    Differs {
        /// The statement.
        statement: &'static str,
        /// What differs, as the reference writes it.
        member: &'static str,
        /// What came.
        found: String,
        /// What the statement says.
        stated: String,
    },
    /// Not signed by whom it must be signed by, or not the statement that it is taken for.
    #[error("the {statement} is not to be trusted: {foreign}")]
    Foreign {
        /// The statement.
        statement: &'static str,
        /// What is wrong with it.
        foreign: Foreign,
    },
    /// Not a public key that statements are signed with.
    #[error("no public key that statements are signed with: {0}")]
    Key(String),
}

/// The statements, as they are called in messages.
pub(in crate::client) const ATTESTATION: &str = "attestation";
pub(in crate::client) const RECEIPT: &str = "receipt";

impl Untrusted {
    /// What to do about it, a sentence without a full stop.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent(ATTESTATION) => {
                "Do not wrap: get new parameters from a service that attests its wrapping keys, and save the whole answer as it is: keyferry get-parameters-for-import"
            }
            Self::Absent(_) => {
                "Save the whole answer of import-key-material as it is; repeated, the same request answers the same"
            }
            Self::Attribute { key: "wrapping key", .. } => {
                "Do not wrap: the wrapping key was not made in the token, or may leave it; ask whoever runs the service"
            }
            Self::Attribute { .. } => "Do not use the key: its material may leave the token; ask whoever runs the service",
            Self::Differs { statement: ATTESTATION, .. } => {
                "Do not wrap: the parameters were changed on their way, or put together from several answers; get new ones: keyferry get-parameters-for-import"
            }
            Self::Differs { .. } => {
                "Do not rely on it: the answer was changed on its way, or the receipt is of another import"
            }
            Self::Foreign { foreign: Foreign::OtherSigner(_) | Foreign::Signature | Foreign::Malformed(_), .. } => {
                "Do not rely on it: it was changed on its way, or is another installation's; trust another key only where it came from whoever runs the service, and not the way this came: keyferryd public-keys"
            }
            Self::Foreign { foreign: Foreign::Kind { .. }, .. } => {
                "Give the statement that belongs here: Attestation of get-parameters-for-import, Receipt of import-key-material"
            }
            Self::Foreign { foreign: Foreign::NoSigner, .. } | Self::Key(_) => {
                "Give the service's attestation public key as whoever runs it handed it over, PEM, DER or base64 of DER: keyferryd public-keys --only attestation"
            }
        }
    }
}
