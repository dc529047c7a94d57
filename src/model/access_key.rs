//! Access keys: how a caller without a certificate signs for a principal.

use super::Timestamp;

/// How every id begins: as the reference's do, so that those who search texts for lost secrets find these too.
const PREFIX: &str = "AKIA";

/// RFC 4648's base 32.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `AKIA` and sixteen letters of base 32.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// A fresh one.
    pub fn random() -> Self {
        let bytes = uuid::Uuid::new_v4().into_bytes();
        // Version and variant have their places in bytes 6 and 8: the rest is random, and ten of it are 16 letters.
        let random = bytes[..6].iter().chain(&bytes[9..13]).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let letter = |at: u32| char::from(LETTERS[(random >> (5 * at) & 31) as usize]);
        Self(PREFIX.chars().chain((0..16).map(letter)).collect())
    }

    /// The id that `text` is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.strip_prefix(PREFIX)?;
        (letters.len() == 16 && letters.bytes().all(|byte| LETTERS.contains(&byte))).then(|| Self(text.to_owned()))
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is on record of an access key. Its secret is not: the token derives it from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// What its holder signs as.
    pub id: AccessKeyId,
    /// Whom it stands for, as a certificate would name them.
    pub principal: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; absent where nobody has disabled or replaced it.
    pub ends_at: Option<Timestamp>,
    /// Which secret of those that this id could have.
    pub generation: u32,
}

impl AccessKey {
    /// Whether it holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// What its secret is derived from: a change to any of it is another secret, so that whoever can write the record can
    /// disable a key or enable it again, but not have it stand for somebody else.
    pub fn derivation(&self) -> String {
        let Self { id, principal, generation, created_at: _, ends_at: _ } = self;
        // The name comes last, because it alone could be anything.
        format!("keyferry/secret-access-key/v1\n{id}\n{generation}\n{principal}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_letters_that_begin_as_the_references_do() {
        for _ in 0..100 {
            let id = AccessKeyId::random();
            assert_eq!(AccessKeyId::parse(id.as_str()), Some(id.clone()));
            assert_ne!(AccessKeyId::random(), id);
        }
        assert!(AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").is_some());
        for other in
            ["", "AKIA", "AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLEE", "ASIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN8EXAMPLe"]
        {
            assert_eq!(AccessKeyId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_holds_until_it_ends() {
        let at = Timestamp::from_millis;
        let key = |ends_at| AccessKey {
            id: AccessKeyId::random(),
            principal: "importer.test".to_owned(),
            created_at: at(0),
            ends_at,
            generation: 1,
        };
        assert!(key(None).holds(at(i64::MAX)));
        let ending = key(Some(at(1000)));
        assert!(ending.holds(at(999)) && !ending.holds(at(1000)) && !ending.holds(at(1001)));
    }

    #[test]
    fn nothing_but_its_time_leaves_its_secret_as_it_is() {
        let id = AccessKeyId::random();
        let key = |principal: &str, generation, created_at| {
            let (principal, created_at) = (principal.to_owned(), Timestamp::from_millis(created_at));
            AccessKey { id: id.clone(), principal, created_at, ends_at: None, generation }.derivation()
        };
        assert_eq!(key("a", 1, 0), key("a", 1, 5));
        for other in [key("b", 1, 0), key("a", 2, 0), key("", 1, 0)] {
            assert_ne!(key("a", 1, 0), other);
        }
    }
}
