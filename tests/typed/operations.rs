//! Each operation once through the typed client, with what it answers.

use keyferry::client::{Import, Key, NewKey};
use keyferry::clock::{Clock, SystemClock};
use keyferry::model::key::Family;
use keyferry::model::{
    Expiration, HostExposure, KeyMaterialId, KeySpec, KeyState, KeyUsage, Origin, WrappingAlgorithm, WrappingKeySpec,
};
use std::time::Duration;

use super::client;
use crate::harness::installation::ACCOUNT;
use crate::harness::{Daemon, Plaintext};

#[tokio::test]
async fn a_key_is_made_shown_changed_and_doomed() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let new =
        NewKey::external(KeySpec::EccNistP256).usage(KeyUsage::KeyAgreement).description("of the tests").multi_region();
    let made = client.create_key(&new).await.unwrap();
    let expected = Key {
        arn: format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{}", made.id),
        state: KeyState::PendingImport,
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::KeyAgreement,
        origin: Origin::External,
        description: "of the tests".to_owned(),
        deletion_at: None,
        expiration: None,
        multi_region: true,
        family: Some(Family { is_primary: true, primary: "us-east-1".to_owned(), replicas: vec![] }),
        algorithms: vec!["ECDH".to_owned()],
        material_id: None,
        proof: None,
        ..made.clone()
    };
    assert_eq!(made, expected);
    assert!(made.id.is_multi_region());
    assert!(SystemClock.now().as_millis() - made.created_at.as_millis() < 600_000);

    let id = made.id.as_str();
    client.update_key_description(id, "other words").await.unwrap();
    let described = client.describe_key(&made.arn).await.unwrap();
    assert_eq!(described, Key { description: "other words".to_owned(), ..made.clone() });

    let doomed = client.schedule_key_deletion(id, Some(7)).await.unwrap();
    assert_eq!((doomed.arn.as_str(), doomed.window_in_days), (made.arn.as_str(), 7));
    let described = client.describe_key(id).await.unwrap();
    assert_eq!((described.state, described.deletion_at), (KeyState::PendingDeletion, doomed.at));
    assert_eq!(client.cancel_key_deletion(id).await.unwrap(), made.arn);
    assert_eq!(client.describe_key(id).await.unwrap().state, KeyState::PendingImport);
}

#[tokio::test]
async fn a_key_of_the_tokens_own_is_disabled_enabled_and_shows_its_public_half() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let new = NewKey::generated(KeySpec::EccNistP256).usage(KeyUsage::SignVerify);
    let made = client.create_key(&new).await.unwrap();
    assert_eq!((made.state, made.origin, made.expiration), (KeyState::Enabled, Origin::AwsKms, None));
    let public = client.get_public_key(made.id.as_str()).await.unwrap();
    assert_eq!(Some(public.public_key), made.proof.unwrap().public_key);
    assert_eq!((public.arn, public.spec, public.usage), (made.arn, KeySpec::EccNistP256, KeyUsage::SignVerify));
    assert_eq!(public.algorithms, ["ECDSA_SHA_256"]);

    client.disable_key(made.id.as_str()).await.unwrap();
    assert_eq!(client.describe_key(made.id.as_str()).await.unwrap().state, KeyState::Disabled);
    client.enable_key(made.id.as_str()).await.unwrap();
    assert_eq!(client.describe_key(made.id.as_str()).await.unwrap().state, KeyState::Enabled);
}

#[tokio::test]
async fn keys_are_listed_by_the_page_and_all_at_once() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap());
    }
    let first = client.list_keys(Some(1), None).await.unwrap();
    let second = client.list_keys(Some(1), first.next_marker.as_deref()).await.unwrap();
    assert_eq!((first.keys.len(), second.keys.len()), (1, 1));
    assert!(first.keys[0].id < second.keys[0].id);
    let all = client.list_all_keys().await.unwrap();
    for key in made {
        assert!(all.iter().any(|listed| (&listed.id, &listed.arn) == (&key.id, &key.arn)), "{} is not listed", key.id);
    }
}

