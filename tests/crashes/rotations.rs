//! Rotations that are cut off.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use super::{After, Doing, FAILPOINT, killed, steps, symmetric};
use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext, Settings, audit};

fn rotate(key_id: &str) -> pb::RotateKeyOnDemandRequest {
    pb::RotateKeyOnDemandRequest { key_id: key_id.to_owned() }
}

/// The materials that have taken their turn.
async fn rotations(client: &Client, key_id: &str) -> Vec<String> {
    let request = pb::ListKeyRotationsRequest { key_id: key_id.to_owned(), ..Default::default() };
    let listed = call!(client.rotations(), list_key_rotations, request).unwrap();
    listed.rotations.into_iter().map(|rotation| rotation.key_material_id).collect()
}

async fn import(client: &Client, key_id: &str, material: &Plaintext, import_type: pb::ImportType) {
    let set = client.some_parameters(key_id).await;
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    client.import(pb::ImportKeyMaterialRequest { import_type: import_type.into(), ..request }).await.unwrap();
}

#[tokio::test]
async fn generated_material_whose_turn_is_cut_off_has_it_or_was_never_there() {
    let mut daemon = Daemon::start(Settings::default());
    let key = daemon.client().await.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await.key_id;
    let mut before = Vec::new();
    for (step, after) in steps(Doing::RotateMade) {
        let failing = Daemon::serve(daemon.terminate(), &[(FAILPOINT, step)]);
        call!(failing.client().await.rotations(), rotate_key_on_demand, rotate(&key)).expect_err(step);
        let installation = killed(failing, step);
        audit::assert_no_orphans(&installation, step).await;

        daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        audit::assert_sound(&daemon.installation, &symmetric([&key])).await;
        let now = rotations(&client, &key).await;
        assert_eq!(now.len() - before.len(), usize::from(after == After::Done), "{step}");
        call!(client.rotations(), rotate_key_on_demand, rotate(&key)).expect(step);
        before = rotations(&client, &key).await;
        let described = client.describe(&key).await;
        assert_eq!(described.key_state(), pb::KeyState::Enabled, "{step}");
        assert_eq!(Some(&described.current_key_material_id), before.last(), "{step}");
    }
}

#[tokio::test]
async fn imported_material_whose_turn_is_cut_off_has_it() {
    for (step, _) in steps(Doing::Rotate) {
        let daemon = Daemon::start(Settings::default());
        let client = daemon.client().await;
        let key = client.create_symmetric().await.key_id;
        let [first, second] = [Plaintext::aes(), Plaintext::aes()];
        for material in [&first, &second] {
            import(&client, &key, material, pb::ImportType::NewKeyMaterial).await;
        }
        drop(client);
        let failing = Daemon::serve(daemon.terminate(), &[(FAILPOINT, step)]);
        call!(failing.client().await.rotations(), rotate_key_on_demand, rotate(&key)).expect_err(step);
        let installation = killed(failing, step);

        let daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        audit::assert_sound(&daemon.installation, &symmetric([&key])).await;
        assert_eq!(client.describe(&key).await.current_key_material_id, second.fingerprint(&key), "{step}");
        assert_eq!(rotations(&client, &key).await, [second.fingerprint(&key)], "{step}");
        let again = call!(client.rotations(), rotate_key_on_demand, rotate(&key)).expect_err(step);
        again.assert_is("KMSInvalidStateException", step);
        import(&client, &key, &first, pb::ImportType::ExistingKeyMaterial).await;
    }
}
