//! The walk itself.

use super::choice::Choice;
use super::course::Course;
use super::plan::named;
use super::retry::Retry;
use super::{Plan, Progress, Step, Target, Walk};
use crate::client::connection::Client;
use crate::client::error::{Error, Local, Unusable};
use crate::client::imports::{Import, Imported};
use crate::client::key::Key;
use crate::client::keys::NewKey;
use crate::client::parameters::{Parameters, as_of};
use crate::model::{KeyMaterialId, MaterialKind, Origin};
use crate::wrap::{self, Material};

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The key, with the material in it.
    pub key: Key,
    /// Whether the walk made the key.
    pub made: bool,
    /// How the material came in; `None` where it was there already, and nothing was done.
    pub imported: Option<Choice>,
    /// The id of the material, computed from what was given and compared with what the service shows.
    pub key_material_id: KeyMaterialId,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
    /// The signed receipt of the import; `None` where nothing was done, or the service gives none.
    pub receipt: Option<Vec<u8>>,
}

impl Walk {
    /// Walks. `material` is asked once it is known what the key wants and before anything is changed; `progress` is told what goes
    /// on.
    ///
    /// # Errors
    /// As [`Walk::plan`]; where the material does not fit; where the key has other material; where the service refuses; where
    /// patience is over; [`Local::Mismatch`] where other material came in than was given; and [`Local::Untrusted`] where the
    /// attestation or the receipt does not verify, if it must.
    pub async fn run(
        &self,
        client: &Client,
        material: impl FnOnce(MaterialKind) -> Result<Material, wrap::Error> + Send,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Result<Outcome, Error> {
        let mut course = Course::new(client, Retry::new(self.patience), &mut progress);
        let plan = self.settle(&mut course).await?;
        self.carry_out(&mut course, plan, material).await
    }

    /// Does what was planned.
    pub(super) async fn carry_out(
        &self,
        course: &mut Course<'_>,
        plan: Plan,
        material: impl FnOnce(MaterialKind) -> Result<Material, wrap::Error> + Send,
    ) -> Result<Outcome, Error> {
        let client = course.client;
        let kind = plan.spec.material().ok_or(Unusable::KeySpec(plan.spec))?;
        // Before a key is made for material which proves not to fit.
        let material = as_of(plan.spec, &material(kind).map_err(Local::from)?)?;
        let kcv = material.kcv();
        if let (Some(key), true) = (&plan.key, self.is_done(&plan, &material)?) {
            let key_material_id = material.evidence().material_id(&key.id);
            return Ok(Outcome { key: key.clone(), made: false, imported: None, key_material_id, kcv, receipt: None });
        }
        let (key, made) = match (&plan.key, &self.target) {
            (Some(key), _) => (key.clone(), false),
            (None, Target::New(new)) => (make(course, &new.clone().usage(plan.usage)).await?, true),
            (None, Target::Existing(key_id)) => return Err(Local::Answer(format!("nothing of {key_id}")).into()),
        };
        let (choice, parameters) = parameters(course, &key, plan).await?;

        course.tell(Progress::Begins(Step::Wrap));
        if let Some(trust) = &self.trust {
            parameters.verify(trust).map_err(Local::from)?;
        }
        let wrapped = parameters.wrap(&material, self.clock.now())?;
        drop(material);
        course.tell(Progress::Ends(Step::Wrap));

        let request = Import::new(&parameters, wrapped.blob.clone(), self.expiration).encoded();
        let imported = course.step(Step::Import, Error::is_passing, || client.import_encoded(&request)).await?;
        wrapped.confirm(&imported)?;
        if let Some(trust) = &self.trust {
            trust.confirm(&imported).map_err(Local::from)?;
        }
        let shown = course.step(Step::Confirm, Error::is_passing, || client.describe_key(key.id.as_str())).await?;
        named(&shown, &key.arn)?;
        let missing = || Local::Answer(format!("the key {} without key material, after the import", key.arn));
        let proof = shown.proof.clone().ok_or_else(missing)?;
        wrapped.confirm(&Imported { arn: shown.arn.clone(), proof, receipt: None })?;
        let (key, receipt, key_material_id) = (shown, imported.receipt, wrapped.key_material_id);
        Ok(Outcome { key, made, imported: Some(choice), key_material_id, kcv, receipt })
    }

    /// Whether there is nothing to do: the key has this material in it, with the end that is wished for.
    ///
    /// # Errors
    /// [`Local::OtherMaterial`] where the key is bound to other material.
    pub fn is_done(&self, plan: &Plan, material: &Material) -> Result<bool, Local> {
        let Some(key) = &plan.key else { return Ok(false) };
        let given = material.evidence().material_id(&key.id);
        let there = key.proof.as_ref().map(|proof| proof.fingerprint);
        match there.or(key.material_id) {
            Some(has) if has != given => Err(Local::OtherMaterial { arn: key.arn.clone(), has, given }),
            _ => Ok(there.is_some() && key.expiration == Some(self.expiration) && !self.again),
        }
    }
}

/// Makes the key: again only where it is certain that nothing was done.
async fn make(course: &mut Course<'_>, new: &NewKey) -> Result<Key, Error> {
    let client = course.client;
    let nothing_was_done = |failure: &Error| match failure {
        Error::Connection(_) => failure.is_passing(),
        Error::Refused(refusal) => refusal.code == "ThrottlingException",
        _ => false,
    };
    let made = course.step(Step::Create, nothing_was_done, || client.create_key(new)).await;
    let key = made.map_err(|failure| match failure {
        unclear if unclear.is_passing() && !nothing_was_done(&unclear) => {
            Local::Unknown { spec: new.spec, cause: unclear.to_string() }.into()
        }
        clear => clear,
    })?;
    let found = (key.spec, Some(key.usage), key.origin);
    if found != (new.spec, new.usage, Origin::External) {
        let Key { arn, spec, usage, origin, .. } = &key;
        let asked = new.usage.map_or("", |usage| usage.as_str());
        return Err(Local::Answer(format!(
            "it made {arn} as {spec} for {usage} with the origin {origin}, and what was asked for is {} for {asked} with EXTERNAL",
            new.spec
        ))
        .into());
    }
    course.tell(Progress::Made(&key));
    Ok(key)
}

/// A set for the first choice that the service serves, and never by itself for one that exposes more than was planned. One that was lost on its way is asked for anew.
async fn parameters(course: &mut Course<'_>, key: &Key, plan: Plan) -> Result<(Choice, Parameters), Error> {
    let client = course.client;
    let mut choice = plan.choice;
    let mut otherwise = plan.otherwise.into_iter();
    loop {
        let Choice { wrapping_algorithm, wrapping_key_spec, .. } = choice;
        let ask = || client.get_parameters_for_import(key.id.as_str(), wrapping_algorithm, wrapping_key_spec);
        let refusal = match course.step(Step::Parameters, Error::is_passing, ask).await {
            Ok(set) => return belongs(&set, key, &choice).map(|()| (choice, set)),
            Err(Error::Refused(refusal)) if is_not_served(&refusal.code) => Error::Refused(refusal),
            Err(other) => return Err(other),
        };
        let Some(next) = otherwise.next() else { return Err(refusal) };
        course.tell(Progress::Refused(&choice, &refusal));
        if next.host_exposure > choice.host_exposure {
            let left =
                std::iter::once(next).chain(otherwise).map(|choice| choice.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Local::Exposing { refused: choice.to_string(), refusal: refusal.to_string(), left }.into());
        }
        choice = next;
    }
}

fn is_not_served(code: &str) -> bool {
    ["UnsupportedOperationException", "ValidationException"].contains(&code)
}

/// Checks that a set is what was asked for: material must not go where its owner was not told.
fn belongs(set: &Parameters, key: &Key, choice: &Choice) -> Result<(), Error> {
    let asked = (&key.id, key.spec, choice.wrapping_algorithm, choice.wrapping_key_spec);
    let found = (&set.key()?, set.key_spec, set.wrapping_algorithm, set.wrapping_key_spec);
    if found != asked || named(key, &set.key_id).is_err() {
        return Err(Local::Answer("parameters for something else than was asked for".to_owned()).into());
    }
    match (choice.host_exposure, set.host_exposure) {
        (None, _) => Ok(()),
        (Some(told), Some(found)) if found <= told => Ok(()),
        (Some(told), found) => {
            let found = found.map_or("unknown", |found| found.as_str());
            Err(Local::Answer(format!("parameters with host exposure {found}, and its profile says {told}")).into())
        }
    }
}
