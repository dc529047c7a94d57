//! `keyferry wrap`: a key file, wrapped where it is, with parameters fetched elsewhere, or for another service's public key.
//! Connects to nothing.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, ensure};
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, ValueEnum};
use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{KeySpec, WrappingAlgorithm};
use keyferry::wrap::{self, KeyFile, Material};
use serde_json::{Map, Value};

use crate::failure::{Failure, of_public_key, of_unread};
use crate::key_source::{self, KeySource};
use crate::output::Printer;
use crate::replace::{self, Identity};
use crate::settings::Settings;
use crate::{parameters, trust};

/// What the wrapped material is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The bytes, for import-key-material
    Raw,
    /// The key transfer file of Azure Key Vault, for its import
    Byok,
}

#[derive(Args)]
#[command(group = ArgGroup::new("wrapping-key").required(true).args(["parameters", "public_key"]))]
pub(crate) struct Wrap {
    /// The key file: raw, hexadecimal or base64 bytes, PEM or DER of a private key, JWK or OpenSSH; - is standard input
    #[arg(long, value_name = "FILE")]
    key_material: PathBuf,
    /// Where the wrapped material goes, for its owner alone to read; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The saved answer of get-parameters-for-import
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Wrap for no key but one that this service attests: its attestation public key, PEM, DER or base64 of DER
    #[arg(long, value_name = "FILE", conflicts_with = "public_key")]
    trust: Option<PathBuf>,
    /// What the wrapped material is written as
    #[arg(long, value_name = "FORM", default_value = "raw")]
    format: Form,
    #[command(flatten)]
    foreign: Foreign,
    #[command(flatten)]
    source: KeySource,
}

/// Wrapping for a key of somebody else's.
#[derive(Args)]
#[command(next_help_heading = "For another service")]
struct Foreign {
    /// The other service's RSA public key, PEM or DER
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// How to wrap with --public-key; byok has RSA_AES_KEY_WRAP_SHA_1
    #[arg(long, value_name = "NAME", value_parser = key_source::algorithms())]
    wrapping_algorithm: Option<WrappingAlgorithm>,
    /// What the key is to be, where its bytes leave it open: 32 bytes are SYMMETRIC_DEFAULT or HMAC_256
    #[arg(long, value_name = "NAME", value_parser = key_source::specs())]
    key_spec: Option<KeySpec>,
    /// The other service's name of the public key, a URL, for byok
    #[arg(long, value_name = "KID", value_parser = NonEmptyStringValueParser::new())]
    kid: Option<String>,
}

/// Wraps a key file into another file.
pub(crate) fn wrap(command: Wrap, settings: &Settings) -> Result<(), Failure> {
    if command.out.as_os_str() == "-" {
        return Err(Failure::usage("--out takes a file: standard output has the answer"));
    }
    refuse_to_replace(&command)?;
    let printer = Printer::new(settings, "Wrap")?;
    let (blob, mut shown) = match (&command.parameters, &command.foreign.public_key) {
        (Some(parameters), _) => for_keyferry(parameters, &command)?,
        (None, Some(public_key)) => for_another(public_key, &command)?,
        (None, None) => return Err(Failure::usage("give --parameters, or --public-key")),
    };
    replace::put(&command.out, &blob, 0o600).map_err(|error| {
        anyhow!("--out {}: {error}\nGive a file in a folder that is there and that you may write to", command.out.display())
    })?;
    shown.insert("EncryptedKeyMaterial".into(), command.out.display().to_string().into());
    printer.answer(&Value::Object(shown))
}

