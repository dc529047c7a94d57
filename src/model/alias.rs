//! Aliases: other names for keys, each account's own (KMS API Reference, "CreateAlias").

use super::invalid::{self, Invalid};
use super::{Account, KeyId, Timestamp};

/// How every alias begins.
const PREFIX: &str = "alias/";
/// How those begin that the reference keeps to itself.
const RESERVED: &str = "alias/aws/";
/// The longest name, in characters.
const LONGEST: usize = 256;

/// `alias/` and up to 250 characters of `[a-zA-Z0-9:/_-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(String);

impl AliasName {
    /// The name that an alias is to have.
    ///
    /// # Errors
    /// Where it is too long, has other characters, does not begin with `alias/`, or begins with `alias/aws/`.
    pub fn new(text: String) -> Result<Self, Invalid> {
        let refuse = |message: &str| Err(Invalid::new("aliasName", message));
        let text = invalid::text("aliasName", text, 1, LONGEST)?;
        let text = invalid::pattern("aliasName", text, fits, "^[a-zA-Z0-9:/_-]+$")?;
        if !text.starts_with(PREFIX) {
            return refuse(
                "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
            );
        }
        if text.starts_with(RESERVED) {
            return refuse("Alias must not start with the prefix \"alias/aws/\", which is reserved.");
        }
        if text == PREFIX {
            return refuse("Alias must have a name behind the prefix \"alias/\".");
        }
        Ok(Self(text))
    }

    /// The name that `text` is, if an alias could have it.
    pub fn find(text: &str) -> Option<Self> {
        Self::new(text.to_owned()).ok()
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || ":/_-".contains(c)
}

impl std::fmt::Display for AliasName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An alias's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Whose it is: the account of its key.
    pub account: Account,
    /// What it is called.
    pub name: AliasName,
    /// The key that it is of.
    pub key: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was given to its key.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_as_the_reference_wants_it() {
        let prefix = "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        let (long, longest) = (format!("alias/{}", "x".repeat(251)), format!("alias/{}", "x".repeat(250)));
        #[rustfmt::skip]
        let cases = [
            ("billing",         Some(prefix)),
            ("Alias/billing",   Some(prefix)),
            ("key/alias/x",     Some(prefix)),
            ("alias/aws/s3",    Some("which is reserved")),
            ("alias/",          Some("must have a name")),
            ("",                Some("Member must have length greater than or equal to 1")),
            (&long,             Some("Member must have length less than or equal to 256")),
            ("alias/x y",       Some("Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$")),
            ("alias/ü",         Some("Member must satisfy regular expression pattern")),
            ("alias/aws",       None),
            ("alias/a:b/c_d-E", None),
            (&longest,          None),
        ];
        for (text, said) in cases {
            let named = AliasName::new(text.to_owned());
            match said {
                Some(said) => assert!(named.unwrap_err().message.contains(said), "{text}"),
                None => assert_eq!(named.unwrap().as_str(), text),
            }
        }
    }
}
