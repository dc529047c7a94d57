//! An issue that is cut off: a wrapping key is handed out at most once, and one that is not on record as made is destroyed.

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};

use super::{After, Doing, FAILPOINT, killed, steps, symmetric};
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::record::Record;
use crate::harness::{Daemon, Installation, Plaintext, Settings, audit};

/// One pair is made as soon as the service starts, before anybody asks for one.
const POOL: &str = "\
[pool]
rsa_2048 = { low = 1, high = 1 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

#[tokio::test]
async fn a_pool_that_is_cut_off_while_it_fills_leaves_nothing_that_nobody_knows_of() {
    for (step, after) in steps(Doing::Issue).filter(|(_, after)| *after != After::Done) {
        let settings = Settings { host_assisted: "none", more: POOL.to_owned(), ..Settings::default() };
        let filling = Daemon::begin(Installation::new(settings), &[(FAILPOINT, step)]);
        let installation = killed(filling, step);
        audit::assert_no_orphans(&installation, step).await;
        let before = Record::read(&installation).await.wrapping_keys;

        let daemon = Daemon::serve(installation, &[]);
        daemon.wait_for_log(|line| field(line, "message") == "the pools are filled");
        let installation = daemon.terminate();
        audit::assert_sound(&installation, &symmetric(&[])).await;
        let pool = Record::read(&installation).await.wrapping_keys;
        assert_eq!(pool.values().collect::<Vec<_>>(), ["ready"], "{step}");
        assert_eq!(pool.keys().eq(before.keys()), after == After::Ready, "{step}: it stands ready, or another was made");
    }
}

#[tokio::test]
async fn an_issue_that_is_cut_off_leaves_nothing_that_nobody_knows_of() {
    let mut daemon = Daemon::start(Settings::default());
    let mut imported = Vec::new();
    for (step, after) in steps(Doing::Issue) {
        let client = daemon.client().await;
        let key = client.create_symmetric().await;
        drop(client);
        let failing = Daemon::serve(daemon.terminate(), &[(FAILPOINT, step)]);
        let before = Record::read(&failing.installation).await.wrapping_keys;
        let client = failing.client().await;
        let sent = client.parameters(&key.key_id, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await;
        sent.expect_err(step);
        drop(client);
        let installation = killed(failing, step);
        audit::assert_no_orphans(&installation, step).await;

        daemon = Daemon::serve(installation, &[]);
        audit::assert_sound(&daemon.installation, &symmetric(&imported)).await;
        let mut left = Record::read(&daemon.installation).await.wrapping_keys;
        left.retain(|object, _| !before.contains_key(object));
        let states: Vec<&str> = left.values().map(String::as_str).collect();
        let expected: &[&str] = match after {
            After::Undone => &[],
            After::Ready => &["ready"],
            After::Done => &["issued"],
        };
        assert_eq!(states, expected, "{step}");

        let client = daemon.client().await;
        let set = client.some_parameters(&key.key_id).await;
        let mut given = Record::read(&daemon.installation).await.wrapping_keys;
        given.retain(|object, state| !before.contains_key(object) && state == "issued");
        assert_eq!(given.len(), if after == After::Done { 2 } else { 1 }, "{step}: one more is issued, and no other");
        if after == After::Ready {
            assert!(given.keys().eq(left.keys()), "{step}: what stood ready was not used");
        }
        client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.expect(step);
        imported.push(key.key_id);
    }
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    audit::assert_sound(&installation, &symmetric(&imported)).await;
}
