//! Several tokens under one service: each key is at home in one of them, and everything about it goes there and nowhere else.

mod daemons;
mod starts;

use std::collections::BTreeSet;
use std::sync::Arc;

use keyferry::clock::Clock;
use keyferry::hsm::{Hsm, Token};
use keyferry::model::{Account, Claim, Key, KeyId, KeyUsage, MaterialKind, ObjectId, ObjectKind};
use keyferry::service::{
    CreateKey, Decrypt, DeleteImportedKeyMaterial, Encrypt, Encrypted, EncryptionContext, Error, Kind, Options, Service,
    Tokens,
};
use secrecy::SecretSlice;

use crate::harness::service::{House, call, settings, start_over};
use crate::life::{arriving, created, described, external_key, import};

fn serial(hsm: &Hsm) -> &str {
    &hsm.profile().serial_number
}

/// The keys and wrapping keys on a token, but for the service's own.
async fn objects(hsm: &Hsm) -> BTreeSet<ObjectId> {
    let found = hsm.sweep(Token::objects).await.unwrap();
    let lent = found.into_iter().filter(|found| matches!(found.kind, ObjectKind::Material | ObjectKind::WrappingKey));
    lent.map(|found| found.id).collect()
}

async fn record(house: &House, id: &KeyId) -> Key {
    house.store.key(&Account::parse("111122223333").unwrap(), id).await.unwrap().unwrap()
}

async fn encrypt(service: &Service, key: &KeyId) -> Result<Encrypted, Error> {
    let request = Encrypt {
        key_id: key.to_string(),
        plaintext: SecretSlice::from(b"attack at dawn".to_vec()),
        encryption_algorithm: None,
        encryption_context: EncryptionContext::default(),
        options: Options::default(),
    };
    service.encrypt(&call(), request).await
}

/// Two keys, of which the one is at home in the first token and the other in the second.
async fn one_in_each(house: &House, request: impl Fn() -> CreateKey) -> [KeyId; 2] {
    let (one, other) = (created(house, request()).await.key, created(house, request()).await.key);
    assert_ne!(one.token, other.token, "the second goes where there is more room");
    if one.token == serial(&house.hsm) { [one.id, other.id] } else { [other.id, one.id] }
}

/// Another service over the record, with the first token only.
async fn with_the_first_only(house: &House) -> Service {
    let (store, gate, clock) = (house.store.clone(), Arc::clone(house.service.gate()), Arc::new(house.clock.clone()));
    Service::start(store, house.hsm.clone(), gate, clock, settings()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_placed_where_there_is_most_room_and_are_made_used_and_deleted_there() {
    let house = start_over(&["several-made-1", "several-made-2"], settings()).await;
    let tokens = [house.hsm.clone(), house.further[0].clone()];
    for _ in 0..2 {
        one_in_each(&house, CreateKey::default).await;
    }
    let keys = one_in_each(&house, CreateKey::default).await;
    for (key, hsm) in keys.iter().zip(&tokens) {
        assert_eq!(objects(hsm).await.len(), 3);
        let object = record(&house, key).await.materials[0].object;
        assert!(objects(hsm).await.contains(&object));
        let made = encrypt(&house.service, key).await.unwrap();
        let request = Decrypt { ciphertext: made.ciphertext, ..decrypt(key) };
        let opened = house.service.decrypt(&call(), request).await.unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&opened.plaintext), b"attack at dawn");
    }
}

