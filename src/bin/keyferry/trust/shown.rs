//! Statements as answers: members in the reference's way of naming.

use keyferry::client::Trust;
use keyferry::model::{KeyAttributes, Timestamp, TokenIdentity, UnwrapPath};
use keyferry::statement::{Receipt, WrappingKeyStatement};
use serde_json::{Map, Value};

/// What is attested of a wrapping key.
pub(super) fn of_attestation(statement: &WrappingKeyStatement, trust: &Trust) -> Value {
    let WrappingKeyStatement {
        installation,
        key_arn,
        issued_at,
        expires_at,
        wrapping_key,
        spki_hash,
        object,
        spec,
        algorithm,
        key_spec,
        path,
        token,
        attributes,
        vendor_hash,
    } = statement;
    let mut shown = Map::from_iter([
        member("KeyId", key_arn.as_str()),
        member("KeySpec", key_spec.as_str()),
        member("WrappingKeySpec", spec.as_str()),
        member("WrappingAlgorithm", algorithm.as_str()),
    ]);
    shown.extend(of_path(*path));
    shown.extend([
        time("IssuedAt", *issued_at),
        time("ParametersValidTo", *expires_at),
        member("WrappingKeyId", wrapping_key.to_string()),
        member("PublicKeySha256", hex(spki_hash)),
    ]);
    shown.extend(vendor_hash.map(|hash| member("VendorAttestationSha256", hex(&hash))));
    shown.extend([member("InstallationId", installation.to_string()), member("ObjectId", object.to_string())]);
    shown.extend(of_object(token, attributes, trust));
    Value::Object(shown)
}

/// What a receipt says.
pub(super) fn of_receipt(receipt: &Receipt, trust: &Trust) -> Map<String, Value> {
    let Receipt {
        installation,
        key_arn,
        imported_at,
        wrapping_key,
        object,
        key_spec,
        material,
        kcv,
        path,
        request,
        token,
        attributes,
    } = receipt;
    let mut shown = Map::from_iter([
        member("KeyId", key_arn.as_str()),
        member("KeyMaterialId", material.to_string()),
        member("KeySpec", key_spec.as_str()),
    ]);
    shown.extend(kcv.map(|kcv| member("KeyCheckValue", hex(&kcv))));
    shown.extend(of_path(*path));
    shown.extend([
        time("ImportedAt", *imported_at),
        member("WrappingKeyId", wrapping_key.to_string()),
        member("RequestDigest", hex(&request.0)),
        member("InstallationId", installation.to_string()),
        member("ObjectId", object.to_string()),
    ]);
    shown.extend(of_object(token, attributes, trust));
    shown
}

fn of_path(path: UnwrapPath) -> [(String, Value); 2] {
    [member("Path", path.as_str()), member("HostExposure", path.exposure().as_str())]
}

fn of_object(token: &TokenIdentity, attributes: &KeyAttributes, trust: &Trust) -> [(String, Value); 3] {
    let TokenIdentity { manufacturer, model, serial, firmware } = token;
    let token = [
        member("ManufacturerId", manufacturer.as_str()),
        member("Model", model.as_str()),
        member("SerialNumber", serial.as_str()),
        member("FirmwareVersion", firmware.as_str()),
    ];
    let attributes = attributes.all().map(|(attribute, yes)| member(attribute.as_str(), yes));
    [
        member("Token", Map::from_iter(token)),
        member("Attributes", attributes.collect::<Map<_, _>>()),
        member("SignedBy", hex(&trust.key_id())),
    ]
}

fn member(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

fn time(name: &str, moment: Timestamp) -> (String, Value) {
    member(name, moment.rfc3339())
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
