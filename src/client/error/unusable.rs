//! Why a set of parameters does not serve.

use crate::model::{KeySpec, Timestamp, WrappingKeySpec};

/// Why a set of parameters does not serve. Names the member as the reference writes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Not base64 of anything.
    #[error("{0} is no base64")]
    Base64(&'static str),
    /// Its time is over.
    #[error("the parameters ended at {}: get new parameters for import", .0.rfc3339().unwrap_or_else(|| "no time".to_owned()))]
    Expired(Timestamp),
    /// Not a saved answer at all.
    #[error("no saved answer of get-parameters-for-import: {0}")]
    Json(String),
    /// Not the name of a key.
    #[error("KeyId {0:?} is no key id or key ARN")]
    Key(String),
    /// A key that no material can be made for.
    #[error("key material of {0} is not supported")]
    KeySpec(KeySpec),
    /// A member that is needed.
    #[error("no saved answer of get-parameters-for-import: missing field `{0}`")]
    Missing(&'static str),
    /// Another wrapping key than the set says.
    #[error("PublicKey is not of the WrappingKeySpec {0}")]
    PublicKey(WrappingKeySpec),
    /// Not text, where it should be.
    #[error("{0} is no text")]
    Text(&'static str),
    /// Not a moment.
    #[error("ParametersValidTo {0} is no time")]
    Time(String),
    /// A name that this client does not know.
    #[error("{member} {name:?} is unknown")]
    Unknown {
        /// Where it stands.
        member: &'static str,
        /// The name.
        name: String,
    },
}
