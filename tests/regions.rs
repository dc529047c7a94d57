//! One key in three Regions: three installations of the real daemon, each with a token of its own, over mutual TLS.

mod away;
mod cli;
mod deletion;
pub mod killed;
mod permission;
mod refused;
mod rotation;
mod tour;
pub mod world;

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use serde_json::json;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{AccessKey, JsonClient, Plaintext};
use world::{
    ASIA, EUROPE, HOME, World, decrypts, encrypt, family, import, replicate, rotations, state, update_primary_region,
};

/// All three.
const EVERYWHERE: [&str; 3] = [HOME, EUROPE, ASIA];

#[tokio::test]
async fn the_same_material_is_imported_into_each_and_what_one_encrypts_the_others_decrypt() {
    let world = World::of(&EVERYWHERE).await;
    let material = Plaintext::aes();
    let primary = world.primary(&material).await;
    let key = primary.key_id.as_str();
    let home = world.client(HOME).await;
    for region in [EUROPE, ASIA] {
        let made = replicate(&home, key, region).await.unwrap();
        let shown = made.replica_key_metadata.unwrap();
        assert_eq!((shown.key_state(), shown.key_id.as_str()), (pb::KeyState::Creating, key));
        assert_eq!(shown.arn, format!("arn:aws:kms:{region}:{}:key/{key}", primary.aws_account_id));
        assert_eq!(made.replica_tags[0].tag_value, region);
        assert!(made.replica_policy.contains(&format!("{}:root", primary.aws_account_id)), "{}", made.replica_policy);
    }
    let replicas = vec![ASIA.to_owned(), EUROPE.to_owned()];
    for region in [EUROPE, ASIA] {
        let there = world.client(region).await;
        let shown = world.until(region, key, pb::KeyState::PendingImport, state).await;
        assert_eq!((shown.description.as_str(), shown.enabled), (format!("of {region}").as_str(), false));
        assert_eq!(family(shown), (pb::MultiRegionKeyType::Replica, HOME.to_owned(), replicas.clone()));
        let other = import(&there, key, &Plaintext::aes(), pb::ImportType::ExistingKeyMaterial).await;
        other.unwrap_err().assert_is("IncorrectKeyMaterialException", region);
        let new = import(&there, key, &material, pb::ImportType::NewKeyMaterial).await;
        new.unwrap_err().assert_is("UnsupportedOperationException", region);
        import(&there, key, &material, pb::ImportType::Unspecified).await.unwrap();
    }
    assert_eq!(family(home.describe(key).await), (pb::MultiRegionKeyType::Primary, HOME.to_owned(), replicas));
    for from in EVERYWHERE {
        let shown = world.until(from, key, pb::KeyState::Enabled, state).await;
        assert_eq!(shown.current_key_material_id, material.fingerprint(key), "{from}");
        let ciphertext = encrypt(&world.client(from).await, key).await.unwrap();
        for to in EVERYWHERE {
            assert!(decrypts(&world.client(to).await, &ciphertext).await, "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn keys_of_every_kind_have_replicas() {
    let world = World::of(&[HOME, EUROPE]).await;
    let (home, europe) = (world.client(HOME).await, world.client(EUROPE).await);
    for (spec, usage) in [
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        (KeySpec::EccNistP384, KeyUsage::SignVerify),
        (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
    ] {
        let material = Plaintext::for_spec(spec);
        let key = world::multi_region_key(&home, spec, usage, pb::Origin::External).await;
        let algorithm = keyferry::model::WrappingAlgorithm::RsaAesKeyWrapSha256;
        let brings = async |client: &crate::harness::Client, material: &Plaintext| {
            let algorithm =
                if spec == KeySpec::Hmac256 { keyferry::model::WrappingAlgorithm::RsaesOaepSha256 } else { algorithm };
            let set = client.parameters(&key, algorithm, keyferry::model::WrappingKeySpec::Rsa2048).await.unwrap();
            let ciphertext = material.wrap(crate::harness::material::Wrapper::OpenSsl, algorithm, &set.public_key);
            client.import(import_request(&set, ciphertext)).await
        };
        brings(&home, &material).await.unwrap();
        replicate(&home, &key, EUROPE).await.unwrap();
        world.until(EUROPE, &key, pb::KeyState::PendingImport, state).await;
        brings(&europe, &material).await.unwrap();
        let [here, there] = [home.describe(&key).await, europe.describe(&key).await].map(|shown| {
            let proof = shown.key_material_proof.unwrap();
            (shown.key_spec, shown.key_usage, proof.fingerprint, proof.public_key)
        });
        assert_eq!(here, there, "{spec}");
    }
}

#[tokio::test]
async fn another_region_becomes_the_primary_and_the_first_a_replica() {
    let world = World::of(&EVERYWHERE).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let home = world.client(HOME).await;
    update_primary_region(&home, &key, EUROPE).await.unwrap();
    for region in EVERYWHERE {
        let role = if region == EUROPE { pb::MultiRegionKeyType::Primary } else { pb::MultiRegionKeyType::Replica };
        let wanted = (role, EUROPE.to_owned(), vec![ASIA.to_owned(), HOME.to_owned()]);
        world.until(region, &key, wanted, family).await;
        assert_eq!(world.client(region).await.describe(&key).await.key_state(), pb::KeyState::Enabled, "{region}");
    }
    replicate(&home, &key, ASIA).await.unwrap_err().assert_says(
        "UnsupportedOperationException",
        &format!("{} is not a multi-region primary key.", home.describe(&key).await.arn),
        "a replica",
    );
    // And on to the third, and back to the first.
    update_primary_region(&world.client(EUROPE).await, &key, ASIA).await.unwrap();
    let is_primary = |key| family(key).0 == pb::MultiRegionKeyType::Primary;
    world.until(ASIA, &key, true, is_primary).await;
    for region in EVERYWHERE {
        world.until(region, &key, ASIA.to_owned(), |key| family(key).1).await;
    }
    update_primary_region(&world.client(ASIA).await, &key, HOME).await.unwrap();
    for region in EVERYWHERE {
        world.until(region, &key, HOME.to_owned(), |key| family(key).1).await;
    }
}

#[tokio::test]
async fn each_regions_material_ends_on_its_own() {
    let world = World::with_clock_control(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let key = world.everywhere(&material).await;
    let europe = world.client(EUROPE).await;
    let set = europe.some_parameters(&key).await;
    let soon = call!(europe.operator(), advance_clock, pb::AdvanceClockRequest { seconds: 1 }).unwrap().now.unwrap();
    let request = pb::ImportKeyMaterialRequest {
        expiration_model: pb::ExpirationModel::KeyMaterialExpires.into(),
        valid_to: Some(prost_types::Timestamp { seconds: soon.seconds + 3600, nanos: 0 }),
        ..import_request(&set, material.wrap_simply(&set.public_key))
    };
    europe.import(request).await.unwrap();
    call!(europe.operator(), advance_clock, pb::AdvanceClockRequest { seconds: 3601 }).unwrap();
    assert_eq!(europe.describe(&key).await.key_state(), pb::KeyState::PendingImport);
    let home = world.client(HOME).await;
    assert_eq!(home.describe(&key).await.key_state(), pb::KeyState::Enabled);
    assert_eq!(rotations(&home, &key).await[0].import_state(), pb::ImportState::Imported);
    import(&europe, &key, &material, pb::ImportType::Unspecified).await.unwrap();
    assert_eq!(europe.describe(&key).await.key_state(), pb::KeyState::Enabled);
}

#[tokio::test]
async fn the_json_front_replicates_and_moves_the_primary_as_well() {
    let world = World::of(&[HOME, EUROPE]).await;
    let material = Plaintext::aes();
    let primary = world.primary(&material).await;
    let key = primary.key_id.as_str();
    let daemon = world.daemon(HOME);
    let access_key = AccessKey::create(&daemon.installation, crate::harness::installation::IMPORTER);
    let mut client = JsonClient::connect(daemon, &access_key).await;
    let tags = json!([{ "TagKey": "team", "TagValue": "payments" }]);
    let request = json!({ "KeyId": key, "ReplicaRegion": EUROPE, "Description": "by JSON", "Tags": tags });
    let made = client.call("ReplicateKey", &request).await;
    let shown = &made.body["ReplicaKeyMetadata"];
    assert_eq!((shown["KeyState"].as_str(), &made.body["ReplicaTags"]), (Some("Creating"), &tags), "{}", made.body);
    let replica = json!({ "Arn": shown["Arn"], "Region": EUROPE });
    let related = json!({
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": { "Arn": primary.arn, "Region": HOME },
        "ReplicaKeys": [replica],
    });
    assert_eq!(shown["MultiRegionConfiguration"], related);
    let again = client.call("ReplicateKey", &request).await;
    assert_eq!(again.body["__type"], "AlreadyExistsException", "{}", again.body);
    let europe = world.client(EUROPE).await;
    import(&europe, key, &material, pb::ImportType::Unspecified).await.unwrap();
    let moved = client.call("UpdatePrimaryRegion", &json!({ "KeyId": key, "PrimaryRegion": EUROPE })).await;
    assert!(moved.status.is_success(), "{}", moved.body);
    world.until(HOME, key, (pb::MultiRegionKeyType::Replica, EUROPE.to_owned(), vec![HOME.to_owned()]), family).await;
    for region in ["nowhere", "eu-west", ""] {
        let refused = client.call("ReplicateKey", &json!({ "KeyId": key, "ReplicaRegion": region })).await;
        assert_eq!(refused.body["__type"], "ValidationException", "{}", refused.body);
    }
}