fn for_keyferry(path: &Path, command: &Wrap) -> Result<(Vec<u8>, Map<String, Value>), Failure> {
    if command.format == Form::Byok {
        return Err(Failure::usage(
            "--format byok is for the key of another service: give --public-key and --kid, not --parameters",
        ));
    }
    let Foreign { wrapping_algorithm, key_spec, kid, .. } = &command.foreign;
    if wrapping_algorithm.is_some() || key_spec.is_some() || kid.is_some() {
        return Err(Failure::usage(
            "--wrapping-algorithm, --key-spec and --kid go with --public-key: --parameters say it themselves",
        ));
    }
    let set = parameters::load(path)?;
    // What cannot be wrapped at all is said before the key file is opened and its passphrase asked for.
    if let Some(path) = &command.trust {
        set.verify(&trust::load(path)?)?;
    }
    let spec = set.check(SystemClock.now()).map_err(|error| Failure::of("Wrap", error))?;
    let file = command.source.open(&command.key_material)?;
    let material = material(&file, spec)?;
    let wrapped = set.wrap(&material, SystemClock.now()).map_err(|error| Failure::of("Wrap", error))?;
    let mut shown = Map::from_iter([("KeyMaterialId".to_owned(), Value::from(wrapped.key_material_id.to_string()))]);
    shown.extend(describe(&file, &material));
    Ok((wrapped.blob, shown))
}

fn for_another(path: &Path, command: &Wrap) -> Result<(Vec<u8>, Map<String, Value>), Failure> {
    let Foreign { wrapping_algorithm, key_spec, kid, .. } = &command.foreign;
    let byok = WrappingAlgorithm::RsaAesKeyWrapSha1;
    let (algorithm, kid) = match (command.format, wrapping_algorithm, kid) {
        (Form::Byok, Some(algorithm), _) if *algorithm != byok => {
            return Err(Failure::usage(format!("--format byok is wrapped with {byok}")));
        }
        (Form::Byok, _, Some(kid)) => (byok, Some(kid)),
        (Form::Byok, _, None) => return Err(Failure::usage("--format byok needs --kid, the URL of the public key")),
        (Form::Raw, Some(algorithm), None) => (*algorithm, None),
        (Form::Raw, _, Some(_)) => return Err(Failure::usage("--kid is for --format byok")),
        (Form::Raw, None, None) => return Err(Failure::usage("--public-key needs --wrapping-algorithm")),
    };
    let pem = std::fs::read(path).map_err(|error| of_unread(path, &error))?;
    let public_key = wrap::spki::from_pem_or_der(&pem).map_err(|error| of_public_key(path, &error))?;
    let file = command.source.open(&command.key_material)?;
    let spec = key_spec.or_else(|| file.specs().first().copied());
    let spec = spec.ok_or_else(|| key_source::of_no_spec(&file))?;
    let material = material(&file, spec)?;
    let blob = wrap::wrap(&public_key, algorithm, material.bytes()).map_err(|error| match error {
        wrap::Error::PublicKey(_) => of_public_key(path, &error),
        error => error.into(),
    })?;
    let mut shown = Map::from_iter([("KeySpec".to_owned(), Value::from(spec.as_str()))]);
    shown.extend(describe(&file, &material));
    Ok((kid.map_or(blob.clone(), |kid| wrap::byok(kid, &blob).into_bytes()), shown))
}

/// What the key file holds, as a key of `spec`.
pub(crate) fn material(file: &KeyFile, spec: KeySpec) -> Result<Material, Failure> {
    let kind = spec.material().ok_or_else(|| anyhow!("key material of {spec} is not supported"))?;
    Ok(file.material(kind)?)
}

/// What is said of a key file: what it is, and what its owner can compare.
fn describe(file: &KeyFile, material: &Material) -> Map<String, Value> {
    let kcv = material.kcv().map(|kcv| ("KeyCheckValue".to_owned(), Value::from(base16ct::lower::encode_string(&kcv))));
    kcv.into_iter().chain([("KeyFile".to_owned(), Value::from(file.description()))]).collect()
}

/// The one overwriting that could not be made good again, by whatever name.
fn refuse_to_replace(command: &Wrap) -> anyhow::Result<()> {
    let out = &command.out;
    let Some(there) = out.metadata().ok().filter(Metadata::is_file).as_ref().map(Identity::of) else { return Ok(()) };
    let mut sources = command.source.identities(&command.key_material);
    let named = [&command.parameters, &command.trust, &command.foreign.public_key].into_iter().flatten();
    sources.extend(named.filter_map(|path| path.metadata().ok()).map(|found| Identity::of(&found)));
    ensure!(
        !sources.contains(&there),
        "--out {} would replace what is to be read\nGive another file: --out FILE",
        out.display()
    );
    Ok(())
}
