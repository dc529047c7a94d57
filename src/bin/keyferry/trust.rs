//! The key that is trusted, from its file, and statements that are checked against it: `verify-receipt`, `verify-attestation`.

mod shown;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use base64ct::{Base64, Encoding};
use clap::Args;
use keyferry::client::{Trust, Untrusted};
use keyferry::model::KeyMaterialId;
use keyferry::statement::Receipt;
use serde_json::Value;

use crate::failure::{Failure, of_unread};
use crate::key_source::KeySource;
use crate::output::Printer;
use crate::settings::Settings;
use crate::{parameters, wrapping};

/// No answer that is read here is longer.
const MOST_BYTES: u64 = 256 * 1024;

#[derive(Args)]
pub(crate) struct VerifyAttestation {
    /// The service's attestation public key: PEM, DER or base64 of DER
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The saved answer of get-parameters-for-import
    #[arg(long, value_name = "FILE")]
    parameters: PathBuf,
}

#[derive(Args)]
pub(crate) struct VerifyReceipt {
    /// The service's attestation public key: PEM, DER or base64 of DER
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The saved answer of import-key-material, or the bytes of its Receipt; - is standard input
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// The id that the material must have, 64 hex digits, as keyferry wrap prints it
    #[arg(long, value_name = "HEX", value_parser = material_id, conflicts_with = "key_material")]
    key_material_id: Option<KeyMaterialId>,
    /// The key file whose material it must be, whatever its form
    #[arg(long, value_name = "FILE")]
    key_material: Option<PathBuf>,
    #[command(flatten)]
    source: KeySource,
}

fn material_id(text: &str) -> Result<KeyMaterialId, String> {
    KeyMaterialId::parse(text).ok_or_else(|| "expected 64 lower-case hex digits".to_owned())
}

impl From<Untrusted> for Failure {
    fn from(error: Untrusted) -> Self {
        Self::Local(anyhow!("{error}\n{}", error.remedy()))
    }
}

/// Reads the key that is trusted.
pub(crate) fn load(path: &Path) -> Result<Trust, Failure> {
    let file = read(path)?;
    Trust::read(&file).map_err(|error| Failure::Local(anyhow!("{}: {error}\n{}", path.display(), error.remedy())))
}

/// Prints what is attested of a wrapping key.
pub(crate) fn verify_attestation(command: &VerifyAttestation, settings: &Settings) -> Result<(), Failure> {
    let printer = Printer::new(settings, "VerifyAttestation")?;
    let trust = load(&command.trust)?;
    let set = parameters::load(&command.parameters)?;
    printer.answer(&shown::of_attestation(&set.verify(&trust)?, &trust))
}

/// Prints what a receipt says.
pub(crate) fn verify_receipt(command: &VerifyReceipt, settings: &Settings) -> Result<(), Failure> {
    let VerifyReceipt { trust, receipt, key_material_id, key_material, source } = command;
    let printer = Printer::new(settings, "VerifyReceipt")?;
    let trust = load(trust)?;
    let found = Found::read(receipt)?;
    let receipt = trust.receipt(&found.receipt)?;
    if let Some(arn) = &found.key_id {
        receipt.require_key(arn)?;
    }
    for id in [&found.fingerprint, key_material_id].into_iter().flatten() {
        receipt.require_material(id)?;
    }
    let mut shown = shown::of_receipt(&receipt, &trust);
    if let Some(path) = key_material {
        shown.insert("KeyFile".into(), of_key_file(&receipt, path, source)?.into());
    }
    printer.answer(&Value::Object(shown))
}

/// Checks that the receipt is of what a key file holds, and describes that.
fn of_key_file(receipt: &Receipt, path: &Path, source: &KeySource) -> Result<String, Failure> {
    let key = receipt.key_arn.rsplit_once(":key/").and_then(|(_, id)| keyferry::model::KeyId::parse(id));
    let key = key.ok_or_else(|| anyhow!("the receipt is of {:?}, which is no key ARN", receipt.key_arn))?;
    let file = source.open(path)?;
    let material = wrapping::material(&file, receipt.key_spec)?;
    receipt.require_material(&material.evidence().material_id(&key))?;
    Ok(file.description())
}

/// A receipt, and what came with it.
struct Found {
    receipt: Vec<u8>,
    key_id: Option<String>,
    fingerprint: Option<KeyMaterialId>,
}

impl Found {
    fn read(path: &Path) -> Result<Self, Failure> {
        let file = read(path)?;
        let Ok(answer) = serde_json::from_slice::<Value>(&file) else {
            return Ok(Self { receipt: file, key_id: None, fingerprint: None });
        };
        let text = |pointer| answer.pointer(pointer).and_then(Value::as_str);
        let wrong = |what| {
            anyhow!(
                "{}: {what}\nSave the whole answer of import-key-material as JSON, or the bytes of its Receipt",
                path.display()
            )
        };
        let receipt = text("/Receipt").ok_or_else(|| wrong("no saved answer of import-key-material: no Receipt"))?;
        let receipt = Base64::decode_vec(receipt).map_err(|_| wrong("Receipt is no base64"))?;
        let fingerprint = text("/KeyMaterialProof/Fingerprint").or_else(|| text("/KeyMaterialId"));
        let fingerprint = fingerprint.map(|id| KeyMaterialId::parse(id).ok_or_else(|| wrong("KeyMaterialId is no id")));
        Ok(Self { receipt, key_id: text("/KeyId").map(str::to_owned), fingerprint: fingerprint.transpose()? })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().take(MOST_BYTES + 1).read_to_end(&mut bytes),
        _ => std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
    };
    let read = read.and_then(|length| match length as u64 > MOST_BYTES {
        true => Err(std::io::ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    });
    read.map_err(|error| of_unread(path, &error))
}
