//! `keyferry import KEYFILE`: the whole walk, from a key file to a key that has it.

mod answer;
mod course;
mod lines;
mod regions;
mod remedy;
mod resume;
mod valid_to;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgMatches, Args};
use keyferry::client::walk::{Plan, Target, Walk};
use keyferry::client::{Client, NewKey};
use keyferry::model::{Expiration, KeySpec, KeyUsage, Realm, WrappingAlgorithm, WrappingKeySpec};
use keyferry::wrap::KeyFile;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::key_source::{self, KeySource};
use crate::output::Printer;
use crate::settings::Settings;
use crate::{trust, verb};
use course::Course;

#[derive(Args)]
pub(crate) struct Import {
    /// The key file, whatever its form; - is standard input
    #[arg(value_name = "KEYFILE")]
    key_file: PathBuf,
    /// The key that takes the material; where not given, one is made
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["key_spec", "key_usage", "description"])]
    key_id: Option<String>,
    /// The spec of the key that is made; what the key file is where not given, 32 bytes being SYMMETRIC_DEFAULT
    #[arg(long, value_name = "NAME", value_parser = key_source::specs())]
    key_spec: Option<KeySpec>,
    /// What the key that is made is for; must be said of RSA and of EC on NIST curves
    #[arg(long, value_name = "NAME", value_parser = usages())]
    key_usage: Option<KeyUsage>,
    /// Words that describe the key that is made
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How to wrap; what exposes least and is strongest where not given
    #[arg(long, value_name = "NAME", value_parser = key_source::algorithms())]
    wrapping_algorithm: Option<WrappingAlgorithm>,
    /// The kind of the wrapping key; the longest where not given
    #[arg(long, value_name = "NAME", value_parser = wrapping_key_specs())]
    wrapping_key_spec: Option<WrappingKeySpec>,
    /// When the material ends: RFC 3339, or how long from now, such as 90d or 12h; never where not given
    #[arg(long, value_name = "TIME", value_parser = valid_to::parse)]
    valid_to: Option<Expiration>,
    /// Wrap for no key but one that this service attests: its attestation public key, PEM, DER or base64 of DER
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Import into related multi-Region keys, one in each of these Regions, the primary's first. Each is reached through {region} in the endpoint URL, or as the profile says that is of the Region
    #[arg(long, value_name = "REGION,REGION", value_delimiter = ',', value_parser = region, conflicts_with = "trust")]
    regions: Vec<String>,
    /// Import even where the key has this very material already
    #[arg(long)]
    again: bool,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How long to go on where the service is away or busy, such as 5m; 60s where not given
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    patience: Option<Duration>,
    #[command(flatten)]
    source: KeySource,
}

fn usages() -> impl TypedValueParser<Value = KeyUsage> {
    PossibleValuesParser::new(KeyUsage::ALL.iter().map(|usage| usage.as_str())).try_map(|name| name.parse())
}

fn wrapping_key_specs() -> impl TypedValueParser<Value = WrappingKeySpec> {
    let supported = WrappingKeySpec::ALL.iter();
    PossibleValuesParser::new(supported.map(|spec| spec.as_str())).try_map(|name| name.parse())
}

fn region(name: &str) -> Result<String, String> {
    let is_one = Realm::is_region(name);
    is_one.then(|| name.to_owned()).ok_or_else(|| "expected Regions, such as us-east-1,eu-west-1".to_owned())
}

/// Walks, or shows the way.
pub(crate) async fn run(command: Import, given: &ArgMatches, globals: Globals) -> Result<(), Failure> {
    if !command.regions.is_empty() {
        return regions::run(&command, given, globals).await;
    }
    let settings = &Settings::new(globals)?;
    let printer = Printer::new(settings, "Import")?;
    let file = command.source.open(&command.key_file)?;
    let description = file.description();
    let walk = command.walk(&file)?;
    let client = settings.connect().await?;
    let mut course = Course::new(settings.color, &description);
    if command.dry_run {
        return printer.answer(&dry_run(&walk, &client, &file, &mut course).await?);
    }
    let outcome = walk.run(&client, |kind| file.material(kind), |progress| course.tell(&progress)).await;
    let outcome = outcome.map_err(|error| {
        course.fail();
        remedy::of_walk(&course, error)
    })?;
    course.end(&outcome);

    let id = outcome.key.id.as_str();
    let described = verb::describe_key(id, &client).await;
    let described = described.map_err(|failure| failure.noted(remedy::came_in(&outcome.key.arn, id)))?;
    let mut shown = answer::of_outcome(&outcome, &description);
    shown.extend(described.as_object().cloned().unwrap_or_default());
    printer.answer(&Value::Object(shown))
}

impl Import {
    fn walk(&self, file: &KeyFile) -> Result<Walk, Failure> {
        let target = match &self.key_id {
            Some(key_id) => Target::Existing(key_id.clone()),
            None => Target::New(self.new_key(file)?),
        };
        let mut walk = Walk::to(target).expiration(self.valid_to.unwrap_or(Expiration::Never));
        if let Some(algorithm) = self.wrapping_algorithm {
            walk = walk.wrapping_algorithm(algorithm);
        }
        if let Some(spec) = self.wrapping_key_spec {
            walk = walk.wrapping_key_spec(spec);
        }
        if let Some(patience) = self.patience {
            walk = walk.patience(patience);
        }
        if let Some(path) = &self.trust {
            walk = walk.trust(trust::load(path)?);
        }
        Ok(if self.again { walk.again() } else { walk })
    }

    fn new_key(&self, file: &KeyFile) -> Result<NewKey, Failure> {
        let Some(spec) = self.key_spec.or_else(|| file.specs().first().copied()) else {
            return Err(key_source::of_no_spec(file).into());
        };
        // A key is not made for material that does not fit it.
        if let Some(kind) = spec.material() {
            file.material(kind)?;
        }
        let key = NewKey::external(spec).usage(self.usage(spec)?);
        Ok(match &self.description {
            Some(description) => key.description(description),
            None => key,
        })
    }

    fn usage(&self, spec: KeySpec) -> Result<KeyUsage, Failure> {
        let usages = spec.usages();
        let what = match (self.key_usage, usages) {
            (None, [only]) => return Ok(*only),
            (Some(usage), _) if usages.contains(&usage) => return Ok(usage),
            (None, _) => "what it is to be for was not said".to_owned(),
            (Some(usage), _) => format!("{usage} is nothing that it can be for"),
        };
        let choices: Vec<String> = usages.iter().map(|usage| format!("--key-usage {usage}")).collect();
        Err(Failure::usage(format!("the key is to be of {spec}, and {what}\nSay {}", choices.join(" or "))))
    }
}

async fn dry_run(walk: &Walk, client: &Client, file: &KeyFile, course: &mut Course) -> Result<Value, Failure> {
    let plan = walk.plan_telling(client, |progress| course.tell(&progress)).await.map_err(|error| {
        course.fail();
        remedy::of_walk(course, error)
    })?;
    would_be(walk, plan, file, course).map(Value::Object)
}

/// What would be done with this plan.
fn would_be(walk: &Walk, plan: Plan, file: &KeyFile, course: &mut Course) -> Result<Map<String, Value>, Failure> {
    let material = crate::wrapping::material(file, plan.spec)?;
    let is_done = walk.is_done(&plan, &material).map_err(|error| remedy::of_walk(course, error.into()))?;
    if is_done {
        course.nothing_to_do();
    }
    Ok(answer::of_plan(plan, &material, &file.description(), is_done))
}
