//! Sets that are not what was attested: nothing is wrapped for them, and what is wrong is named.

use base64ct::{Base64, Encoding};
use keyferry::model::{KeyAttribute, KeyAttributes, MaterialKind, Timestamp};
use keyferry::statement::{WrappingKeyStatement, verify};
use keyferry::wrap::spki;
use serde_json::{Value, json};

use super::{desk, import, public_key, save_set, save_set_of, server_info, sign, signer, wrap};
use crate::client::desk::Desk;
use crate::harness::Daemon;
use crate::openssl;

/// Checks that nothing is wrapped under this set, and that this is said of it.
#[track_caller]
fn assert_refused(desk: &Desk, set: &Value, said: &str) {
    desk.write("changed.json", set.to_string());
    let run = wrap(desk, "changed.json");
    assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{said}");
    assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    assert!(
        run.stderr
            .trim()
            .lines()
            .nth(1)
            .is_some_and(|remedy| remedy.starts_with("Do not") || said.starts_with("the parameters ended")),
        "{}",
        run.stderr
    );
    assert!(!desk.path("blob.bin").exists(), "{said}: something was wrapped");
}

fn with(set: &Value, members: &[(&str, Value)]) -> Value {
    let mut set = set.clone();
    for (member, value) in members {
        set[*member] = value.clone();
    }
    set
}

#[tokio::test]
async fn a_set_that_was_changed_on_its_way_wraps_nothing() {
    let (desk, _) = desk(&Daemon::shared()).await;
    let (set, key) = save_set(&desk, "set.json");
    let (other, _) = save_set(&desk, "other.json");
    let second = save_set_of(&desk, "second.json", &key);
    let mallory = Base64::encode_string(&openssl::spki(&openssl::pkcs8(MaterialKind::Rsa(2048))));
    let of = |set: &Value, member: &str| set[member].clone();
    let differs = |member: &str| format!("{member} is not what the attestation says: it is ");
    #[rustfmt::skip]
    let cases = [
        // What the attestation is for in the first place.
        (with(&set, &[("PublicKey", json!(mallory))]),                        differs("SHA-256 of PublicKey")),
        (with(&set, &[("PublicKey", of(&second, "PublicKey"))]),              differs("SHA-256 of PublicKey")),
        (with(&set, &[("Attestation", of(&second, "Attestation"))]),          differs("SHA-256 of PublicKey")),
        (with(&set, &[("Attestation", of(&other, "Attestation"))]),           differs("KeyId")),
        // A whole set, attested, in the place of another key's.
        (with(&other, &[("KeyId", of(&set, "KeyId"))]),                       differs("KeyId")),
        (with(&set, &[("ParametersValidTo", json!("9999-01-01T00:00:00Z"))]), differs("ParametersValidTo")),
        (with(&set, &[("WrappingAlgorithm", json!("RSAES_OAEP_SHA_256"))]),   differs("WrappingAlgorithm")),
        (with(&set, &[("WrappingKeySpec", json!("RSA_3072"))]),               differs("WrappingKeySpec")),
        (with(&set, &[("KeySpec", json!("HMAC_256"))]),                       differs("KeySpec")),
        (with(&set, &[("HostExposure", json!("HOST_MATERIAL"))]),             differs("HostExposure")),
        (with(&set, &[("VendorAttestation", json!("AAAA"))]),                 differs("SHA-256 of VendorAttestation")),
        (with(&set, &[("Attestation", json!("AAAA"))]),                       "the attestation is not to be trusted: it is no signed statement".to_owned()),
        (with(&set, &[("Attestation", json!(""))]),                           "there is no attestation".to_owned()),
    ];
    for (changed, said) in cases {
        assert_refused(&desk, &changed, &said);
    }
    for (member, said) in [("Attestation", "there is no attestation"), ("HostExposure", "HostExposure is not what")] {
        let mut stripped = set.clone();
        stripped.as_object_mut().unwrap().remove(member);
        assert_refused(&desk, &stripped, said);
    }
    assert_eq!(wrap(&desk, "set.json").code, 0, "as it came it is taken");
}

