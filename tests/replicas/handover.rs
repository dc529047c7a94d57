//! What one replica begins another ends. Three of them, started one after the other, as SoftHSM 2.6.1 needs it.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use keyferry::model::{KeySpec, KeyUsage, ObjectId};
use keyferry::proto as pb;
use sha2::Sha256;
use sqlx::{Connection, PgConnection};

use super::execute;
use crate::call;
use crate::harness::client::import_request;
use crate::harness::daemon::{Replica, field};
use crate::harness::refusal::surely;
use crate::harness::{Client, FEW_PAIRS, Installation, Plaintext, Settings, postgres};

/// As the starter set has it.
const TWO_PERSONS: &str = "\
@id(\"everything\")
permit(principal, action, resource);
@id(\"two-persons\")
forbid(principal, action == Action::\"kms:ImportKeyMaterial\", resource)
when { resource.hasTag(\"approval\") && resource.getTag(\"approval\") == \"two-person\" }
unless { context.approved };
";

const ANOTHER: &str = "spiffe://example.org/another";
const MESSAGE: &[u8] = b"what the key is put to work on";

struct Three {
    clients: [Client; 3],
    replicas: [Replica; 3],
    installation: Installation,
}

async fn three() -> Three {
    let store_url = Some(postgres::database().await);
    let installation = Installation::new(Settings { more: FEW_PAIRS.to_owned(), store_url, ..Settings::default() });
    installation.replace_policies(TWO_PERSONS);
    let replicas = [(); 3].map(|()| {
        let replica = Replica::start(&installation);
        replica.wait_for_log(|line| field(line, "message") == "the pools are filled");
        replica
    });
    let [a, b, c] = &replicas;
    let clients = [a.client(&installation).await, b.client(&installation).await, c.client(&installation).await];
    Three { clients, replicas, installation }
}

async fn mac(client: &Client, key: &str) -> Vec<u8> {
    let request = pb::GenerateMacRequest {
        message: MESSAGE.to_vec(),
        key_id: key.to_owned(),
        mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
        ..Default::default()
    };
    surely(async || call!(client.cryptography(), generate_mac, request.clone())).await.unwrap().mac
}

async fn set(client: &Client, key: &str) -> pb::GetParametersForImportResponse {
    use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
    surely(|| client.parameters(key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048)).await.unwrap()
}

#[tokio::test]
async fn a_set_of_one_is_imported_through_another_and_used_through_a_third() {
    let Three { clients: [a, b, c], .. } = &three().await;
    let key = a.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await.key_id;
    let material = Plaintext::for_spec(KeySpec::Hmac256);
    let expected = Hmac::<Sha256>::new_from_slice(&material.bytes).unwrap().chain_update(MESSAGE).finalize().into_bytes();
    // Each time the object is another one, and what the replicas know of the one before is of no more use.
    for (issuing, importing) in [(a, b), (b, c), (c, a)] {
        let set = set(issuing, &key).await;
        let request = import_request(&set, material.wrap_simply(&set.public_key));
        let answer = surely(|| importing.import(request.clone())).await.unwrap();
        assert_eq!(surely(|| issuing.import(request.clone())).await.unwrap(), answer, "asked again elsewhere");
        for using in [a, b, c] {
            assert_eq!(mac(using, &key).await, expected.as_slice());
        }
    }
    surely(|| b.delete_material(&key)).await.unwrap();
    for asked in [a, b, c] {
        assert_eq!(asked.describe(&key).await.key_state(), pb::KeyState::PendingImport);
        let request = pb::GenerateMacRequest {
            message: MESSAGE.to_vec(),
            key_id: key.clone(),
            mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
            ..Default::default()
        };
        call!(asked.cryptography(), generate_mac, request).unwrap_err().assert_is("KMSInvalidStateException", "it is gone");
    }
}

#[tokio::test]
async fn what_waits_at_one_is_seen_at_another_and_approved_at_a_third_and_a_turn_is_seen_by_all() {
    let Three { clients: [a, b, _], replicas: [_, _, third], installation } = &three().await;
    let tags = vec![pb::Tag { tag_key: "approval".to_owned(), tag_value: "two-person".to_owned() }];
    let request = pb::CreateKeyRequest { origin: pb::Origin::External.into(), tags, ..Default::default() };
    let key = call!(a.keys(), create_key, request).unwrap().key_metadata.unwrap().key_id;
    let another = third.client_as(installation, &installation.authority.client_by_uri(ANOTHER)).await;
    let mut fingerprints = Vec::new();
    for (asking, looking) in [(a, b), (b, a)] {
        let (set, material) = (set(asking, &key).await, Plaintext::aes());
        let request = pb::ImportKeyMaterialRequest {
            import_type: pb::ImportType::NewKeyMaterial.into(),
            ..import_request(&set, material.wrap_simply(&set.public_key))
        };
        let waits = asking.import(request.clone()).await.unwrap_err();
        waits.assert_is("KMSInvalidStateException", "it waits");
        let listed = call!(looking.imports(), list_pending_imports, pb::ListPendingImportsRequest::default()).unwrap();
        let [pending] = &listed.pending_imports[..] else { panic!("one waits: {listed:?}") };
        let ruling = pb::ApproveImportRequest { key_id: key.clone(), request_digest: pending.request_digest.clone() };
        let approved = surely(async || call!(another.imports(), approve_import, ruling.clone())).await.unwrap();
        assert_eq!(approved.key_material_id, material.fingerprint(&key));
        assert_eq!(looking.import(request).await.unwrap().receipt, approved.receipt);
        fingerprints.push(approved.key_material_id);
    }
    for asked in [a, b, &another] {
        assert_eq!(asked.describe(&key).await.current_key_material_id, fingerprints[0], "the second waits for its turn");
    }
    call!(a.rotations(), rotate_key_on_demand, pb::RotateKeyOnDemandRequest { key_id: key.clone() }).unwrap();
    for asked in [a, b, &another] {
        assert_eq!(asked.describe(&key).await.current_key_material_id, fingerprints[1]);
    }
}

async fn claims(store_url: &str) -> BTreeSet<Vec<u8>> {
    let mut connection = PgConnection::connect(store_url).await.unwrap();
    sqlx::query_scalar("SELECT object FROM claims").fetch_all(&mut connection).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn no_janitor_ends_what_another_has_under_way_and_the_pools_keep_their_marks_together() {
    let Three { clients, replicas, installation } = &three().await;
    let url = installation.store_url();
    let [old, young] = [ObjectId::random(), ObjectId::random()];
    let age = |object: &ObjectId, minutes: u32| {
        format!(
            "INSERT INTO claims (object, claimed_at) VALUES ('\\x{object}', \
             CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - {minutes} * 60000)"
        )
    };
    execute(&url, &age(&young, 10)).await;
    for _ in 0..3 {
        execute(&url, &age(&old, 12)).await;
        // Whichever janitor comes by.
        while claims(&url).await.contains(old.0.as_slice()) {
            tokio::task::yield_now().await;
        }
    }
    let ended = "ending a claim that was cut off";
    let by_some = replicas.iter().filter(|replica| replica.log().contains(ended)).count();
    assert!(by_some > 0, "a janitor ended it");
    assert_eq!(claims(&url).await, BTreeSet::from([young.0.to_vec()]), "it may be at work elsewhere");

    let key = clients[0].create_symmetric().await.key_id;
    for client in clients.iter().cycle().take(9) {
        set(client, &key).await;
    }
    // Of one use: SoftHSM unwraps OAEP with SHA-256 on the host, and the other is not asked for.
    let sql = "SELECT COUNT(*) FROM wrapping_keys WHERE state IN ('ready', 'making') GROUP BY pair_use ORDER BY 1";
    let mut connection = PgConnection::connect(&url).await.unwrap();
    loop {
        let levels: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
        // Each may have begun one when another had just begun the last.
        assert!(levels.iter().all(|level| *level <= 3 + 2 * 2), "{levels:?}");
        if levels.len() == 2 && levels.iter().all(|level| *level >= 2) {
            break;
        }
        tokio::task::yield_now().await;
    }
}
