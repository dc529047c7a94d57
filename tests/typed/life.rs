//! Tags, policy documents, aliases and rotations through the typed client.

use keyferry::client::{Client, Error, Import, NewKey};
use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{
    Expiration, ImportType, IncludeKeyMaterial, KeyMaterialId, KeySpec, Rotation, Tags, WrappingAlgorithm, WrappingKeySpec,
};

use super::client;
use crate::harness::{Daemon, Plaintext};

#[tokio::test]
async fn a_key_is_tagged_and_keeps_a_policy_document() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let policy = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}]}"#;
    let new = NewKey::external(KeySpec::SymmetricDefault).tag("team", "hsm");
    let key = client.create_key(&new).await.unwrap();
    let more = Tags::from([("team".to_owned(), "payments".to_owned()), ("cost".to_owned(), "7".to_owned())]);
    client.tag_resource(&key.arn, &more).await.unwrap();
    assert_eq!(client.list_resource_tags(&key.arn).await.unwrap(), more);
    client.untag_resource(&key.arn, &["cost", "absent"]).await.unwrap();
    assert_eq!(client.list_resource_tags(&key.arn).await.unwrap().len(), 1);

    let default = client.get_key_policy(&key.arn).await.unwrap();
    assert!(default.contains("key-default-1"), "{default}");
    client.put_key_policy(&key.arn, policy, true).await.unwrap();
    assert_eq!(client.get_key_policy(&key.arn).await.unwrap(), policy);
    assert_eq!(client.list_key_policies(&key.arn).await.unwrap(), ["default"]);
}

#[tokio::test]
async fn aliases_are_listed_to_the_last_of_them() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let [key, other] = [NewKey::external(KeySpec::SymmetricDefault), NewKey::external(KeySpec::SymmetricDefault)];
    let key = client.create_key(&key).await.unwrap();
    let other = client.create_key(&other).await.unwrap();
    let names: Vec<String> = (0..3).map(|number| format!("alias/typed/{}-{number}", key.id)).collect();
    for name in &names {
        client.create_alias(name, key.id.as_str()).await.unwrap();
    }
    client.update_alias(&names[1], &other.arn).await.unwrap();
    let listed = client.list_aliases(Some(&key.arn)).await.unwrap();
    assert_eq!(listed.iter().map(|alias| &alias.name).collect::<Vec<_>>(), [&names[0], &names[2]]);
    assert!(listed.iter().all(|alias| alias.target == key.id && alias.arn.ends_with(&alias.name)));
    let moved = client.list_aliases(Some(other.id.as_str())).await.unwrap();
    assert!(moved[0].updated_at >= moved[0].created_at);
    assert_eq!(client.describe_key(&names[1]).await.unwrap().id, other.id);
    for name in &names {
        client.delete_alias(name).await.unwrap();
    }
    assert!(!client.list_aliases(None).await.unwrap().iter().any(|alias| names.contains(&alias.name)));
}

async fn import(client: &Client, key_id: &str, words: &str) -> KeyMaterialId {
    let (algorithm, wrapping) = (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048);
    let set = client.get_parameters_for_import(key_id, algorithm, wrapping).await.unwrap();
    let material = Plaintext::aes();
    let material = keyferry::wrap::material(material.kind, &material.bytes).unwrap();
    let wrapped = set.wrap(&material, SystemClock.now()).unwrap();
    let import = Import::new(&set, wrapped.blob, Expiration::Never).import_type(ImportType::New).description(words);
    client.import_key_material(&import).await.unwrap().proof.fingerprint
}

#[tokio::test]
async fn material_takes_its_turn() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = client.create_key(&NewKey::external(KeySpec::SymmetricDefault)).await.unwrap();
    let key_id = key.id.as_str();
    let [first, second] = [import(&client, key_id, "one").await, import(&client, key_id, "two").await];
    let turns = async |include| client.list_key_rotations(key_id, include).await.unwrap();
    let all = turns(IncludeKeyMaterial::AllKeyMaterial).await;
    let shown = |turn: &keyferry::client::Turn| (turn.material_id, turn.rotation, turn.description.clone());
    assert_eq!(shown(&all[0]), (first, Rotation::Current, "one".to_owned()));
    assert_eq!(shown(&all[1]), (second, Rotation::PendingRotation, "two".to_owned()));
    assert_eq!((all[1].is_imported, all[1].expiration, all[1].rotated_at), (Some(true), Some(Expiration::Never), None));
    assert!(turns(IncludeKeyMaterial::RotationsOnly).await.is_empty());

    assert_eq!(client.rotate_key_on_demand(key_id).await.unwrap(), key.arn);
    let rotated = turns(IncludeKeyMaterial::RotationsOnly).await;
    assert_eq!((rotated.len(), shown(&rotated[0])), (1, (second, Rotation::Current, "two".to_owned())));
    assert!(rotated[0].rotated_at.is_some());
    assert!(!client.get_key_rotation_status(key_id).await.unwrap());
    let refused = [client.enable_key_rotation(key_id, Some(90)).await, client.disable_key_rotation(key_id).await];
    for refusal in refused {
        let Err(Error::Refused(refusal)) = refusal else { panic!("{refusal:?}") };
        assert_eq!(refusal.code, "UnsupportedOperationException");
    }
}
