//! What the audit log says of uses: the encryption context and the material, and nothing that was plain or can be replayed.

use base64ct::{Base64, Encoding};
use keyferry::model::{Action, KeySpec, KeyUsage};
use keyferry::service::{Call, Caller, Entry};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decryption::decrypt;
use super::encryption::{context, encrypt};
use super::{House, known_key, macs, openssl, start, symmetric_key};

/// As a front lets somebody in.
fn enter(house: &House, action: Action) -> (Entry, Call) {
    let caller = Caller { name: Some("importer.test".to_owned()), ..Caller::default() };
    let mut entry = house.service.gate().begin(action, caller, Uuid::new_v4()).unwrap();
    let call = entry.admit(None).unwrap();
    (entry, call)
}

#[tokio::test]
async fn the_audit_log_has_the_context_and_the_material_and_never_what_was_plain() {
    let house = start("audited uses").await;
    let (key_id, material) = symmetric_key(&house).await;
    let (hmac, _) = known_key(&house, KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let plain = openssl::random(24);
    let (entry, encrypts) = enter(&house, Action::Encrypt);
    let request = encrypt(&key_id, &plain, context(&[("tenant", "7")]));
    let ciphertext = house.service.encrypt(&encrypts, request).await.unwrap().ciphertext;
    entry.end(None).await.unwrap();
    let (entry, decrypts) = enter(&house, Action::Decrypt);
    house.service.decrypt(&decrypts, decrypt(&ciphertext, None, context(&[("tenant", "7")]))).await.unwrap();
    entry.end(None).await.unwrap();
    let (entry, macs_it) = enter(&house, Action::GenerateMac);
    let mac = house.service.generate_mac(&macs_it, macs::ask(&hmac, "HMAC_SHA_256", &plain)).await.unwrap().mac;
    entry.end(None).await.unwrap();

    let log = house.audit_log();
    for bytes in [&plain, &mac, &ciphertext] {
        for written in [Base64::encode_string(bytes), openssl::hex(bytes), format!("{bytes:?}")] {
            assert!(!log.contains(&written), "{log}");
        }
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |name: &str| &lines.iter().find(|line| line["event"]["eventName"] == name).unwrap()["event"];
    for name in ["Encrypt", "Decrypt"] {
        assert_eq!(line(name)["requestParameters"]["encryptionContext"], json!({ "tenant": "7" }));
        assert_eq!(line(name)["additionalEventData"]["keyMaterialId"], material.fingerprint(&key_id), "{}", line(name));
        assert_eq!(line(name)["readOnly"], true);
    }
    assert_eq!(line("GenerateMac")["requestParameters"], json!({ "keyId": hmac, "macAlgorithm": "HMAC_SHA_256" }));
}
