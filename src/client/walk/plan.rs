//! What a walk would do. Nothing is changed by finding out.

use super::choice::{Choice, Fixed, choices};
use super::course::Course;
use super::retry::Retry;
use super::{Progress, Step, Target, Walk};
use crate::client::connection::Client;
use crate::client::error::{Error, Local};
use crate::client::key::Key;
use crate::client::operator::Path;
use crate::model::{KeySpec, KeyState, KeyUsage, Origin};

/// What a walk would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The key as it is; `None` where one is to be made.
    pub key: Option<Key>,
    /// Its spec, which says what the material must be.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// How the material is to be wrapped.
    pub choice: Choice,
    /// What else there is. It is tried in this order where the service refuses that, as long as it exposes no more.
    pub otherwise: Vec<Choice>,
}

impl Walk {
    /// Finds out what [`Walk::run`] would do.
    ///
    /// # Errors
    /// Where the walk cannot be done: the key takes no import, its usage is open, or nothing that fits is served.
    pub async fn plan(&self, client: &Client) -> Result<Plan, Error> {
        self.plan_telling(client, |_| {}).await
    }

    /// As [`Walk::plan`]; `progress` is told what goes on.
    ///
    /// # Errors
    /// As [`Walk::plan`].
    pub async fn plan_telling(&self, client: &Client, mut progress: impl FnMut(Progress<'_>) + Send) -> Result<Plan, Error> {
        self.settle(&mut Course::new(client, Retry::new(self.patience), &mut progress)).await
    }

    pub(super) async fn settle(&self, course: &mut Course<'_>) -> Result<Plan, Error> {
        let key = match &self.target {
            Target::Existing(key_id) => {
                let client = course.client;
                Some(course.step(Step::Describe, Error::is_passing, || client.describe_key(key_id)).await?)
            }
            Target::New(_) => None,
        };
        self.settle_on(course, key).await
    }

    /// The same, of a key that was looked at, where there is one.
    pub(super) async fn settle_on(&self, course: &mut Course<'_>, key: Option<Key>) -> Result<Plan, Error> {
        let (spec, usage) = match (&self.target, &key) {
            (Target::Existing(key_id), Some(key)) => {
                named(key, key_id)?;
                importable(key)?;
                (key.spec, key.usage)
            }
            (Target::Existing(key_id), None) => return Err(Local::Answer(format!("nothing of {key_id}")).into()),
            (Target::New(new), _) => (new.spec, usage(new.spec, new.usage)?),
        };
        let paths = served(course).await?;
        let fixed = Fixed { algorithm: self.algorithm, wrapping: self.wrapping };
        let mut otherwise = choices(spec, fixed, &paths)?;
        let plan = Plan { key, spec, usage, choice: otherwise.remove(0), otherwise };
        course.tell(Progress::Planned(&plan));
        Ok(plan)
    }
}

/// What the service says that it serves; nothing where it does not say.
async fn served(course: &mut Course<'_>) -> Result<Vec<Path>, Error> {
    let client = course.client;
    match course.step(Step::Profile, Error::is_passing, || client.get_token_profile()).await {
        Ok(profile) => Ok(profile.paths),
        Err(Error::Refused(refusal)) if !refusal.is_passing() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Checks that a key is the one that was asked for by this id or ARN: material must not go where its owner did not mean it to.
pub(super) fn named(key: &Key, asked: &str) -> Result<(), Local> {
    let is_it = if asked.contains(":key/") { key.arn == asked } else { key.id.as_str() == asked };
    if is_it { Ok(()) } else { Err(Local::Answer(format!("the key {}, and what was asked for is {asked}", key.arn))) }
}

fn importable(key: &Key) -> Result<(), Local> {
    let why = match (key.origin, key.state) {
        (Origin::External, KeyState::PendingDeletion) => "it is pending deletion".to_owned(),
        (Origin::External, KeyState::PendingReplicaDeletion) => "it is pending replica deletion".to_owned(),
        (Origin::External, KeyState::Creating) => "it is just being made".to_owned(),
        (Origin::External, KeyState::Updating) => "another Region is becoming its primary".to_owned(),
        (Origin::External, _) => return Ok(()),
        (origin, _) => format!("its origin is {origin}, and only EXTERNAL keys wait for material"),
    };
    Err(Local::Unimportable { arn: key.arn.clone(), why })
}

fn usage(spec: KeySpec, asked: Option<KeyUsage>) -> Result<KeyUsage, Local> {
    match (asked, spec.usages()) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(Local::UsageOpen { spec }),
        (Some(usage), _) => Ok(spec.usage(Some(usage))?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_that_the_spec_leaves_open_must_be_said() {
        assert_eq!(usage(KeySpec::Hmac256, None), Ok(KeyUsage::GenerateVerifyMac));
        assert_eq!(usage(KeySpec::Rsa2048, Some(KeyUsage::SignVerify)), Ok(KeyUsage::SignVerify));
        #[rustfmt::skip]
        let open = [
            (KeySpec::Rsa3072,     "a key of RSA_3072 is for ENCRYPT_DECRYPT or SIGN_VERIFY: say which"),
            (KeySpec::EccNistP384, "a key of ECC_NIST_P384 is for SIGN_VERIFY or KEY_AGREEMENT: say which"),
        ];
        for (spec, message) in open {
            assert_eq!(usage(spec, None).unwrap_err().to_string(), message);
        }
        assert_eq!(
            usage(KeySpec::Hmac256, Some(KeyUsage::SignVerify)).unwrap_err().to_string(),
            "KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256"
        );
    }
}
