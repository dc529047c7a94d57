//! New material for a symmetric key that has some: it waits, one at a time.

use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext, Refusal};

async fn import(
    client: &Client,
    key: &pb::KeyMetadata,
    material: &Plaintext,
    import_type: pb::ImportType,
) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
    let set = client.some_parameters(&key.key_id).await;
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    client.import(pb::ImportKeyMaterialRequest { import_type: import_type.into(), ..request }).await
}

#[tokio::test]
async fn new_material_waits_for_its_rotation_and_only_one_does() {
    use pb::ImportType::{ExistingKeyMaterial, NewKeyMaterial};
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let [first, second, third] = [Plaintext::aes(), Plaintext::aes(), Plaintext::aes()];
    let [first_id, second_id, third_id] = [&first, &second, &third].map(|material| material.fingerprint(&key.key_id));
    assert_eq!(import(&client, &key, &first, NewKeyMaterial).await.unwrap().key_material_id, first_id);
    let current = client.describe(&key.key_id).await;
    assert_eq!(current.current_key_material_id, first_id);

    assert_eq!(import(&client, &key, &second, NewKeyMaterial).await.unwrap().key_material_id, second_id);
    assert_eq!(client.describe(&key.key_id).await, current, "what waits does not show");
    let message = format!(
        "New key material (id: {third_id}) cannot be imported into KMS key {}, because another key material (id: {second_id}) is pending rotation.",
        key.arn
    );
    let refusal = import(&client, &key, &third, NewKeyMaterial).await.unwrap_err();
    refusal.assert_says("KMSInvalidStateException", &message, "a second new one");
    assert_eq!(client.describe(&key.key_id).await, current);
    import(&client, &key, &second, ExistingKeyMaterial).await.expect("what waits is known");
    import(&client, &key, &first, ExistingKeyMaterial).await.expect("what is current is known");

    // What waits can be deleted and is forgotten; the key goes on.
    let request =
        pb::DeleteImportedKeyMaterialRequest { key_id: key.key_id.clone(), key_material_id: Some(second_id.clone()) };
    let deleted = call!(client.imports(), delete_imported_key_material, request).unwrap();
    assert_eq!(deleted.key_material_id, second_id);
    assert_eq!(client.describe(&key.key_id).await, current);
    let refusal = import(&client, &key, &second, ExistingKeyMaterial).await.unwrap_err();
    refusal.assert_is("IncorrectKeyMaterialException", "what was forgotten");
    import(&client, &key, &third, NewKeyMaterial).await.expect("there is room again");
}
