//! Several materials of one key, each in its turn.

mod missing;

use std::time::Duration;

use keyferry::model::{KeyState, MaterialPresence, ObjectId, ObjectKind, Rotation};
use keyferry::service::{
    CreateKey, DeleteImportedKeyMaterial, EnableKeyRotation, Error, ImportKeyMaterial, Kind, ListKeyRotations, RotationShown,
};

use super::{arriving, assert_refused, created, described, doomed_key, external_key, import};
use crate::harness::service::{House, call, start};

/// Brings new material in, to wait for its turn.
async fn import_new(house: &House, key_id: &str, material: &[u8]) -> Result<String, Error> {
    let request = ImportKeyMaterial {
        import_type: Some("NEW_KEY_MATERIAL".to_owned()),
        key_material_description: Some(format!("number {}", material[0])),
        ..arriving(house, key_id, material).await
    };
    Ok(import(house, request).await?.proof.fingerprint.to_string())
}

async fn rotate(house: &House, key_id: &str) -> Result<String, Error> {
    Ok(house.service.rotate_key_on_demand(&call(), key_id.to_owned()).await?.to_string())
}

async fn delete(house: &House, key_id: &str, material: Option<&str>) {
    let request = DeleteImportedKeyMaterial { key_id: key_id.to_owned(), key_material_id: material.map(str::to_owned) };
    house.service.delete_imported_key_material(&call(), request).await.unwrap();
}

async fn listed(house: &House, key_id: &str, include: Option<&str>) -> Vec<RotationShown> {
    let include_key_material = include.map(str::to_owned);
    let request = ListKeyRotations { key_id: key_id.to_owned(), include_key_material, ..ListKeyRotations::default() };
    house.service.list_key_rotations(&call(), request).await.unwrap().rotations
}

async fn state(house: &House, key_id: &str) -> KeyState {
    let described = described(house, key_id).await;
    described.key.state(described.now)
}

async fn current(house: &House, key_id: &str) -> String {
    described(house, key_id).await.key.current().unwrap().id.to_string()
}

/// A key with the material `[1; 32]`.
async fn filled_key(house: &House) -> String {
    let key = external_key(house).await.arn.to_string();
    import_new(house, &key, &[1; 32]).await.unwrap();
    key
}

#[tokio::test]
async fn new_material_waits_unseen_takes_its_turn_and_is_listed_by_it() {
    let house = start("rotation").await;
    let key = filled_key(&house).await;
    let first = current(&house, &key).await;
    let request =
        ImportKeyMaterial { import_type: Some("NEW_KEY_MATERIAL".to_owned()), ..arriving(&house, &key, &[2; 32]).await };
    let imported = import(&house, request.clone()).await.unwrap();
    assert_eq!(import(&house, request.clone()).await.unwrap(), imported, "a repeat is answered alike");
    let second = imported.proof.fingerprint.to_string();
    assert_eq!((state(&house, &key).await, current(&house, &key).await), (KeyState::Enabled, first.clone()));
    assert!(listed(&house, &key, None).await.is_empty());
    let all = listed(&house, &key, Some("ALL_KEY_MATERIAL")).await;
    let shown: Vec<_> = all.iter().map(|one| (one.rotation, one.presence, one.rotated_at)).collect();
    let there = Some(MaterialPresence::Imported);
    assert_eq!(shown, [(Rotation::Current, there, None), (Rotation::PendingRotation, there, None)]);
    assert_eq!((all[0].description.as_deref(), all[1].description.as_deref()), (Some("number 1"), None));

    assert_eq!(rotate(&house, &key).await.unwrap(), key, "it is answered by its ARN");
    assert_eq!((state(&house, &key).await, current(&house, &key).await), (KeyState::Enabled, second.clone()));
    assert_eq!(import(&house, request).await.unwrap(), imported, "even now");
    let rotations = listed(&house, &key, Some("ROTATIONS_ONLY")).await;
    assert_eq!(rotations.iter().map(|one| one.material.to_string()).collect::<Vec<_>>(), [second]);
    assert_eq!((rotations[0].rotation, rotations[0].rotated_at), (Rotation::Current, Some(house_now(&house))));
    let all = listed(&house, &key, Some("ALL_KEY_MATERIAL")).await;
    assert_eq!((all[0].material.to_string(), all[0].rotation, all[0].rotated_at), (first, Rotation::NonCurrent, None));

    let message = format!("No available key material pending rotation for the key: {key}.");
    assert_refused(rotate(&house, &key).await, Kind::InvalidState, &message);
}

