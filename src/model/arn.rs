//! How keys are named: key ids and key ARNs, and what is said of those that name nothing.

use super::{AliasName, Invalid, invalid};

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(String);

impl Account {
    /// The account of twelve decimal digits that `text` is.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A UUID, or `mrk-` and 32 hex digits for a multi-Region key; lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// A fresh one.
    pub fn random(multi_region: bool) -> Self {
        let id = uuid::Uuid::new_v4();
        Self(if multi_region { format!("mrk-{}", id.simple()) } else { id.to_string() })
    }

    /// The key id that `text` is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let well_formed = match text.strip_prefix("mrk-") {
            Some(rest) => rest.len() == 32 && hex(rest),
            None => {
                let parts: Vec<&str> = text.split('-').collect();
                parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hex)
            }
        };
        well_formed.then(|| Self(text.to_owned()))
    }

    /// Whether it names a multi-Region key.
    pub fn is_multi_region(&self) -> bool {
        self.0.starts_with("mrk-")
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `arn:<partition>:kms:<region>:<account>:key/<key id>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyArn(String);

impl KeyArn {
    /// The ARN itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyArn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The partition and region that this service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// For example `aws`.
    pub partition: String,
    /// For example `us-east-1`.
    pub region: String,
}

/// Which identifiers an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRef {
    /// Key ids and key ARNs: the import family and what changes keys.
    IdOrArn,
    /// Aliases as well.
    IdArnOrAlias,
}

/// What an identifier stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A key, which may not be there.
    Key(KeyId),
    /// Whatever key the alias is of, if there is such an alias.
    Alias(AliasName),
}

/// Why an identifier names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Too short or too long.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Begins like an ARN and is none of a key (InvalidArnException).
    #[error("{0}")]
    InvalidArn(String),
    /// Names nothing here (NotFoundException).
    #[error("{0}")]
    NotFound(String),
}

impl Realm {
    /// Whether `text` is the name of a Region: `^([a-z]+-){2,3}\d+$` (KMS API Reference, ReplicateKey).
    pub fn is_region(text: &str) -> bool {
        let Some((words, number)) = text.rsplit_once('-') else { return false };
        let words: Vec<&str> = words.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        (2..=3).contains(&words.len())
            && words.iter().all(is_word)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    }

    /// The ARN of a key.
    pub fn arn(&self, account: &Account, id: &KeyId) -> KeyArn {
        KeyArn(format!("arn:{}:kms:{}:{account}:key/{id}", self.partition, self.region))
    }

    /// What is said of a key that does not exist: its ARN, whatever it was asked for by.
    pub fn absent(&self, account: &Account, id: &KeyId) -> Unresolved {
        Unresolved::NotFound(format!("Key '{}' does not exist", self.arn(account, id)))
    }

    /// The ARN of an alias.
    pub fn alias_arn(&self, account: &Account, alias: impl std::fmt::Display) -> String {
        format!("arn:{}:kms:{}:{account}:{alias}", self.partition, self.region)
    }

    /// What is said of an alias that does not exist.
    pub fn no_alias(&self, account: &Account, alias: impl std::fmt::Display) -> Unresolved {
        Unresolved::NotFound(format!("Alias {} is not found.", self.alias_arn(account, alias)))
    }

    /// What `text` stands for in a request of `account`: an alias only where it `takes` one.
    ///
    /// # Errors
    /// Where it stands for nothing. Another account's key or alias reads exactly as an absent one.
    pub fn resolve(&self, text: String, account: &Account, takes: KeyRef) -> Result<Named, Unresolved> {
        let text = invalid::text("keyId", text, 1, 2048)?;
        if text.starts_with("arn:") {
            return self.resolve_arn(&text, account, takes);
        }
        if let (true, KeyRef::IdArnOrAlias) = (text.starts_with("alias/"), takes) {
            return AliasName::find(&text).map(Named::Alias).ok_or_else(|| self.no_alias(account, text));
        }
        KeyId::parse(&text).map(Named::Key).ok_or_else(|| Unresolved::NotFound(format!("Invalid keyId '{text}'")))
    }

    fn resolve_arn(&self, text: &str, account: &Account, takes: KeyRef) -> Result<Named, Unresolved> {
        let malformed = || Unresolved::InvalidArn(format!("Invalid arn {text}"));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, partition, "kms", region, owner, resource] = parts[..] else { return Err(malformed()) };
        if partition != self.partition {
            return Err(malformed());
        }
        if region != self.region {
            return Err(Unresolved::NotFound(format!("Invalid arn {region}")));
        }
        let owner = Account::parse(owner).ok_or_else(malformed)?;
        if let (true, KeyRef::IdArnOrAlias) = (resource.starts_with("alias/"), takes) {
            let ours = AliasName::find(resource).filter(|_| owner == *account);
            return ours.map(Named::Alias).ok_or_else(|| self.no_alias(&owner, resource));
        }
        let id = resource.strip_prefix("key/").ok_or_else(malformed)?;
        let id = KeyId::parse(id).ok_or_else(|| Unresolved::NotFound(format!("Invalid keyId '{id}'")))?;
        if owner != *account {
            return Err(self.absent(&owner, &id));
        }
        Ok(Named::Key(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn what_names_no_key_reads_as_the_reference_has_it() {
        let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
        let account = Account::parse("111122223333").unwrap();
        let not_found = |m: &str| Unresolved::NotFound(m.into());
        let invalid_arn = |m: &str| Unresolved::InvalidArn(m.into());
        #[rustfmt::skip]
        let cases = [
            ("fake-key-id".to_owned(),                             not_found("Invalid keyId 'fake-key-id'")),
            ("1234abcd12ab34cd56ef1234567890ab".to_owned(),        not_found("Invalid keyId '1234abcd12ab34cd56ef1234567890ab'")), // no dashes
            (ID.to_uppercase(),                                    not_found("Invalid keyId '1234ABCD-12AB-34CD-56EF-1234567890AB'")),
            ("alias/x".to_owned(),                                 not_found("Invalid keyId 'alias/x'")),
            (format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}"), not_found("Invalid arn eu-west-1")),
            (format!("arn:aws:kms:us-east-1:999999999999:key/{ID}"), not_found(&format!("Key 'arn:aws:kms:us-east-1:999999999999:key/{ID}' does not exist"))),
            ("arn:aws:kms:us-east-1:111122223333:key/x".to_owned(), not_found("Invalid keyId 'x'")),
            ("arn:aws:s3:::bucket".to_owned(),                     invalid_arn("Invalid arn arn:aws:s3:::bucket")),
            ("arn:aws:kms:us-east-1:12:key/x".to_owned(),          invalid_arn("Invalid arn arn:aws:kms:us-east-1:12:key/x")),
            ("arn:".to_owned(),                                    invalid_arn("Invalid arn arn:")),
        ];
        for (text, expected) in cases {
            assert_eq!(realm.resolve(text.clone(), &account, KeyRef::IdOrArn), Err(expected), "{text}");
        }
        assert!(matches!(realm.resolve(String::new(), &account, KeyRef::IdOrArn), Err(Unresolved::Invalid(_))));
        assert!(matches!(realm.resolve("x".repeat(2049), &account, KeyRef::IdOrArn), Err(Unresolved::Invalid(_))));
        #[rustfmt::skip]
        let aliases = [
            ("alias/x y",                                          "111122223333:alias/x y"),
            ("alias/",                                             "111122223333:alias/"),
            ("arn:aws:kms:us-east-1:999999999999:alias/x",         "999999999999:alias/x"), // may well be there, but is another's
        ];
        for (text, rest) in aliases {
            let absent = not_found(&format!("Alias arn:aws:kms:us-east-1:{rest} is not found."));
            assert_eq!(realm.resolve(text.into(), &account, KeyRef::IdArnOrAlias), Err(absent), "{text}");
        }
        let arn = "arn:aws:kms:us-east-1:111122223333:alias/x";
        assert_eq!(
            realm.resolve(arn.into(), &account, KeyRef::IdOrArn),
            Err(invalid_arn("Invalid arn arn:aws:kms:us-east-1:111122223333:alias/x"))
        );
    }

    #[test]
    fn an_alias_goes_by_its_name_and_by_its_arn_where_one_is_taken() {
        let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
        let account = Account::parse("111122223333").unwrap();
        let name = AliasName::find("alias/eu:billing/2026").unwrap();
        for text in ["alias/eu:billing/2026", "arn:aws:kms:us-east-1:111122223333:alias/eu:billing/2026"] {
            assert_eq!(realm.resolve(text.into(), &account, KeyRef::IdArnOrAlias), Ok(Named::Alias(name.clone())));
        }
    }

    #[test]
    fn a_key_goes_by_its_id_and_by_its_arn() {
        let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
        let account = Account::parse("111122223333").unwrap();
        for multi_region in [false, true] {
            let id = KeyId::random(multi_region);
            assert_eq!(id.is_multi_region(), multi_region);
            let arn = realm.arn(&account, &id).to_string();
            for text in [id.to_string(), arn] {
                assert_eq!(realm.resolve(text, &account, KeyRef::IdOrArn), Ok(Named::Key(id.clone())));
            }
        }
    }

    #[test]
    fn a_region_is_two_or_three_words_and_a_number() {
        for region in ["us-east-1", "ap-southeast-12", "us-gov-west-1"] {
            assert!(Realm::is_region(region), "{region}");
        }
        for other in ["", "us", "us-1", "us-east", "us-east-", "US-east-1", "a-b-c-d-1", "us--1", "us-east-1a", "us-e1st-1"]
        {
            assert!(!Realm::is_region(other), "{other}");
        }
    }
}
