//! A key with a material missing is of no use until that very one is back.

use std::time::Duration;

use keyferry::model::{Expiration, KeyState, MaterialPresence, Rotation};
use keyferry::service::{ImportKeyMaterial, Kind};

use super::{current, delete, filled_key, import_new, listed, rotate, state};
use crate::harness::service::start;
use crate::life::{arriving, assert_refused, described, import};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn the_missing_one_is_brought_back_whichever_it_is() {
    let house = start("missing").await;
    let key = filled_key(&house).await;
    let first = current(&house, &key).await;
    let second = import_new(&house, &key, &[2; 32]).await.unwrap();
    rotate(&house, &key).await.unwrap();
    for (missing, bytes, other) in [(&first, [1; 32], [2; 32]), (&second, [2; 32], [1; 32])] {
        delete(&house, &key, Some(missing)).await;
        assert_eq!(state(&house, &key).await, KeyState::PendingImport);
        assert_eq!(current(&house, &key).await, second, "it is remembered");
        assert_refused(rotate(&house, &key).await, Kind::InvalidState, &format!("{key} is pending import."));
        import(&house, arriving(&house, &key, &other).await).await.unwrap();
        assert_eq!(state(&house, &key).await, KeyState::PendingImport, "not the one that is missing");
        import(&house, arriving(&house, &key, &bytes).await).await.unwrap();
        assert_eq!(state(&house, &key).await, KeyState::Enabled);
    }
    let rotations = listed(&house, &key, None).await;
    assert_eq!(rotations.len(), 1, "coming back is no rotation");
    assert_eq!((rotations[0].material.to_string(), rotations[0].rotation), (second, Rotation::Current));
    let unknown = import(&house, arriving(&house, &key, &[3; 32]).await).await.unwrap_err();
    assert_eq!(unknown.kind(), Kind::IncorrectKeyMaterial);
}

#[tokio::test]
async fn each_material_ends_in_its_own_time() {
    let house = start("own time").await;
    let key = filled_key(&house).await;
    let ending = |mut request: ImportKeyMaterial, end| {
        request.expiration_model = None;
        request.valid_to = Some(end);
        request
    };
    let now = super::house_now(&house);
    let second = ImportKeyMaterial {
        import_type: Some("NEW_KEY_MATERIAL".to_owned()),
        ..ending(arriving(&house, &key, &[2; 32]).await, now.after(2 * DAY))
    };
    import(&house, second).await.unwrap();
    import(&house, ending(arriving(&house, &key, &[1; 32]).await, now.after(DAY))).await.unwrap();
    rotate(&house, &key).await.unwrap();
    let shown = described(&house, &key).await;
    assert_eq!(shown.key.expiration(shown.now), Some(Expiration::At(now.after(DAY))), "the earliest");

    house.clock.advance(DAY);
    let presences = async || {
        let all = listed(&house, &key, Some("ALL_KEY_MATERIAL")).await;
        all.iter().map(|one| (one.presence, one.valid_to)).collect::<Vec<_>>()
    };
    let expected = [(Some(MaterialPresence::Expired), None), (Some(MaterialPresence::Imported), Some(now.after(2 * DAY)))];
    // Before the janitor has been there, and after.
    assert_eq!((state(&house, &key).await, presences().await), (KeyState::PendingImport, expected.into()));
    house.service.tidy().await.unwrap();
    assert_eq!((state(&house, &key).await, presences().await), (KeyState::PendingImport, expected.into()));
    import(&house, arriving(&house, &key, &[1; 32]).await).await.unwrap();
    assert_eq!(state(&house, &key).await, KeyState::Enabled);
    let shown = described(&house, &key).await;
    assert_eq!(shown.key.expiration(shown.now), Some(Expiration::At(now.after(2 * DAY))));
}

#[tokio::test]
async fn what_waits_is_forgotten_when_it_is_deleted_or_its_time_is_over() {
    let house = start("forgotten").await;
    let key = filled_key(&house).await;
    let second = import_new(&house, &key, &[2; 32]).await.unwrap();
    let third = import_new(&house, &key, &[3; 32]).await.unwrap_err();
    assert_eq!(third.kind(), Kind::InvalidState);
    assert!(third.to_string().contains(&format!("another key material (id: {second}) is pending rotation.")), "{third}");
    delete(&house, &key, Some(&second)).await;
    assert_eq!(
        (state(&house, &key).await, listed(&house, &key, Some("ALL_KEY_MATERIAL")).await.len()),
        (KeyState::Enabled, 1)
    );
    let message = format!("No available key material pending rotation for the key: {key}.");
    assert_refused(rotate(&house, &key).await, Kind::InvalidState, &message);

    let mut ending = arriving(&house, &key, &[2; 32]).await;
    ending.import_type = Some("NEW_KEY_MATERIAL".to_owned());
    ending.expiration_model = None;
    ending.valid_to = Some(super::house_now(&house).after(DAY));
    import(&house, ending).await.unwrap();
    house.clock.advance(DAY);
    assert_refused(rotate(&house, &key).await, Kind::InvalidState, &message);
    assert_eq!(
        (state(&house, &key).await, listed(&house, &key, Some("ALL_KEY_MATERIAL")).await.len()),
        (KeyState::Enabled, 1)
    );
    house.service.tidy().await.unwrap();
    import_new(&house, &key, &[3; 32]).await.unwrap();
    rotate(&house, &key).await.unwrap();
}
