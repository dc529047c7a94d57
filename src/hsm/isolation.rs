//! Whether a token keeps what it is told to keep, found out by trying to get it out: keys of the session, sensitive and not
//! extractable, which nobody needs. What a token says of a key is not what it does: NSS says that a key is not extractable, and
//! wraps it out.

mod ways;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;

use super::prove::curve_params;
use super::session_object::SessionObject;
use super::{Error, Token, templates};
use crate::model::MaterialKind;
use crate::model::key_spec::Curve;

/// What came of trying to get keys out of the token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Everything that was tried.
    pub attempts: Vec<Attempt>,
    /// What became of keys that were unwrapped, in the order of trial.
    pub unwrapped: Vec<Unwrapped>,
}

/// One way out, tried on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which key, with its article.
    pub key: &'static str,
    /// What was done, as it is said of the key: `wrapped out by CKM_AES_KEY_WRAP`.
    pub way: String,
    /// How the token refused, or `None` where it did not.
    pub refusal: Option<String>,
}

/// What a token made of the template that a key was unwrapped with, which asked for it to be sensitive and not extractable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// Which key, with its article.
    pub key: &'static str,
    /// How it came out.
    pub hiding: Hiding,
}

/// How an unwrapped key came to be hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hiding {
    /// As the template said.
    AsAsked,
    /// The token ignored the template, and did what C_SetAttributeValue said.
    Afterwards,
    /// Not at all, and why not: such keys are destroyed and their import fails.
    Never(String),
}

/// A token that does not keep what it is told to keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the token is unfit to hold keys: {0}; take another one, for nothing that a service does can make up for it, and no setting permits it"
)]
pub struct Unfit(String);

impl Isolation {
    /// The ways out that worked.
    pub fn escapes(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| attempt.refusal.is_none())
    }

    /// Refuses a token that let a key out, or that no key could be made in to try.
    ///
    /// # Errors
    /// Where it is one; the message names each way out.
    pub fn require_fit(&self) -> Result<(), Unfit> {
        if self.attempts.is_empty() {
            return Err(Unfit("it makes no key whose isolation could be tried".to_owned()));
        }
        let (mut said, mut last) = (String::new(), None);
        for Attempt { key, way, refusal: _ } in self.escapes() {
            if last == Some(key) {
                said.push_str(", ");
            } else {
                let again = if said.is_empty() { "" } else { "; " };
                said.push_str(&format!("{again}{key} can be "));
            }
            said.push_str(way);
            last = Some(key);
        }
        if said.is_empty() { Ok(()) } else { Err(Unfit(said)) }
    }
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key, way, refusal } = self;
        match refusal {
            None => write!(f, "{key} can be {way}"),
            Some(refusal) => write!(f, "{key} cannot be {way} ({refusal})"),
        }
    }
}

impl std::fmt::Display for Unwrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key, hiding } = self;
        match hiding {
            Hiding::AsAsked => write!(f, "{key} is hidden as asked"),
            Hiding::Afterwards => write!(f, "{key} is hidden once it has been told again"),
            Hiding::Never(why) => write!(f, "{key} is not hidden, and its import is refused ({why})"),
        }
    }
}

/// The trial: what it is about so far, and the token.
pub(super) struct Trial<'t> {
    token: &'t Token,
    ways: ways::Ways<'t>,
    found: Isolation,
}

impl<'t> Trial<'t> {
    /// Begins with keys that the token makes.
    ///
    /// # Errors
    /// Where the token is gone.
    pub(super) fn begin(token: &'t Token) -> Result<Self, Error> {
        let mut trial = Self { token, ways: ways::Ways::of(token)?, found: Isolation::default() };
        if let Some(key) = made(token.spare_aes_key())? {
            trial.try_out("an AES key made in it", &key)?;
        }
        if let Some(key) = made(token.spare_ec_key())? {
            trial.try_out("an EC key made in it", &key)?;
        }
        Ok(trial)
    }

    /// Tries every way out of the token on this key, which is hidden by all that the token says.
    ///
    /// # Errors
    /// Where the token is gone.
    pub(super) fn try_out(&mut self, key: &'static str, object: &SessionObject<'_>) -> Result<(), Error> {
        for (way, refusal) in self.ways.try_on(object)? {
            self.found.attempts.push(Attempt { key, way, refusal });
        }
        Ok(())
    }

    /// Notes what the token made of the template of a key that was unwrapped, hides it where need be, and tries to get it out.
    ///
    /// # Errors
    /// Where the token is gone.
    pub(super) fn try_unwrapped(&mut self, key: &'static str, object: &SessionObject<'_>) -> Result<(), Error> {
        let hiding = match (self.token.require_hidden(object.handle, None), self.token.harden(object)) {
            (Err(gone @ Error::Gone(_)), _) | (_, Err(gone @ Error::Gone(_))) => return Err(gone),
            (Ok(()), _) => Hiding::AsAsked,
            (Err(_), Ok(())) => Hiding::Afterwards,
            (Err(_), Err(error)) => Hiding::Never(super::probe::explain(&error)),
        };
        let is_hidden = !matches!(hiding, Hiding::Never(_));
        self.found.unwrapped.push(Unwrapped { key, hiding });
        if is_hidden { self.try_out(key, object) } else { Ok(()) }
    }

    /// What was found.
    pub(super) fn end(self) -> Isolation {
        self.found
    }
}

impl Token {
    fn spare_aes_key(&self) -> Result<SessionObject<'_>, Error> {
        let mut template = templates::material_in_proof(MaterialKind::Aes256);
        template.push(Attribute::ValueLen(32.into()));
        Ok(SessionObject::new(self, self.session.generate_key(&Mechanism::AesKeyGen, &template)?))
    }

    fn spare_ec_key(&self) -> Result<SessionObject<'_>, Error> {
        let mut public = templates::public_half();
        public.push(Attribute::EcParams(curve_params(Curve::P256).to_vec()));
        let (public, private) =
            self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &templates::signing_key())?;
        let _public = SessionObject::new(self, public);
        Ok(SessionObject::new(self, private))
    }
}

/// A key to try, if the token makes one of its kind.
fn made<T>(key: Result<T, Error>) -> Result<Option<T>, Error> {
    match key {
        Ok(key) => Ok(Some(key)),
        Err(gone @ Error::Gone(_)) => Err(gone),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(refusal: Option<&str>) -> Attempt {
        Attempt { key: "an AES key", way: "wrapped out".to_owned(), refusal: refusal.map(str::to_owned) }
    }

    #[test]
    fn one_way_out_makes_a_token_unfit_and_so_does_having_tried_none() {
        let mut isolation = Isolation { attempts: vec![attempt(Some("KeyUnextractable"))], unwrapped: Vec::new() };
        assert_eq!(isolation.require_fit(), Ok(()));
        isolation.attempts.extend([attempt(None), Attempt { way: "read".to_owned(), ..attempt(None) }]);
        let said = isolation.require_fit().unwrap_err().to_string();
        assert!(said.starts_with("the token is unfit to hold keys: an AES key can be wrapped out, read; "), "{said}");
        Isolation::default().require_fit().unwrap_err();
    }
}
