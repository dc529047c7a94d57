//! New material of a multi-Region key: into the primary, then the same into every replica, then its turn.

use keyferry::proto as pb;
use pb::KeyMaterialState::{Current, NonCurrent, PendingMultiRegionImportAndRotation, PendingRotation};

use super::EVERYWHERE;
use super::world::{ASIA, EUROPE, HOME, World, decrypts, encrypt, import, rotate, rotations};
use crate::call;
use crate::harness::Plaintext;

#[tokio::test]
async fn new_material_takes_its_turn_in_all_regions_once_it_is_in_all_of_them() {
    let world = World::of(&EVERYWHERE).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let [home, europe, asia] = [world.client(HOME).await, world.client(EUROPE).await, world.client(ASIA).await];
    let before = encrypt(&asia, &key).await.unwrap();
    let next = Plaintext::aes();
    import(&europe, &key, &next, pb::ImportType::NewKeyMaterial)
        .await
        .unwrap_err()
        .assert_is("UnsupportedOperationException", "new material comes in through the primary");
    import(&home, &key, &next, pb::ImportType::NewKeyMaterial).await.unwrap();
    for region in EVERYWHERE {
        world.until_newest(region, &key, PendingMultiRegionImportAndRotation).await;
    }
    rotate(&home, &key).await.unwrap_err().assert_is("KMSInvalidStateException", "it is in one Region only");
    import(&europe, &key, &Plaintext::aes(), pb::ImportType::ExistingKeyMaterial)
        .await
        .unwrap_err()
        .assert_is("IncorrectKeyMaterialException", "not what the primary has");
    for client in [&europe, &asia] {
        import(client, &key, &next, pb::ImportType::ExistingKeyMaterial).await.unwrap();
    }
    for region in EVERYWHERE {
        world.until_newest(region, &key, PendingRotation).await;
    }
    rotate(&asia, &key).await.unwrap_err().assert_is("UnsupportedOperationException", "a replica");
    rotate(&home, &key).await.unwrap();
    for region in EVERYWHERE {
        world.until_newest(region, &key, Current).await;
        let client = world.client(region).await;
        let all = rotations(&client, &key).await;
        assert_eq!([all[0].key_material_state(), all[1].key_material_state()], [NonCurrent, Current], "{region}");
        assert_eq!(all[1].rotation_date, rotations(&home, &key).await[1].rotation_date, "{region}");
        assert_eq!(client.describe(&key).await.current_key_material_id, next.fingerprint(&key), "{region}");
        assert!(decrypts(&client, &before).await, "{region} decrypts what was encrypted before");
    }
}

#[tokio::test]
async fn deleting_what_waits_in_the_primary_deletes_it_everywhere_and_in_a_replica_nowhere_else() {
    let world = World::of(&[HOME, EUROPE]).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let [home, europe] = [world.client(HOME).await, world.client(EUROPE).await];
    let next = Plaintext::aes();
    let delete = async |client: &crate::harness::Client| {
        let request =
            pb::DeleteImportedKeyMaterialRequest { key_id: key.clone(), key_material_id: Some(next.fingerprint(&key)) };
        call!(client.imports(), delete_imported_key_material, request).unwrap()
    };
    import(&home, &key, &next, pb::ImportType::NewKeyMaterial).await.unwrap();
    world.until_newest(EUROPE, &key, PendingMultiRegionImportAndRotation).await;
    import(&europe, &key, &next, pb::ImportType::ExistingKeyMaterial).await.unwrap();
    world.until_newest(HOME, &key, PendingRotation).await;
    delete(&europe).await;
    world.until_newest(HOME, &key, PendingMultiRegionImportAndRotation).await;
    assert_eq!(rotations(&home, &key).await[1].import_state(), pb::ImportState::Imported);
    import(&europe, &key, &next, pb::ImportType::ExistingKeyMaterial).await.unwrap();
    world.until_newest(HOME, &key, PendingRotation).await;
    delete(&home).await;
    world.until_newest(EUROPE, &key, Current).await;
    assert_eq!(rotations(&europe, &key).await.len(), 1);
    assert_eq!(europe.describe(&key).await.key_state(), pb::KeyState::Enabled);
}
