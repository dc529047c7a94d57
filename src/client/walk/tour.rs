//! One material for related keys in several Regions: that of the primary key first, then, one after the other, those of its replicas.
//!
//! What is done is not done again: a replica that is there is not made, and a key that has the material is left alone. So what broke
//! off is completed by another tour to the same key. Nothing goes to a key that is not related to the one it began with.

use super::course::Course;
use super::retry::Retry;
use super::{Outcome, Plan, Progress, Step, Target, Walk};
use crate::client::connection::Client;
use crate::client::error::{Error, Local};
use crate::client::key::Key;
use crate::client::keys::{NewKey, Replica};
use crate::model::{KeyState, MaterialKind};
use crate::wrap::{self, Material};

/// An import into one Region after the other.
#[derive(Debug)]
pub struct Tour {
    walk: Walk,
    primary: Option<Primary>,
}

/// The key that the others are replicas of.
#[derive(Debug)]
struct Primary {
    region: String,
    client: Client,
    key: Key,
}

impl Tour {
    /// One that walks so in each Region, with as much patience in each. A key that is made is a multi-Region key.
    pub fn new(walk: Walk) -> Self {
        let target = match walk.target {
            Target::New(key) => Target::New(key.multi_region()),
            existing @ Target::Existing(_) => existing,
        };
        Self { walk: Walk { target, ..walk }, primary: None }
    }

    /// Walks in a Region, which the service behind `client` must be of. The first is that of the primary key; in each of the others a
    /// replica is made where there is none, waited for, and gets the same material. `material` and `progress` as in [`Walk::run`].
    ///
    /// # Errors
    /// As [`Walk::run`]; in the first Region [`Local::Replica`] and [`Local::Unimportable`] where the key is no primary, and in the
    /// others [`Local::NotYetThere`] where patience is over before the replica is there. The same Region can be visited again.
    pub async fn visit(
        &mut self,
        region: &str,
        client: &Client,
        material: impl FnOnce(MaterialKind) -> Result<Material, wrap::Error> + Send,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Result<Outcome, Error> {
        let mut course = Course::new(client, Retry::new(self.walk.patience), &mut progress);
        if let Some(primary) = &self.primary {
            let made = primary.replicate(&mut course, region).await?;
            let key = primary.replica(&mut course, region, is_coming).await?;
            let walk = self.walk_to(Target::Existing(key.arn.clone()));
            let plan = walk.settle_on(&mut course, Some(key)).await?;
            return Ok(Outcome { made, ..walk.carry_out(&mut course, plan, material).await? });
        }
        let plan = self.walk.settle(&mut course).await?;
        plan.key.iter().try_for_each(require_primary)?;
        let outcome = self.walk.carry_out(&mut course, plan, material).await?;
        let (region, client, key) = (region.to_owned(), client.clone(), outcome.key.clone());
        self.primary = Some(Primary { region, client, key });
        Ok(outcome)
    }

    /// Finds out what [`Tour::visit`] would do in a Region; `first` is what it would do in the first, and absent there. Where the plan
    /// has no key, one would be made.
    ///
    /// # Errors
    /// As [`Walk::plan`], and as [`Tour::visit`].
    pub async fn survey(
        &self,
        region: &str,
        client: &Client,
        first: Option<(&str, &Plan)>,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Result<Plan, Error> {
        let mut course = Course::new(client, Retry::new(self.walk.patience), &mut progress);
        let Some((home, first)) = first else {
            let plan = self.walk.settle(&mut course).await?;
            plan.key.iter().try_for_each(require_primary)?;
            return Ok(plan);
        };
        let replica = match &first.key {
            Some(key) if is_in(key, region) => {
                let primary = Primary { region: home.to_owned(), client: client.clone(), key: key.clone() };
                match primary.replica(&mut course, region, Error::is_passing).await {
                    Err(Error::Local(Local::NotYetThere { .. })) => None,
                    found => Some(found?),
                }
            }
            _ => None,
        };
        let target = match &replica {
            Some(key) => Target::Existing(key.arn.clone()),
            None => Target::New(NewKey::external(first.spec).usage(first.usage)),
        };
        self.walk_to(target).settle_on(&mut course, replica).await
    }

    fn walk_to(&self, target: Target) -> Walk {
        Walk { target, ..self.walk.clone() }
    }
}

impl Primary {
    /// Has a replica made where the primary knows of none; whether it was.
    async fn replicate(&self, course: &mut Course<'_>, region: &str) -> Result<bool, Error> {
        if is_in(&self.key, region) {
            return Ok(false);
        }
        let replica = Replica::in_region(region).description(&self.key.description);
        let id = self.key.id.as_str();
        match course.step(Step::Replicate, Error::is_passing, || self.client.replicate_key(id, &replica)).await {
            Ok(_creating) => Ok(true),
            // By an earlier try whose answer was lost, or by somebody else meanwhile.
            Err(Error::Refused(refusal)) if refusal.code == "AlreadyExistsException" => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The replica in a Region, seen there.
    async fn replica(&self, course: &mut Course<'_>, region: &str, may_repeat: fn(&Error) -> bool) -> Result<Key, Error> {
        let (client, arn) = (course.client, in_region(&self.key.arn, region));
        let look = || async {
            let not_yet = || Error::from(Local::NotYetThere { arn: arn.clone() });
            match client.describe_key(&arn).await {
                Ok(key) if key.state == KeyState::Creating => Err(not_yet()),
                Err(Error::Refused(refusal)) if refusal.code == "NotFoundException" => Err(not_yet()),
                seen => seen,
            }
        };
        let key = course.step(Step::Await, may_repeat, look).await?;
        match &key.family {
            Some(family) if !family.is_primary && family.primary == self.region => Ok(key),
            _ => {
                let why = format!("it is no replica of the key in {}", self.region);
                Err(Local::Unimportable { arn: key.arn, why }.into())
            }
        }
    }
}

/// Whether waiting may help: the replica is made as soon as its Region hears of it.
fn is_coming(failure: &Error) -> bool {
    failure.is_passing() || matches!(failure, Error::Local(Local::NotYetThere { .. }))
}

/// Whether the primary knows of a replica in this Region.
fn is_in(primary: &Key, region: &str) -> bool {
    primary.family.as_ref().is_some_and(|family| family.replicas.iter().any(|replica| replica == region))
}

fn require_primary(key: &Key) -> Result<(), Local> {
    let arn = key.arn.clone();
    match &key.family {
        Some(family) if family.is_primary => Ok(()),
        Some(family) => Err(Local::Replica { arn, primary: family.primary.clone() }),
        None => Err(Local::Unimportable { arn, why: "it is no multi-Region key, and has no replicas".to_owned() }),
    }
}

/// The ARN of a related key: all but the Region is the same (KMS Developer Guide, "Multi-Region keys").
fn in_region(arn: &str, region: &str) -> String {
    let part = |(at, part)| if at == 3 { region } else { part };
    arn.split(':').enumerate().map(part).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn related_keys_differ_in_the_region_alone() {
        let arn = |region: &str| format!("arn:aws:kms:{region}:111122223333:key/mrk-{}", "0".repeat(32));
        assert_eq!(in_region(&arn("us-east-1"), "ap-south-1"), arn("ap-south-1"));
    }
}
