//! `keyferry import KEYFILE`: the whole walk, from a key file to a key that has it.

mod course;
mod valid_to;

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use keyferry::client::walk::{Choice, Plan, Target, Walk};
use keyferry::client::{Client, NewKey};
use keyferry::model::{Expiration, KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::wrap::{self, KeyFile};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::key_source::{self, KeySource};
use crate::output::{Printer, complain};
use crate::settings::Settings;
use crate::verb;
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
    /// Import even where the key has this very material already
    #[arg(long)]
    again: bool,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source: KeySource,
}

fn usages() -> impl TypedValueParser<Value = KeyUsage> {
    PossibleValuesParser::new(KeyUsage::ALL.iter().map(|usage| usage.as_str())).try_map(|name| name.parse())
}

fn wrapping_key_specs() -> impl TypedValueParser<Value = WrappingKeySpec> {
    let supported = WrappingKeySpec::ALL.iter().filter(|spec| spec.modulus_bytes().is_some());
    PossibleValuesParser::new(supported.map(|spec| spec.as_str())).try_map(|name| name.parse())
}

/// Walks, or shows the way.
pub(crate) async fn run(command: Import, settings: &Settings) -> Result<(), Failure> {
    let printer = Printer::new(settings, "Import")?;
    let file = command.source.open(&command.key_file)?;
    let description = file.description();
    let walk = command.walk(&file)?;
    let client = settings.connect().await?;
    if command.dry_run {
        return printer.answer(&dry_run(&walk, &client, &file).await?);
    }
    let mut course = Course::new(settings.color, &description);
    let outcome = walk.run(&client, |kind| file.material(kind), |progress| course.tell(&progress)).await;
    let outcome = outcome.map_err(|error| {
        if let Some(key) = course.made() {
            complain(&format!("The key {} was made and has no material yet: go on with --key-id {}\n", key.arn, key.id));
        }
        Failure::of(course.operation(), error)
    })?;
    course.end(&outcome);

    let mut shown = Map::from_iter([("KeyId".to_owned(), Value::from(outcome.key.arn.as_str()))]);
    shown.insert("KeyMaterialId".into(), outcome.key_material_id.to_string().into());
    shown.extend(outcome.kcv.map(|kcv| ("KeyCheckValue".to_owned(), base16ct::lower::encode_string(&kcv).into())));
    shown.insert("KeyFile".into(), description.into());
    shown.insert("Imported".into(), outcome.imported.is_some().into());
    shown.extend(outcome.imported.iter().flat_map(of_choice));
    let described = verb::describe_key(outcome.key.id.as_str(), &client).await?;
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
        Ok(if self.again { walk.again() } else { walk })
    }

    fn new_key(&self, file: &KeyFile) -> Result<NewKey, Failure> {
        let spec = match self.key_spec.or_else(|| file.specs().first().copied()) {
            Some(spec) => spec,
            // Says what it is, and what would fit.
            None => return Err(anyhow::anyhow!("the key file is {}, which no key spec takes", file.description()).into()),
        };
        // A key is not made for material that does not fit it.
        material(file, spec).map_err(anyhow::Error::from)?;
        let mut key = NewKey::external(spec);
        if let Some(usage) = self.key_usage {
            key = key.usage(usage);
        }
        Ok(match &self.description {
            Some(description) => key.description(description),
            None => key,
        })
    }
}

fn material(file: &KeyFile, spec: KeySpec) -> Result<wrap::Material, wrap::Error> {
    match spec.material() {
        Some(kind) => file.material(kind),
        None => Err(wrap::Error::Empty),
    }
}

async fn dry_run(walk: &Walk, client: &Client, file: &KeyFile) -> Result<Value, Failure> {
    let Plan { key, spec, usage, choice, otherwise } =
        walk.plan(client).await.map_err(|error| Failure::of("Import", error))?;
    let material = material(file, spec).map_err(anyhow::Error::from)?;
    let mut shown = Map::new();
    if let Some(key) = key {
        shown.insert("KeyId".into(), key.arn.into());
        shown.insert("KeyMaterialId".into(), material.evidence().material_id(&key.id).to_string().into());
    }
    shown.insert("KeyFile".into(), file.description().into());
    shown.insert("KeySpec".into(), spec.as_str().into());
    shown.insert("KeyUsage".into(), usage.as_str().into());
    shown.extend(of_choice(&choice));
    shown.insert("Reason".into(), choice.reason.into());
    let others = otherwise.iter().map(|other| Value::Object(of_choice(other).into_iter().collect())).collect();
    shown.insert("Otherwise".into(), Value::Array(others));
    Ok(Value::Object(shown))
}

fn of_choice(choice: &Choice) -> Vec<(String, Value)> {
    let exposure = choice.host_exposure.map(|exposure| ("HostExposure".to_owned(), exposure.as_str().into()));
    let ways = [
        ("WrappingAlgorithm".to_owned(), choice.wrapping_algorithm.as_str().into()),
        ("WrappingKeySpec".to_owned(), choice.wrapping_key_spec.as_str().into()),
    ];
    ways.into_iter().chain(exposure).collect()
}
