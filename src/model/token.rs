//! What a token says of itself and of a key that it holds.

use std::collections::BTreeSet;

/// Which token it is, in its own words: CK_TOKEN_INFO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIdentity {
    /// manufacturerID.
    pub manufacturer: String,
    /// model.
    pub model: String,
    /// serialNumber.
    pub serial: String,
    /// firmwareVersion.
    pub firmware: String,
}

crate::named! {
    /// What a token says yes or no to, of a key (PKCS#11 v3.0 §4.7 to §4.10).
    pub enum KeyAttribute {
        /// Has been sensitive for as long as it exists.
        AlwaysSensitive = "CKA_ALWAYS_SENSITIVE",
        /// May decrypt.
        Decrypt = "CKA_DECRYPT",
        /// May agree on secrets.
        Derive = "CKA_DERIVE",
        /// May encrypt.
        Encrypt = "CKA_ENCRYPT",
        /// May leave the token, wrapped.
        Extractable = "CKA_EXTRACTABLE",
        /// Was made in the token.
        Local = "CKA_LOCAL",
        /// Has never been extractable.
        NeverExtractable = "CKA_NEVER_EXTRACTABLE",
        /// Is for those who are logged in.
        Private = "CKA_PRIVATE",
        /// Is shown to nobody.
        Sensitive = "CKA_SENSITIVE",
        /// May sign, or make MACs.
        Sign = "CKA_SIGN",
        /// Outlives the session.
        Token = "CKA_TOKEN",
        /// May unwrap.
        Unwrap = "CKA_UNWRAP",
        /// May verify.
        Verify = "CKA_VERIFY",
        /// May wrap.
        Wrap = "CKA_WRAP",
    }
}

/// The attributes that the token says yes to, of one key. What it does not say counts at its worst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttributes(BTreeSet<KeyAttribute>);

impl KeyAttributes {
    /// Those for which `answer` is yes; `None` is for what the token does not say.
    pub fn of(answer: impl Fn(KeyAttribute) -> Option<bool>) -> Self {
        let worst = |attribute| attribute == KeyAttribute::Extractable;
        let yes = KeyAttribute::ALL.iter().copied();
        Self(yes.filter(|attribute| answer(*attribute).unwrap_or_else(|| worst(*attribute))).collect())
    }

    /// Whether the token says yes.
    pub fn has(&self, attribute: KeyAttribute) -> bool {
        self.0.contains(&attribute)
    }

    /// Every attribute with its answer, in the order of their names.
    pub fn all(&self) -> impl Iterator<Item = (KeyAttribute, bool)> + use<'_> {
        KeyAttribute::ALL.iter().map(|attribute| (*attribute, self.has(*attribute)))
    }

    /// The first that is not as it is for a key that was made in the token and cannot leave it, and what it must be.
    pub fn flaw_of_local(&self) -> Option<(KeyAttribute, bool)> {
        self.flaw(&[
            KeyAttribute::Local,
            KeyAttribute::Sensitive,
            KeyAttribute::AlwaysSensitive,
            KeyAttribute::NeverExtractable,
        ])
    }

    /// The same for a key that came in from outside.
    pub fn flaw_of_imported(&self) -> Option<(KeyAttribute, bool)> {
        self.flaw(&[KeyAttribute::Sensitive])
    }

    fn flaw(&self, wanted: &[KeyAttribute]) -> Option<(KeyAttribute, bool)> {
        let missing = wanted.iter().find(|attribute| !self.has(**attribute)).map(|attribute| (*attribute, true));
        missing.or_else(|| self.has(KeyAttribute::Extractable).then_some((KeyAttribute::Extractable, false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_does_not_say_counts_at_its_worst() {
        let silent = KeyAttributes::of(|_| None);
        assert_eq!(silent.all().filter(|(_, yes)| *yes).collect::<Vec<_>>(), [(KeyAttribute::Extractable, true)]);
        assert_eq!(silent.flaw_of_local(), Some((KeyAttribute::Local, true)));
    }

    #[test]
    fn a_key_from_outside_need_not_have_been_hidden_always() {
        use KeyAttribute::{Extractable, Sensitive};
        let imported = KeyAttributes::of(|attribute| Some(attribute == Sensitive));
        assert_eq!(imported.flaw_of_imported(), None);
        let soft = KeyAttributes::of(|attribute| Some([Sensitive, Extractable].contains(&attribute)));
        assert_eq!(soft.flaw_of_imported(), Some((Extractable, false)));
    }
}
