//! Receipts of imports: kept, repeated byte for byte, and of nobody's material but what came in.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::statement::{Receipt, verify};
use serde_json::{Value, json};

use super::{assert_agree, desk, import, printed, save_set, server_info};
use crate::client::desk::{Desk, Run};
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::{Daemon, Installation, Plaintext, Settings, audit};

const VERIFY: [&str; 5] = ["verify-receipt", "--trust", "trust.pem", "--receipt", "answer.json"];

/// Checks that the receipt is refused, and that this is said of it.
#[track_caller]
fn assert_refused(run: &Run, said: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{said}");
    assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
}

#[tokio::test]
async fn what_a_receipt_says_of_the_material_is_what_the_token_shows() {
    let daemon = Arc::new(Daemon::start(Settings::default()));
    let (desk, material) = desk(&daemon).await;
    let (_, key) = save_set(&desk, "set.json");
    let answer = import(&desk, "set.json");
    let shown: Value = serde_json::from_str(&desk.ok(&[&VERIFY[..], &["--key-material", "KEY"]].concat())).unwrap();
    assert_eq!(shown["KeyId"], answer["KeyId"]);
    assert_eq!(shown["KeyMaterialId"], material.fingerprint(&key));
    assert_eq!(shown["KeyCheckValue"], material.kcv().unwrap());
    assert_eq!(shown["KeyFile"], "32 bytes");
    assert_eq!((&shown["Path"], &shown["HostExposure"]), (&json!("direct"), &json!("TOKEN")));
    assert_eq!((&shown["Attributes"]["CKA_SENSITIVE"], &shown["Attributes"]["CKA_LOCAL"]), (&json!(true), &json!(false)));
    let wrapping_key =
        desk.query("WrappingKeyId", &["verify-attestation", "--trust", "trust.pem", "--parameters", "set.json"]);
    assert_eq!(shown["WrappingKeyId"], wrapping_key);
    drop(desk);
    let installation = Arc::into_inner(daemon).unwrap().terminate();
    let keys = audit::Keys::from([(key, (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))]);
    assert_agree(&shown, &audit::assert_sound(&installation, &keys).await);
}

#[tokio::test]
async fn a_repeated_import_answers_the_same_receipt_also_after_a_restart() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let material = Plaintext::aes();
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    let first = client.import(request.clone()).await.unwrap();
    assert_eq!(client.import(request.clone()).await.unwrap(), first);
    let signer = server_info(&client).await.attestation_public_key;
    drop(client);
    let daemon = Daemon::serve(daemon.terminate(), &[]);
    let client = daemon.client().await;
    assert_eq!(client.import(request).await.unwrap(), first);
    assert_eq!(server_info(&client).await.attestation_public_key, signer, "the same key as before");
    let receipt: Receipt = verify(&first.receipt, &signer).unwrap();
    assert_eq!(receipt.material.to_string(), material.fingerprint(&key.key_id));
}

#[tokio::test]
async fn material_of_every_kind_has_its_receipt() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let signer = server_info(&client).await.attestation_public_key;
    for (spec, usage) in [
        (KeySpec::Hmac512, KeyUsage::GenerateVerifyMac),
        (KeySpec::EccNistP521, KeyUsage::KeyAgreement),
        (KeySpec::Rsa2048, KeyUsage::SignVerify),
    ] {
        let key = client.create_external(spec, usage).await;
        let algorithm = WrappingAlgorithm::RsaAesKeyWrapSha256;
        let algorithm = if spec == KeySpec::Hmac512 { WrappingAlgorithm::RsaesOaepSha256 } else { algorithm };
        let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa3072).await.unwrap();
        let material = Plaintext::for_spec(spec);
        let blob = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
        let answer = client.import(import_request(&set, blob)).await.unwrap();
        let receipt: Receipt = verify(&answer.receipt, &signer).unwrap();
        assert_eq!((receipt.key_spec, receipt.kcv), (spec, None));
        assert_eq!(receipt.material.to_string(), material.fingerprint(&key.key_id), "{spec}");
        assert_eq!(receipt.path.exposure().as_str(), set.host_exposure().as_str_name().trim_start_matches("HOST_EXPOSURE_"));
        assert_eq!(receipt.attributes.flaw_of_imported(), None);
    }
}

