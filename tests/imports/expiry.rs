//! Material with an end: shown, changed, and kept to.

use std::time::{Duration, SystemTime};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::harness::audit;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext, Settings};

/// Imports material that ends at a moment, or never.
async fn import(client: &Client, key: &pb::KeyMetadata, material: &Plaintext, end: Option<SystemTime>) {
    let set = client.some_parameters(&key.key_id).await;
    let mut request = import_request(&set, material.wrap_simply(&set.public_key));
    if let Some(end) = end {
        request.valid_to = Some(end.into());
        request.expiration_model = pb::ExpirationModel::KeyMaterialExpires.into();
    }
    client.import(request).await.unwrap();
}

#[tokio::test]
async fn the_end_of_material_is_shown_to_the_millisecond_and_changed_by_importing_again() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let material = Plaintext::aes();
    let end = SystemTime::now() + Duration::from_secs(364 * 24 * 60 * 60);
    for end in [Some(end), None, Some(end - Duration::from_secs(1))] {
        import(&client, &key, &material, end).await;
        let described = client.describe(&key.key_id).await;
        assert_eq!(described.key_state(), pb::KeyState::Enabled);
        let (model, shown) = match end {
            Some(end) => {
                let mut shown = prost_types::Timestamp::from(end);
                shown.nanos -= shown.nanos % 1_000_000;
                (pb::ExpirationModel::KeyMaterialExpires, Some(shown))
            }
            None => (pb::ExpirationModel::KeyMaterialDoesNotExpire, None),
        };
        assert_eq!((described.expiration_model(), described.valid_to), (model, shown));
    }
}

#[tokio::test]
async fn material_ends_at_its_end_and_leaves_the_token() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let (ending, staying) = (client.create_symmetric().await, client.create_symmetric().await);
    let material = Plaintext::aes();
    import(&client, &staying, &material, None).await;
    // Far enough for the import on a busy machine, and soon enough to wait for.
    let end = SystemTime::now() + Duration::from_secs(6);
    import(&client, &ending, &material, Some(end)).await;
    assert_eq!(client.describe(&ending.key_id).await.key_state(), pb::KeyState::Enabled);

    // The event is the clock's.
    tokio::time::sleep(end.duration_since(SystemTime::now()).unwrap_or_default() + Duration::from_millis(2)).await;
    let described = client.describe(&ending.key_id).await;
    assert_eq!((described.key_state(), described.enabled), (pb::KeyState::PendingImport, false));
    assert_eq!((described.expiration_model(), described.valid_to), (pb::ExpirationModel::Unspecified, None));
    assert_eq!(described.current_key_material_id, material.fingerprint(&ending.key_id), "the key remembers");
    assert_eq!(client.describe(&staying.key_id).await.key_state(), pb::KeyState::Enabled);

    drop(client);
    let keys =
        [&ending, &staying].map(|key| (key.key_id.clone(), (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))).into();
    let daemon = Daemon::serve(daemon.terminate(), &[]);
    let client = daemon.client().await;
    import(&client, &ending, &material, None).await;
    drop(client);
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    let objects = audit::assert_sound(&installation, &keys).await;
    let materials = objects.iter().filter(|object| object.label.starts_with("keyferry/material/")).count();
    assert_eq!(materials, 2, "the old object of the ending key is gone, the new one is there");
}
