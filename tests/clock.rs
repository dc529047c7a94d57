//! What time brings, seen without waiting for it.

use std::time::Duration;

use keyferry::hsm::Token;
use keyferry::model::{
    Claim, KeyState, KeyUsage, MaterialKind, ObjectId, ObjectKind, PairKind, PairUse, WrappingAlgorithm, WrappingKey,
    WrappingKeyId, WrappingKeySpec, WrappingKeyState,
};
use keyferry::service::{Call, CreateKey, Described, GetParametersForImport, ImportKeyMaterial, Imported, Kind, Parameters};
use keyferry::wrap;

use crate::harness::service::{House, call, start};

const KIND: PairKind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest that anything under way is believed to be, by the clock of a replica that may be off by half a minute, as may this one.
const LONGEST_CLAIM: Duration = Duration::from_secs(10 * 60 + 2 * 30);

async fn external_key(house: &House) -> String {
    let request = CreateKey { origin: Some("EXTERNAL".to_owned()), ..CreateKey::default() };
    house.service.create_key(&call(), request).await.unwrap().arn.to_string()
}

async fn parameters(house: &House, key_id: &str) -> Parameters {
    house.service.parameters_for_import(&call(), some_parameters(key_id)).await.unwrap()
}

fn some_parameters(key_id: &str) -> GetParametersForImport {
    GetParametersForImport {
        key_id: key_id.to_owned(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_256".to_owned()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    }
}

fn request(parameters: &Parameters, material: &[u8]) -> ImportKeyMaterial {
    ImportKeyMaterial {
        key_id: parameters.arn.to_string(),
        import_token: parameters.import_token.clone(),
        encrypted_key_material: wrap::wrap(&parameters.spki, WrappingAlgorithm::RsaesOaepSha256, material).unwrap(),
        valid_to: None,
        expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
        import_type: None,
        key_material_description: None,
        key_material_id: None,
    }
}

async fn import(house: &House, request: ImportKeyMaterial) -> Result<Imported, Kind> {
    house.service.import_key_material(&call(), request).await.map_err(|error| error.kind())
}

async fn describe(house: &House, key_id: &str) -> Described {
    house.service.describe_key(&call(), key_id.to_owned()).await.unwrap()
}

#[tokio::test]
async fn a_set_is_good_for_a_day_less_a_millisecond_and_not_for_a_day() {
    let house = start("a day").await;
    let key = external_key(&house).await;
    let first = parameters(&house, &key).await;
    house.clock.advance(DAY - Duration::from_millis(1));
    let last_moment = parameters(&house, &key).await;
    import(&house, request(&first, &[7; 32])).await.unwrap();
    house.clock.advance(DAY);
    assert_eq!(import(&house, request(&last_moment, &[7; 32])).await, Err(Kind::ExpiredImportToken));
    // The identical request is told so too: a set answers repeats as long as it lasts.
    assert_eq!(import(&house, request(&first, &[7; 32])).await, Err(Kind::ExpiredImportToken));
}

#[tokio::test]
async fn expired_material_ends_the_key_at_once_and_its_object_with_the_janitors_round() {
    let house = start("expiry").await;
    let key = external_key(&house).await;
    let set = parameters(&house, &key).await;
    let mut expiring = request(&set, &[7; 32]);
    expiring.expiration_model = None;
    expiring.valid_to = Some(set.valid_to.after(DAY));
    import(&house, expiring).await.unwrap();
    let described = describe(&house, &key).await;
    assert_eq!(described.key.state(described.now), KeyState::Enabled);
    let object = described.key.materials[0].object;
    assert!(house.hsm.call(move |token| token.contains(&object)).await.unwrap());

    house.clock.advance(2 * DAY);
    let described = describe(&house, &key).await;
    assert_eq!(described.key.state(described.now), KeyState::PendingImport);
    assert_eq!(described.key.expiration(described.now), None);
    house.service.tidy().await.unwrap();
    assert!(!house.hsm.call(move |token| token.contains(&object)).await.unwrap());

    // The key remembers what it had: only the same material comes back.
    let set = parameters(&house, &key).await;
    assert_eq!(import(&house, request(&set, &[8; 32])).await, Err(Kind::IncorrectKeyMaterial));
    import(&house, request(&set, &[7; 32])).await.unwrap();
}

#[tokio::test]
async fn a_scheduled_deletion_is_carried_out_when_it_is_due_and_takes_the_material_along() {
    let house = start("deletion").await;
    let key = external_key(&house).await;
    let set = parameters(&house, &key).await;
    import(&house, request(&set, &[7; 32])).await.unwrap();
    let object = describe(&house, &key).await.key.materials[0].object;
    let schedule = keyferry::service::ScheduleKeyDeletion { key_id: key.clone(), pending_window_in_days: Some(7) };
    house.service.schedule_key_deletion(&call(), schedule).await.unwrap();

    house.clock.advance(7 * DAY - Duration::from_millis(1));
    house.service.tidy().await.unwrap();
    assert_eq!(describe(&house, &key).await.key.state(house_now(&house)), KeyState::PendingDeletion);
    house.clock.advance(Duration::from_millis(1));
    house.service.tidy().await.unwrap();
    let gone = house.service.describe_key(&call(), key.clone()).await.unwrap_err();
    assert_eq!((gone.kind(), gone.to_string()), (Kind::NotFound, format!("Key '{key}' does not exist")));
    assert!(!house.hsm.call(move |token| token.contains(&object)).await.unwrap());
}

#[tokio::test]
async fn expired_sets_leave_nothing_on_the_token_and_in_time_nothing_on_record() {
    let house = start("sets").await;
    let key = external_key(&house).await;
    parameters(&house, &key).await;
    house.clock.advance(DAY);
    house.service.tidy().await.unwrap();
    assert_eq!(kinds(&house).await, ["mac"]);
    house.clock.advance(2 * DAY);
    house.service.tidy().await.unwrap();
    assert_eq!(house.store.forget_wrapping_keys(house_now(&house), 10).await.unwrap(), 0, "the janitor left a record");
}

#[tokio::test]
async fn what_was_cut_off_is_ended_when_it_cannot_be_at_work_any_more() {
    let house = start("cut off").await;
    let began = house_now(&house);
    let [made, pair] = [(); 2].map(|()| ObjectId::random());
    // As far as a replica had come that is gone: both on record, both on the token, neither settled.
    house
        .store
        .claim_object(&Claim {
            object: made,
            wrapping_key: None,
            claimed_at: began,
            token: house.hsm.profile().serial_number.clone(),
        })
        .await
        .unwrap();
    let material = move |token: &Token| token.generate(&made, MaterialKind::Aes256, KeyUsage::EncryptDecrypt);
    house.hsm.make(material).await.unwrap();
    house.store.begin_wrapping_key(&making(&house, pair)).await.unwrap();
    let wrapping = move |token: &Token| token.make_wrapping_key(&pair, KIND);
    house.hsm.make(wrapping).await.unwrap();

    house.clock.advance(LONGEST_CLAIM);
    house.service.tidy().await.unwrap();
    assert_eq!(kinds(&house).await, ["mac", "material", "wrapping-key"], "it may be at work");
    house.clock.advance(Duration::from_millis(1));
    house.service.tidy().await.unwrap();
    assert_eq!(kinds(&house).await, ["mac"]);
    assert_eq!(house.store.stale_claims(house_now(&house), 1).await.unwrap(), []);
    assert_eq!(house.store.stale_making(house_now(&house), 1).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapping_key_that_is_made_after_it_was_given_up_is_destroyed() {
    let house = start("late").await;
    let key = external_key(&house).await;
    // Every session that makes keys is kept from it until the record has given up waiting.
    let held: Vec<_> = (0..2)
        .map(|_| {
            let (release, released) = std::sync::mpsc::channel::<()>();
            let hsm = house.hsm.clone();
            let holding = tokio::spawn(async move { hsm.make(move |_| Ok(released.recv().is_err())).await });
            (release, holding)
        })
        .collect();
    let service = house.service.clone();
    let late = tokio::spawn(async move { service.parameters_for_import(&call(), some_parameters(&key)).await });
    let soon = house_now(&house).after(Duration::from_millis(1));
    while house.store.stale_making(soon, 1).await.unwrap().is_empty() {
        assert!(!late.is_finished(), "it waited for nobody");
        tokio::task::yield_now().await;
    }
    house.clock.advance(LONGEST_CLAIM + Duration::from_millis(1));
    house.service.tidy().await.unwrap();
    for (release, holding) in held {
        drop(release);
        assert!(holding.await.unwrap().unwrap());
    }
    late.await.unwrap().unwrap_err();
    // It is destroyed soon, by a task of its own.
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while kinds(&house).await != ["mac"] {
        assert!(std::time::Instant::now() < patience, "an orphan: {:?}", kinds(&house).await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_janitors_are_not_in_each_others_way() {
    let house = start("two janitors").await;
    for _ in 0..50 {
        house.store.begin_wrapping_key(&making(&house, ObjectId::random())).await.unwrap();
    }
    house.clock.advance(LONGEST_CLAIM + Duration::from_millis(1));
    let rounds = [(); 2].map(|()| house.service.clone()).map(|service| tokio::spawn(async move { service.tidy().await }));
    for round in rounds {
        round.await.unwrap().unwrap();
    }
    assert_eq!(house.store.stale_making(house_now(&house), 1).await.unwrap(), []);
}

/// A record of a pair that is about to be made.
fn making(house: &House, object: ObjectId) -> WrappingKey {
    WrappingKey {
        id: WrappingKeyId::random(),
        object,
        token: house.hsm.profile().serial_number.clone(),
        kind: KIND,
        state: WrappingKeyState::Making,
        spki: Vec::new(),
        created_at: house_now(house),
        issue: None,
        attempts: 0,
        answer: None,
    }
}

/// What is on the token, in alphabetical order, but for the keys that sign and that derive, which are always there.
async fn kinds(house: &House) -> Vec<&'static str> {
    let found = house.hsm.call(|token| token.objects()).await.unwrap();
    let is_own = |kind| matches!(kind, ObjectKind::AccessKeys | ObjectKind::Attestation | ObjectKind::Audit);
    let mut kinds: Vec<_> =
        found.iter().map(|found| found.kind).filter(|kind| !is_own(*kind)).map(ObjectKind::as_str).collect();
    kinds.sort_unstable();
    kinds
}

fn house_now(house: &House) -> keyferry::model::Timestamp {
    use keyferry::clock::Clock;
    house.clock.now()
}

#[tokio::test]
async fn a_pair_that_its_caller_did_not_wait_for_is_the_next_callers() {
    let house = start("impatient").await;
    let key = external_key(&house).await;
    let request = || GetParametersForImport {
        key_id: key.clone(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_256".to_owned()),
        wrapping_key_spec: Some("RSA_4096".to_owned()),
    };
    let impatient = Call { deadline: Some(std::time::Instant::now()), ..call() };
    let refused = house.service.parameters_for_import(&impatient, request()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.retry_after().is_some()), (Kind::Throttling, true));

    // The making queue is served in order: what comes after the pair comes when it is made.
    let pairs = async || {
        let found = house.hsm.make(|token| token.objects()).await.unwrap();
        found.iter().filter(|found| found.kind == ObjectKind::WrappingKey).map(|found| found.id).collect::<Vec<_>>()
    };
    let mut made = pairs().await;
    while made.is_empty() {
        made = pairs().await;
    }
    let began = house.store.stale_making(house_now(&house).after(DAY), 10).await.unwrap();
    assert!(began.len() <= 1, "one pair was begun");
    let set = loop {
        // It is in the token a moment before it is on record as ready.
        if house.store.stale_making(house_now(&house).after(DAY), 10).await.unwrap().is_empty() {
            break house.service.parameters_for_import(&call(), request()).await.unwrap();
        }
    };
    assert_eq!(pairs().await, made, "no second pair was made");
    import(&house, self::request(&set, &[7; 32])).await.unwrap();
}
