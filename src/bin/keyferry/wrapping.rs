//! `keyferry wrap`: key material, wrapped where it is, with parameters fetched elsewhere. Connects to nothing.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, anyhow, ensure};
use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{KeyId, KeySpec, Timestamp, WrappingAlgorithm, WrappingKeySpec};
use keyferry::wrap as offline;
use serde::Serialize;

use crate::arguments::Wrap;
use crate::failure::Failure;
use crate::output;
use crate::parameters::Parameters;

/// No file of one key is larger.
const MOST_BYTES: usize = 64 * 1024;

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
pub(crate) fn wrap(command: Wrap) -> Result<(), Failure> {
    let Wrap { parameters, key_material, out } = command;
    for source in [&parameters, &key_material] {
        refuse_to_replace(source, &out)?;
    }
    let set = Parameters::load(&parameters)?;
    let bytes = File::open(&key_material).and_then(|file| offline::Locked::read(file, MOST_BYTES));
    let bytes = bytes.with_context(|| key_material.display().to_string())?;
    let (blob, mut wrapped) = wrap_with(&set, &bytes, SystemClock.now())?;
    write(&out, &blob).with_context(|| out.display().to_string())?;
    wrapped.encrypted_key_material = out.display().to_string();
    Ok(output::answer(&wrapped)?)
}

fn wrap_with(set: &Parameters, bytes: &[u8], now: Timestamp) -> anyhow::Result<(Vec<u8>, Wrapped)> {
    let end = Timestamp::parse_rfc3339(&set.parameters_valid_to)
        .with_context(|| format!("ParametersValidTo {:?} is no time", set.parameters_valid_to))?;
    ensure!(now < end, "the parameters ended at {}: get new parameters for import", set.parameters_valid_to);
    let algorithm: WrappingAlgorithm = member("WrappingAlgorithm", &set.wrapping_algorithm)?;
    let wrapping: WrappingKeySpec = member("WrappingKeySpec", &set.wrapping_key_spec)?;
    let spec: KeySpec = member("KeySpec", &set.key_spec)?;
    offline::permit(algorithm, wrapping, spec)?;
    let kind = spec.material().ok_or_else(|| anyhow!("key material of {spec} is not supported"))?;
    let id = set.key_id.rsplit_once(":key/").map_or(set.key_id.as_str(), |(_, id)| id);
    let key = KeyId::parse(id).with_context(|| format!("KeyId {:?} is no key id or key ARN", set.key_id))?;

    let material = offline::KeyFile::open(bytes, offline::Format::Auto, &mut || None)?.material(kind)?;
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
