//! `keyferry wrap`: key material, wrapped where it is, with parameters fetched elsewhere. Connects to nothing.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, ensure};
use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{KeyId, KeySpec, MaterialKind, Timestamp, WrappingAlgorithm, WrappingKeySpec};
use keyferry::wrap as offline;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::Printer;
use crate::parameters::Parameters;
use crate::settings::Settings;

#[derive(clap::Args)]
pub(crate) struct Wrap {
    /// The saved answer of get-parameters-for-import
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: PathBuf,
    /// Raw bytes of a secret key; PKCS#8, DER or PEM, of a private key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_material: PathBuf,
    /// Where the wrapped material goes; what is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// What the owner of the material wants to know: the two values to compare after the import, and where the blob is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped {
    key_material_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_check_value: Option<String>,
    encrypted_key_material: String,
}

/// Wraps a file of key material into another file.
pub(crate) fn wrap(command: Wrap, settings: &Settings) -> Result<(), Failure> {
    let Wrap { parameters, key_material, out } = command;
    for source in [&parameters, &key_material] {
        refuse_to_replace(source, &out)?;
    }
    let set = Parameters::load(&parameters)?;
    let bytes = std::fs::read(&key_material).map(Zeroizing::new).with_context(|| key_material.display().to_string())?;
    let (blob, mut wrapped) = wrap_with(&set, &bytes, SystemClock.now())?;
    write(&out, &blob).with_context(|| out.display().to_string())?;
    wrapped.encrypted_key_material = out.display().to_string();
    Printer::new(settings, "Wrap")?.answer(&serde_json::to_value(&wrapped).map_err(anyhow::Error::from)?)
}

fn wrap_with(set: &Parameters, bytes: &[u8], now: Timestamp) -> anyhow::Result<(Vec<u8>, Wrapped)> {
    let end = Timestamp::parse_rfc3339(&set.parameters_valid_to)
        .with_context(|| format!("ParametersValidTo {:?} is no time", set.parameters_valid_to))?;
    ensure!(now < end, "the parameters ended at {}: get new parameters for import", set.parameters_valid_to);
    let algorithm: WrappingAlgorithm = member("WrappingAlgorithm", &set.wrapping_algorithm)?;
    let wrapping: WrappingKeySpec = member("WrappingKeySpec", &set.wrapping_key_spec)?;
    let spec: KeySpec = member("KeySpec", &set.key_spec)?;
    algorithm.permit(wrapping, spec)?;
    let kind = spec.material().ok_or_else(|| anyhow!("key material of {spec} is not supported"))?;
    let id = set.key_id.rsplit_once(":key/").map_or(set.key_id.as_str(), |(_, id)| id);
    let key = KeyId::parse(id).with_context(|| format!("KeyId {:?} is no key id or key ARN", set.key_id))?;

    let material = match kind {
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => offline::material(kind, bytes)?,
        MaterialKind::Rsa(_) | MaterialKind::Ec(_) => offline::material(kind, &offline::der_of(bytes)?)?,
    };
    let blob = offline::wrap(&set.public_key()?, algorithm, material.bytes())?;
    ensure!(algorithm.fits(wrapping, blob.len()), "PublicKey is not of the WrappingKeySpec {wrapping}");
    let wrapped = Wrapped {
        key_material_id: material.evidence().material_id(&key).to_string(),
        key_check_value: material.kcv().map(|kcv| base16ct::lower::encode_string(&kcv)),
        encrypted_key_material: String::new(),
    };
    Ok((blob, wrapped))
}

fn member<T: FromStr>(member: &str, name: &str) -> anyhow::Result<T> {
    name.parse().map_err(|_| anyhow!("{member} {name:?} is unknown"))
}

/// The one overwriting that could not be made good again.
fn refuse_to_replace(source: &Path, out: &Path) -> anyhow::Result<()> {
    let same = match (source.canonicalize(), out.canonicalize()) {
        (Ok(source), Ok(out)) => source == out,
        _ => false,
    };
    ensure!(!same, "--out {} would replace what is to be read", out.display());
    Ok(())
}

fn write(path: &Path, blob: &[u8]) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A file that was there keeps its mode through the opening.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    file.write_all(blob)?;
    file.flush()
}