#[tokio::test]
async fn what_does_not_rotate_says_why_in_the_references_order() {
    let house = start("no rotation").await;
    let refused = async |key_id: &str, kind, message: &str| assert_refused(rotate(&house, key_id).await, kind, message);
    let empty = external_key(&house).await.arn.to_string();
    refused(&empty, Kind::InvalidState, &format!("{empty} is pending import.")).await;
    let doomed = doomed_key(&house).await.arn.to_string();
    refused(&doomed, Kind::InvalidState, &format!("{doomed} is pending deletion.")).await;
    refused("alias/a", Kind::NotFound, "Invalid keyId 'alias/a'").await;

    let hmac = CreateKey {
        key_spec: Some("HMAC_256".to_owned()),
        key_usage: Some("GENERATE_VERIFY_MAC".to_owned()),
        ..CreateKey::default()
    };
    let hmac = created(&house, hmac).await.arn.to_string();
    refused(&hmac, Kind::Unsupported, "only symmetric encryption keys rotate").await;
    house.service.disable_key(&call(), hmac.clone()).await.unwrap();
    refused(&hmac, Kind::Disabled, &format!("{hmac} is disabled.")).await;
}

#[tokio::test]
async fn a_key_rotates_twenty_five_times_and_its_materials_come_in_pages() {
    let house = start("spent").await;
    let key = created(&house, CreateKey::default()).await.arn.to_string();
    for _ in 0..25 {
        house.clock.advance(Duration::from_secs(1));
        rotate(&house, &key).await.unwrap();
    }
    let spent = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {key}"
    );
    assert_refused(rotate(&house, &key).await, Kind::LimitExceeded, &spent);
    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let include_key_material = Some("ALL_KEY_MATERIAL".to_owned());
        let request = ListKeyRotations { key_id: key.clone(), include_key_material, limit: Some(10), marker };
        let page = house.service.list_key_rotations(&call(), request).await.unwrap();
        assert_eq!(page.arn.as_str(), key);
        seen.extend(page.rotations);
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    let materials = described(&house, &key).await.key.materials;
    assert_eq!(seen.len(), 26);
    assert!(seen.iter().map(|one| one.material).eq(materials.iter().map(|material| material.id)));
    assert!(seen.is_sorted_by_key(|one| one.rotated_at));
    // Nothing of an import is said of what the token made.
    let last = &seen[25];
    assert_eq!((last.rotation, last.presence, last.expiration_model), (Rotation::Current, None, None));

    let request = |limit, marker: Option<&str>| ListKeyRotations {
        key_id: key.clone(),
        limit,
        marker: marker.map(str::to_owned),
        ..ListKeyRotations::default()
    };
    let wrong = house.service.list_key_rotations(&call(), request(None, Some("YWJj"))).await.unwrap_err();
    assert_eq!(wrong.kind(), Kind::InvalidMarker);
    let wrong = house.service.list_key_rotations(&call(), request(Some(1001), None)).await.unwrap_err();
    assert_eq!(wrong.kind(), Kind::Validation);
}