#[tokio::test]
async fn material_is_imported_with_an_end_and_taken_away() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap();
    let (algorithm, wrapping) = (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048);
    let set = client.get_parameters_for_import(key.id.as_str(), algorithm, wrapping).await.unwrap();
    assert_eq!((set.key_id.as_str(), set.key_spec), (key.arn.as_str(), KeySpec::SymmetricDefault));
    assert_eq!((set.wrapping_algorithm, set.wrapping_key_spec), (algorithm, wrapping));
    assert!(set.parameters_valid_to > SystemClock.now() && set.host_exposure.is_some());

    let material = Plaintext::aes();
    let checked = keyferry::wrap::material(material.kind, &material.bytes).unwrap();
    let wrapped = set.wrap(&checked, SystemClock.now()).unwrap();
    let fingerprint = KeyMaterialId::parse(&material.fingerprint(key.id.as_str())).unwrap();
    assert_eq!(wrapped.key_material_id, fingerprint);
    assert_eq!(wrapped.kcv.map(|kcv| base16ct::lower::encode_string(&kcv)), material.kcv());

    let end = Expiration::At(SystemClock.now().after(Duration::from_secs(3600)));
    let import = Import::new(&set, wrapped.blob.clone(), end).description("first");
    let imported = client.import_key_material(&import).await.unwrap();
    wrapped.confirm(&imported).unwrap();
    assert_eq!((imported.arn.as_str(), imported.proof.kcv), (key.arn.as_str(), wrapped.kcv));
    assert_eq!(Some(imported.proof.host_exposure), set.host_exposure);
    assert_eq!(client.import_key_material(&import).await.unwrap(), imported, "the identical request");

    let described = client.describe_key(key.id.as_str()).await.unwrap();
    assert_eq!((described.state, described.expiration), (KeyState::Enabled, Some(end)));
    assert_eq!((described.material_id, described.proof), (Some(fingerprint), Some(imported.proof)));

    let deleted = client.delete_imported_key_material(key.id.as_str(), Some(fingerprint)).await.unwrap();
    assert_eq!((deleted.arn.as_str(), deleted.material_id), (key.arn.as_str(), Some(fingerprint)));
    let described = client.describe_key(key.id.as_str()).await.unwrap();
    assert_eq!((described.state, described.proof), (KeyState::PendingImport, None));
    assert_eq!(described.material_id, Some(fingerprint), "the key remembers what it had");
}

/// Other bytes travel under the set than were announced: as a thief of the connection, or a bug, would do it.
#[tokio::test]
async fn other_material_than_was_announced_is_told_loudly() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap();
    let (algorithm, wrapping) = (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048);
    let set = client.get_parameters_for_import(key.id.as_str(), algorithm, wrapping).await.unwrap();
    let (announced, other) = (Plaintext::aes(), Plaintext::aes());
    let checked = keyferry::wrap::material(announced.kind, &announced.bytes).unwrap();
    let wrapped = set.wrap(&checked, SystemClock.now()).unwrap();
    let import = Import::new(&set, other.wrap_simply(&set.public_key), Expiration::Never);
    let imported = client.import_key_material(&import).await.unwrap();
    let mismatch = wrapped.confirm(&imported).unwrap_err().to_string();
    let (given, found) = (announced.fingerprint(key.id.as_str()), other.fingerprint(key.id.as_str()));
    assert!(mismatch.starts_with("THE TOKEN HOLDS OTHER KEY MATERIAL THAN WAS WRAPPED: "), "{mismatch}");
    assert!(mismatch.contains(&given) && mismatch.contains(&found) && mismatch.contains(&key.arn), "{mismatch}");
}

#[tokio::test]
async fn service_and_token_say_what_they_are() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let info = client.get_server_info().await.unwrap();
    assert_eq!((info.account.as_str(), info.partition.as_str(), info.region.as_str()), (ACCOUNT, "aws", "us-east-1"));
    assert_eq!((info.store.as_str(), info.version.as_str()), ("sqlite", env!("CARGO_PKG_VERSION")));
    assert!(info.started_at <= SystemClock.now());
    let profile = client.get_token_profile().await.unwrap();
    assert_eq!((profile.label.as_str(), profile.host_assisted.as_str()), ("keyferry", "material"));
    let path = |spec, algorithm| {
        profile.paths.iter().find(|path| (path.key_spec, path.wrapping_algorithm) == (spec, algorithm)).unwrap()
    };
    // SoftHSM 2.6.1 knows OAEP with SHA-1 only.
    let (sha1, sha256) = (WrappingAlgorithm::RsaesOaepSha1, WrappingAlgorithm::RsaesOaepSha256);
    assert_eq!(path(KeySpec::SymmetricDefault, sha1).served, Some(HostExposure::Token));
    assert_eq!(path(KeySpec::SymmetricDefault, sha256).served, Some(HostExposure::HostMaterial));
    assert!(!path(KeySpec::SymmetricDefault, sha256).reason.is_empty());
}
