//! Signed statements over the real service: what they say is what the token says, and nobody else's are taken.

mod attestation;
mod keys;
mod receipt;
mod refused;

use std::process::Command;
use std::sync::Arc;

use keyferry::proto as pb;
use keyferry::statement::{Statement, Unsigned, key_id};
use keyferry::wrap::spki;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::Value;
use tonic::IntoRequest;

use crate::client::desk::{Desk, Run};
use crate::harness::token::Object;
use crate::harness::{Client, Daemon, Plaintext};

/// What `keyferry` needs to make sets that are cheap and unwrapped in the token.
const CHEAP: [&str; 4] = ["--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--wrapping-key-spec", "RSA_2048"];

/// A desk at this service, which has its key pinned in `trust.pem` and fresh AES material in `KEY`.
async fn desk(daemon: &Arc<Daemon>) -> (Desk, Plaintext) {
    let (desk, material) = (Desk::at(daemon), Plaintext::aes());
    desk.write("KEY", &material.bytes);
    desk.write("trust.pem", spki::pem(&server_info(&daemon.client().await).await.attestation_public_key).unwrap());
    (desk, material)
}

async fn server_info(client: &Client) -> pb::GetServerInfoResponse {
    let request = pb::GetServerInfoRequest {}.into_request();
    client.operator().get_server_info(request).await.unwrap().into_inner()
}

/// Creates a key and saves a set of parameters for it in `name`; returns the set and the key's id.
fn save_set(desk: &Desk, name: &str) -> (Value, String) {
    let key = desk.create(&["--origin", "EXTERNAL"]);
    (save_set_of(desk, name, &key), key)
}

fn save_set_of(desk: &Desk, name: &str, key: &str) -> Value {
    let set = desk.ok(&[&["get-parameters-for-import", "--key-id", key], &CHEAP[..]].concat());
    desk.write(name, &set);
    serde_json::from_str(&set).unwrap()
}

/// Wraps `KEY` under the set in `name`, for what is pinned.
fn wrap(desk: &Desk, name: &str) -> Run {
    let files = ["--parameters", name, "--trust", "trust.pem", "--key-material", "KEY", "--out", "blob.bin"];
    desk.run(&[&["wrap"], &files[..]].concat())
}

/// Wraps and imports under the set in `name`; the answer is in `answer.json`.
fn import(desk: &Desk, name: &str) -> Value {
    assert_eq!(wrap(desk, name).code, 0);
    let never = ["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
    let request =
        [&["import-key-material", "--parameters", name, "--encrypted-key-material", "fileb://blob.bin"], &never[..]]
            .concat();
    let answer = desk.ok(&request);
    desk.write("answer.json", &answer);
    serde_json::from_str(&answer).unwrap()
}

/// Signs as somebody who is not the token.
fn sign(statement: &impl Statement, seed: u8, signer: &[u8; 32]) -> Vec<u8> {
    let unsigned = Unsigned::new(statement, signer).unwrap();
    let signature: p256::ecdsa::Signature = private_key(seed).sign_prehash(&unsigned.to_be_signed()).unwrap();
    unsigned.with_signature(&signature.to_bytes().into()).unwrap()
}

fn private_key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public_key(seed: u8) -> Vec<u8> {
    let point = private_key(seed).verifying_key().to_sec1_point(false);
    spki::ec(keyferry::model::key_spec::Curve::P256, point.as_bytes()).unwrap()
}

fn signer(seed: u8) -> [u8; 32] {
    key_id(&public_key(seed))
}

/// Checks that what the client printed of an object's attributes is what the tests' own view of the token sees.
#[track_caller]
fn assert_agree(shown: &Value, objects: &[Object]) {
    let object = objects.iter().find(|object| object.id == shown["ObjectId"].as_str().unwrap()).unwrap();
    for (name, said) in shown["Attributes"].as_object().unwrap() {
        let flag = name.strip_prefix("CKA_").unwrap();
        let seen = object.set.iter().chain(&object.history).any(|set| set == flag);
        assert_eq!(said, seen, "{name} of {object:?}");
    }
}

/// What a command printed, which must have succeeded.
#[track_caller]
fn printed(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