#[tokio::test]
async fn a_key_that_the_token_made_has_new_material_made_for_it() {
    let house = start("made anew").await;
    let key = created(&house, CreateKey::default()).await.arn.to_string();
    let first = current(&house, &key).await;
    // Two at once: both are made, and each takes its turn.
    let rotating = [(); 2].map(|()| (house.service.clone(), key.clone()));
    let rotating =
        rotating.map(|(service, key)| tokio::spawn(async move { service.rotate_key_on_demand(&call(), key).await }));
    for one in rotating {
        one.await.unwrap().unwrap();
    }
    let described = described(&house, &key).await;
    let places: Vec<_> = described.key.materials.iter().map(|material| material.rotation).collect();
    assert_eq!(places, [Rotation::NonCurrent, Rotation::NonCurrent, Rotation::Current]);
    assert_eq!(described.key.materials[0].id.to_string(), first);
    let recorded: Vec<ObjectId> = described.key.materials.iter().map(|material| material.object).collect();
    assert_eq!(in_token(&house, recorded.clone()).await, recorded, "each under an object of its own");
    assert_eq!(house.store.stale_claims(house_now(&house).after(Duration::from_secs(1)), 1).await.unwrap(), []);
}

#[tokio::test]
async fn automatic_rotation_is_refused_and_its_status_is_told() {
    let house = start("automatic").await;
    let (imported, made) = (filled_key(&house).await, created(&house, CreateKey::default()).await.arn.to_string());
    let enable = async |key_id: &str, rotation_period_in_days| {
        let request = EnableKeyRotation { key_id: key_id.to_owned(), rotation_period_in_days };
        house.service.enable_key_rotation(&call(), request).await
    };
    let external = format!("{imported} origin is EXTERNAL which is not valid for this operation.");
    assert_refused(enable(&imported, None).await, Kind::Unsupported, &external);
    assert_refused(house.service.disable_key_rotation(&call(), imported.clone()).await, Kind::Unsupported, &external);
    let unserved = format!("{made} does not rotate by itself, as no key of keyferry does: use RotateKeyOnDemand.");
    assert_refused(enable(&made, Some(365)).await, Kind::Unsupported, &unserved);
    assert_refused(house.service.disable_key_rotation(&call(), made.clone()).await, Kind::Unsupported, &unserved);
    assert_eq!(enable(&made, Some(89)).await.unwrap_err().kind(), Kind::Validation);
    house.service.disable_key(&call(), made.clone()).await.unwrap();
    assert_refused(enable(&made, None).await, Kind::Disabled, &format!("{made} is disabled."));

    for key in [&imported, &made, &doomed_key(&house).await.arn.to_string()] {
        assert_eq!(house.service.key_rotation_status(&call(), key.clone()).await.unwrap().arn.as_str(), key);
    }
    let asymmetric = CreateKey {
        origin: Some("EXTERNAL".to_owned()),
        key_spec: Some("RSA_2048".to_owned()),
        key_usage: Some("SIGN_VERIFY".to_owned()),
        ..CreateKey::default()
    };
    let asymmetric = created(&house, asymmetric).await.arn.to_string();
    let unfit = "only symmetric encryption keys rotate";
    assert_refused(house.service.key_rotation_status(&call(), asymmetric.clone()).await, Kind::Unsupported, unfit);
    let list = ListKeyRotations { key_id: asymmetric, ..ListKeyRotations::default() };
    assert_refused(house.service.list_key_rotations(&call(), list).await, Kind::Unsupported, unfit);
}

/// Those of the objects that the token has; it must have no material besides.
async fn in_token(house: &House, expected: Vec<ObjectId>) -> Vec<ObjectId> {
    let found = house.hsm.call(|token| token.objects()).await.unwrap();
    let materials: Vec<ObjectId> =
        found.iter().filter(|found| found.kind == ObjectKind::Material).map(|found| found.id).collect();
    assert!(materials.iter().all(|id| expected.contains(id)), "{materials:?}");
    expected.into_iter().filter(|id| materials.contains(id)).collect()
}

fn house_now(house: &House) -> keyferry::model::Timestamp {
    use keyferry::clock::Clock;
    house.clock.now()
}

#[tokio::test]
async fn no_material_is_made_for_a_key_of_another_token() {
    let house = start("another token's").await;
    let key = created(&house, CreateKey::default()).await.key.id.to_string();
    house.tamper("UPDATE keys SET token = 'elsewhere'").await;
    let refused = rotate(&house, &key).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::DependencyTimeout);
    let expected = "its home token \"elsewhere\" is not served by this replica: try again, where another replica may answer";
    assert!(refused.to_string().ends_with(expected), "{refused}");
}
