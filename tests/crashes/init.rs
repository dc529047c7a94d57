//! A first start that is cut off is completed by the next.

use super::{Doing, FAILPOINT, assert_killed, steps, symmetric};
use crate::dev::Dev;
use crate::harness::client::import_request;
use crate::harness::{Daemon, Installation, Plaintext, Settings, audit};

#[tokio::test]
async fn an_init_that_is_cut_off_is_completed_by_doing_it_again() {
    for (step, _) in steps(Doing::Init) {
        let installation = Installation::uninitialised(Settings::default());
        let cut_off = installation.command("init").env(FAILPOINT, step).output().unwrap();
        assert_killed(cut_off.status, step, &String::from_utf8_lossy(&cut_off.stderr));
        Daemon::refusal_to_start(&installation);
        // Twice: what is complete stays as it is.
        for _ in 0..2 {
            let again = installation.command("init").output().unwrap();
            assert!(again.status.success(), "{step}: {}", String::from_utf8_lossy(&again.stderr));
        }
        let daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        let key = client.create_symmetric().await;
        let set = client.some_parameters(&key.key_id).await;
        client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.expect(step);
        drop(client);
        let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
        audit::assert_sound(&installation, &symmetric([&key.key_id])).await;
    }
}

#[test]
fn a_first_start_for_development_that_is_cut_off_is_repaired_by_the_next() {
    let dev = Dev::new();
    for (step, _) in steps(Doing::Token).chain(steps(Doing::Init)) {
        // The token is made by processes of their own; it is they that are killed.
        let cut_off = dev.command().env(FAILPOINT, step).output().unwrap();
        let said = String::from_utf8_lossy(&cut_off.stderr);
        assert_eq!(cut_off.status.code(), Some(1), "{step}: {said}");
        assert!(said.contains("signal: 9"), "{step} was not reached: {said}");
    }
    let dev = dev.serve();
    assert_eq!(dev.keyferry(&["list-keys"])["Keys"], serde_json::json!([]));
}