#[tokio::test]
async fn a_receipt_of_other_material_of_another_key_or_of_somebody_elses_is_refused() {
    let (desk, _) = desk(&Daemon::shared()).await;
    save_set(&desk, "set.json");
    let first = import(&desk, "set.json");
    save_set(&desk, "set.json");
    desk.write("KEY", Plaintext::aes().bytes);
    let second = import(&desk, "set.json");
    desk.write("OTHER", Plaintext::aes().bytes);
    desk.ok(&[&VERIFY[..], &["--key-material-id", second["KeyMaterialId"].as_str().unwrap()]].concat());

    let differs = |member: &str| format!("{member} is not what the receipt says: it is ");
    let other = [&VERIFY[..], &["--key-material", "OTHER"]].concat();
    assert_refused(&desk.run(&other), &differs("KeyMaterialId"));
    let other = [&VERIFY[..], &["--key-material-id", first["KeyMaterialId"].as_str().unwrap()]].concat();
    assert_refused(&desk.run(&other), &differs("KeyMaterialId"));
    for (member, said) in [("Receipt", differs("KeyId")), ("KeyId", differs("KeyId"))] {
        let mut swapped = second.clone();
        swapped[member] = first[member].clone();
        desk.write("answer.json", swapped.to_string());
        assert_refused(&desk.run(&VERIFY), &said);
    }
    let mut swapped = second.clone();
    swapped["KeyMaterialProof"] = first["KeyMaterialProof"].clone();
    desk.write("answer.json", swapped.to_string());
    assert_refused(&desk.run(&VERIFY), &differs("KeyMaterialId"));

    // As whoever moves to another installation would find it.
    desk.write("answer.json", second.to_string());
    let elsewhere = Installation::new(Settings::default());
    let mut public_keys = elsewhere.command("public-keys");
    public_keys.args(["--only", "attestation"]);
    desk.write("trust.pem", printed(public_keys));
    assert_refused(&desk.run(&VERIFY), "the receipt is not to be trusted: it is signed by another key, ");
}

#[tokio::test]
async fn a_receipt_is_taken_as_bytes_too_and_from_standard_input_and_no_bit_may_be_changed() {
    let (desk, _) = desk(&Daemon::shared()).await;
    save_set(&desk, "set.json");
    let answer = import(&desk, "set.json");
    let bytes = Base64::decode_vec(answer["Receipt"].as_str().unwrap()).unwrap();
    let shown = desk.ok(&VERIFY);
    desk.write("answer.json", &bytes);
    assert_eq!(desk.ok(&VERIFY), shown);
    assert_eq!(piped(&desk, &bytes).stdout, shown);
    for position in [0, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[position] ^= 4;
        assert_refused(&piped(&desk, &altered), "the receipt is not to be trusted: ");
    }
    assert_refused(&piped(&desk, b"{}"), "no saved answer of import-key-material: no Receipt");
    let attestation = std::fs::read(desk.path("set.json")).unwrap();
    let attestation = serde_json::from_slice::<Value>(&attestation).unwrap()["Attestation"].clone();
    let attestation = Base64::decode_vec(attestation.as_str().unwrap()).unwrap();
    assert_refused(&piped(&desk, &attestation), "it is application/keyferry-wrapping-key+cwt, and not ");
}

fn piped(desk: &Desk, input: &[u8]) -> Run {
    let mut command = desk.command(&["verify-receipt", "--trust", "trust.pem", "--receipt", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Run::of(child.wait_with_output().unwrap())
}