fn decrypt(key: &KeyId) -> Decrypt {
    Decrypt {
        ciphertext: Vec::new(),
        key_id: Some(key.to_string()),
        encryption_algorithm: None,
        encryption_context: EncryptionContext::default(),
        options: Options::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn material_comes_into_the_home_token_and_no_other_and_leaves_it_when_it_is_deleted() {
    let house = start_over(&["several-import-1", "several-import-2"], settings()).await;
    let tokens = [house.hsm.clone(), house.further[0].clone()];
    let keys = one_in_each(&house, || CreateKey { origin: Some("EXTERNAL".to_owned()), ..CreateKey::default() }).await;
    for (index, (key, hsm)) in keys.iter().zip(&tokens).enumerate() {
        let other = &tokens[1 - index];
        let before = objects(other).await;
        let request = arriving(&house, key.as_str(), &[7; 32]).await;
        assert_eq!(objects(hsm).await.len(), 1, "the wrapping key is in the home token");
        let imported = import(&house, request.clone()).await.unwrap();
        assert!(!imported.receipt.is_empty());
        // The very same request again is answered from the record.
        assert_eq!(import(&house, request).await.unwrap().receipt, imported.receipt);
        house.service.tidy().await.unwrap();
        assert_eq!(objects(hsm).await, [record(&house, key).await.materials[0].object].into());
        assert_eq!(objects(other).await, before);
        encrypt(&house.service, key).await.unwrap();
        let request = DeleteImportedKeyMaterial { key_id: key.to_string(), key_material_id: None };
        house.service.delete_imported_key_material(&call(), request).await.unwrap();
        house.service.tidy().await.unwrap();
        assert_eq!(objects(hsm).await, BTreeSet::new());
    }
    let public_keys = house.service.profile().serial_number.clone();
    assert_eq!(public_keys, serial(&house.hsm), "the first is the service's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_the_home_token_says_that_another_may_serve_the_key_and_serves_its_own() {
    let house = start_over(&["several-few-1", "several-few-2"], settings()).await;
    let [own, foreign] = one_in_each(&house, CreateKey::default).await;
    let few = with_the_first_only(&house).await;
    encrypt(&few, &own).await.unwrap();
    let refused = encrypt(&few, &foreign).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::DependencyTimeout);
    assert!(refused.retry_after().is_some());
    let home = serial(&house.further[0]);
    let arn = described(&house, foreign.as_str()).await.arn;
    let said =
        format!("{arn}: its home token {home:?} is not served by this replica: try again, where another replica may answer");
    assert_eq!(refused.to_string(), said);
    for key in [&own, &foreign] {
        encrypt(&house.service, key).await.unwrap();
    }
    // What is to be destroyed in the other token is left to those who have it.
    house.tamper(&format!("INSERT INTO doomed (object, token, doomed_at) SELECT object, '{home}', 0 FROM materials WHERE key_id = '{foreign}'")).await;
    house.tamper(&format!("DELETE FROM keys WHERE id = '{foreign}'")).await;
    few.tidy().await.unwrap();
    assert_eq!(house.store.doomed(home, None, 10).await.unwrap().len(), 1);
    house.service.tidy().await.unwrap();
    assert_eq!(house.store.doomed(home, None, 10).await.unwrap(), []);
    assert_eq!(objects(&house.further[0]).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_doomed_that_knows_one_token_only_is_destroyed_in_whichever_has_it() {
    let house = start_over(&["several-unsaid-1", "several-unsaid-2"], settings()).await;
    let keys = one_in_each(&house, CreateKey::default).await;
    let few = with_the_first_only(&house).await;
    for key in &keys {
        house
            .tamper(&format!(
                "INSERT INTO doomed (object, doomed_at) SELECT object, 0 FROM materials WHERE key_id = '{key}'"
            ))
            .await;
        house.tamper(&format!("DELETE FROM keys WHERE id = '{key}'")).await;
    }
    house.tamper("INSERT INTO doomed (object, doomed_at) VALUES (randomblob(16), 0)").await;
    few.tidy().await.unwrap();
    assert_eq!(objects(&house.hsm).await, BTreeSet::new());
    assert_eq!(objects(&house.further[0]).await.len(), 1);
    assert_eq!(
        house.store.doomed("", None, 10).await.unwrap().len(),
        2,
        "who has not all tokens cannot say that it is gone"
    );
    house.service.tidy().await.unwrap();
    assert_eq!(objects(&house.further[0]).await, BTreeSet::new());
    for token in ["", serial(&house.hsm), serial(&house.further[0])] {
        assert_eq!(house.store.doomed(token, None, 10).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_in_a_further_token_is_destroyed_there_at_the_next_start() {
    let house = start_over(&["several-cut-1", "several-cut-2"], settings()).await;
    let [made, further] = [ObjectId::random(), ObjectId::random()];
    for (object, hsm) in [(made, &house.hsm), (further, &house.further[0])] {
        let claim = Claim { object, wrapping_key: None, claimed_at: house.clock.now(), token: serial(hsm).to_owned() };
        house.store.claim_object(&claim).await.unwrap();
        hsm.make(move |token| token.generate(&object, MaterialKind::Aes256, KeyUsage::EncryptDecrypt)).await.unwrap();
    }
    let tokens = Tokens::new(house.hsm.clone(), house.further.clone());
    let (store, gate, clock) = (house.store.clone(), Arc::clone(house.service.gate()), Arc::new(house.clock.clone()));
    Service::start(store, tokens, gate, clock, settings()).await.unwrap();
    assert_eq!(objects(&house.hsm).await, BTreeSet::new());
    assert_eq!(objects(&house.further[0]).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_full_takes_no_further_key_while_another_has_room() {
    let mut few = settings();
    few.capacity.objects = Some(16);
    let house = start_over(&["several-full-1", "several-full-2"], few).await;
    let mut homes = Vec::new();
    for _ in 0..32 {
        homes.push(created(&house, CreateKey::default()).await.key.token);
    }
    for hsm in [&house.hsm, &house.further[0]] {
        assert_eq!(homes.iter().filter(|home| *home == serial(hsm)).count(), 16);
    }
    let refused = house.service.create_key(&call(), CreateKey::default()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::LimitExceeded);
    assert_eq!(external_key(&house).await.key.token, serial(&house.hsm), "a record alone needs no room");
}