#[tokio::test]
async fn a_statement_that_another_key_signed_is_refused_whatever_name_it_has() {
    let daemon = Daemon::shared();
    let (desk, _) = desk(&daemon).await;
    let (set, _) = save_set(&desk, "set.json");
    let pinned = server_info(&daemon.client().await).await.attestation_public_key;
    let attestation = Base64::decode_vec(set["Attestation"].as_str().unwrap()).unwrap();
    let mut statement: WrappingKeyStatement = verify(&attestation, &pinned).unwrap();
    let mallory = openssl::spki(&openssl::pkcs8(MaterialKind::Rsa(2048)));
    statement.spki_hash = openssl::run(desk.folder(), "dgst -sha256 -binary", &mallory).try_into().unwrap();
    let forged = |signer: &[u8; 32]| {
        let attestation = Base64::encode_string(&sign(&statement, 9, signer));
        with(&set, &[("PublicKey", json!(Base64::encode_string(&mallory))), ("Attestation", json!(attestation))])
    };
    assert_refused(&desk, &forged(&signer(9)), "the attestation is not to be trusted: it is signed by another key, ");
    let named_as_pinned = forged(&keyferry::statement::key_id(&pinned));
    assert_refused(&desk, &named_as_pinned, "the attestation is not to be trusted: its signature is not the signer's");
    // The receipt of an import, which the same key signs.
    save_set(&desk, "another.json");
    let receipt = import(&desk, "another.json")["Receipt"].clone();
    std::fs::remove_file(desk.path("blob.bin")).unwrap();
    desk.write("changed.json", with(&set, &[("Attestation", receipt)]).to_string());
    let run = wrap(&desk, "changed.json");
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("it is application/keyferry-receipt+cwt, and not "), "{}", run.stderr);
    assert!(!desk.path("blob.bin").exists());
}

/// Of a token that is none: its key is pinned, and signs whatever it is asked to.
#[tokio::test]
async fn a_wrapping_key_that_is_not_hard_or_whose_time_is_over_wraps_nothing_although_it_is_attested() {
    let daemon = Daemon::shared();
    let (desk, _) = desk(&daemon).await;
    let (set, _) = save_set(&desk, "set.json");
    let real = server_info(&daemon.client().await).await.attestation_public_key;
    let statement: WrappingKeyStatement =
        verify(&Base64::decode_vec(set["Attestation"].as_str().unwrap()).unwrap(), &real).unwrap();
    desk.write("trust.pem", spki::pem(&public_key(9)).unwrap());
    let signed = |statement: &WrappingKeyStatement| {
        with(&set, &[("Attestation", json!(Base64::encode_string(&sign(statement, 9, &signer(9)))))])
    };
    use KeyAttribute::{AlwaysSensitive, Extractable, Local, NeverExtractable, Sensitive};
    for wrong in [Local, Sensitive, AlwaysSensitive, NeverExtractable, Extractable] {
        let attributes = KeyAttributes::of(|attribute| Some(statement.attributes.has(attribute) != (attribute == wrong)));
        let must = wrong != Extractable;
        let said = format!("the token says of the wrapping key that {wrong} is {}, and it must be {must}", !must);
        assert_refused(&desk, &signed(&WrappingKeyStatement { attributes, ..statement.clone() }), &said);
    }
    let over = signed(&WrappingKeyStatement { expires_at: Timestamp::from_millis(1_000_000_000_000), ..statement.clone() });
    let over = with(&over, &[("ParametersValidTo", json!("2001-09-09T01:46:40Z"))]);
    assert_refused(&desk, &over, "the parameters ended at 2001-09-09T01:46:40Z");
    desk.write("changed.json", signed(&statement).to_string());
    assert_eq!(wrap(&desk, "changed.json").code, 0, "nothing else was wrong");
}

#[tokio::test]
async fn an_import_for_another_key_than_is_pinned_ends_before_anything_is_wrapped() {
    let (desk, _) = desk(&Daemon::shared()).await;
    let key = desk.create(&["--origin", "EXTERNAL"]);
    let import = [&["import", "KEY", "--key-id", &key, "--trust", "trust.pem"], &super::CHEAP[..]].concat();
    desk.write("right.pem", std::fs::read(desk.path("trust.pem")).unwrap());
    desk.write("trust.pem", spki::pem(&public_key(9)).unwrap());
    let run = desk.run(&import);
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("the attestation is not to be trusted: it is signed by another key"), "{}", run.stderr);
    assert_eq!(desk.query("KeyMetadata.KeyState", &["describe-key", "--key-id", &key]), "PendingImport");
    desk.write("trust.pem", std::fs::read(desk.path("right.pem")).unwrap());
    let shown: Value = serde_json::from_str(&desk.ok(&import)).unwrap();
    desk.write("answer.json", shown.to_string());
    desk.ok(&["verify-receipt", "--trust", "trust.pem", "--receipt", "answer.json", "--key-material", "KEY"]);
}

#[tokio::test]
async fn what_is_no_key_to_trust_is_refused_before_anything_is_read_of_the_material() {
    let (desk, _) = desk(&Daemon::shared()).await;
    save_set(&desk, "set.json");
    desk.write("trust.pem", spki::pem(&openssl::spki(&openssl::pkcs8(MaterialKind::Rsa(2048)))).unwrap());
    let run = wrap(&desk, "set.json");
    assert_eq!(run.code, 255);
    assert!(
        run.stderr.contains("trust.pem: no public key that statements are signed with: expected an EC public key on P-256"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("keyferryd public-keys --only attestation"), "{}", run.stderr);
}
