//! What the service stands on goes away and comes back: nothing that was acknowledged is lost, and it is back by itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use sha2::Sha256;

use crate::call;
use crate::harness::audit::{self, Keys};
use crate::harness::client::{import_request, wire_spec, wire_usage};
use crate::harness::daemon::field;
use crate::harness::mount::Mount;
use crate::harness::postgres_server::{PostgresServer, fill};
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Installation, Plaintext, Refusal, Settings};

/// How long it is waited for that it serves again.
const BACK: Duration = Duration::from_secs(60);

const MESSAGE: &[u8] = b"what the keys are put to work on";

/// An HMAC key that was acknowledged, and its material.
type Imported = (String, Vec<u8>);

async fn import(client: &Client) -> Result<Imported, Refusal> {
    let request = pb::CreateKeyRequest {
        key_spec: wire_spec(KeySpec::Hmac256).into(),
        key_usage: wire_usage(KeyUsage::GenerateVerifyMac).into(),
        origin: pb::Origin::External.into(),
        ..Default::default()
    };
    let key = call!(client.keys(), create_key, request)?.key_metadata.unwrap().key_id;
    let set = client.parameters(&key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await?;
    let material = Plaintext::for_spec(KeySpec::Hmac256);
    client.import(import_request(&set, material.wrap_simply(&set.public_key))).await?;
    Ok((key, material.bytes))
}

async fn mac(client: &Client, key: &str) -> Result<Vec<u8>, Refusal> {
    let request = pb::GenerateMacRequest {
        message: MESSAGE.to_vec(),
        key_id: key.to_owned(),
        mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
        ..Default::default()
    };
    call!(client.cryptography(), generate_mac, request).map(|made| made.mac)
}

/// Checks that every key that was acknowledged works with the material that was imported.
async fn assert_held(client: &Client, imported: &[Imported]) {
    for (key, material) in imported {
        let expected = Hmac::<Sha256>::new_from_slice(material).unwrap().chain_update(MESSAGE).finalize().into_bytes();
        assert_eq!(mac(client, key).await.unwrap(), expected.as_slice(), "{key}");
    }
}

/// Imports until it succeeds once more, which must be soon.
#[track_caller]
fn back(client: &Client, since: Instant) -> impl Future<Output = Imported> {
    let client = client.clone();
    async move {
        loop {
            match import(&client).await {
                Ok(imported) => {
                    assert!(since.elapsed() < BACK, "it took {:?}", since.elapsed());
                    return imported;
                }
                Err(refusal) => assert!(since.elapsed() < BACK, "it does not come back: {refusal:?}"),
            }
        }
    }
}

/// Callers who import all the time, until they are told to stop: what was acknowledged to them.
struct Callers {
    stop: Arc<AtomicBool>,
    calling: Vec<tokio::task::JoinHandle<Vec<Imported>>>,
}

impl Callers {
    fn begin(client: &Client) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let caller = |_| {
            let (client, stop) = (client.clone(), stop.clone());
            tokio::spawn(async move {
                let mut imported = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    imported.extend(import(&client).await);
                }
                imported
            })
        };
        Self { calling: (0..3).map(caller).collect(), stop }
    }

    async fn end(self) -> Vec<Imported> {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for caller in self.calling {
            all.extend(caller.await.unwrap());
        }
        all
    }
}

/// Checks token and record when all claims are old. Every key of the record is an HMAC key.
async fn assert_sound(installation: Installation) {
    let mut installation = installation;
    for _ in 0..2 {
        Record::age_all_that_is_under_way(&installation).await;
        installation = Daemon::serve(installation, &[]).terminate();
    }
    let record = Record::read(&installation).await;
    let spec = (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac);
    let keys: Keys = record.materials.into_values().map(|key| (key, spec)).collect();
    audit::assert_sound(&installation, &keys).await;
    keyferry::audit::verify(&[installation.file("audit.jsonl")], None).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_and_started_again_loses_nothing_that_was_acknowledged() {
    let mut server = PostgresServer::start().await;
    let daemon = Daemon::start(Settings { store_url: Some(server.url()), ..Settings::default() });
    let client = daemon.client().await;
    let mut imported = Vec::new();
    for hard in [true, false, true] {
        let callers = Callers::begin(&client);
        imported.push(back(&client, Instant::now()).await);
        if hard {
            server.kill()
        } else {
            server.stop_immediately()
        }
        import(&client).await.unwrap_err().assert_is("DependencyTimeoutException", "the database is gone");
        server.serve().await;
        imported.push(back(&client, Instant::now()).await);
        imported.extend(callers.end().await);
        assert_held(&client, &imported).await;
    }
    drop(client);
    assert_sound(daemon.terminate()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_disk_is_full_loses_nothing_that_was_acknowledged() {
    let Some(mut server) = PostgresServer::on_a_disk_of(96).await else { return skipped("a disk cannot be mounted") };
    let daemon = Daemon::start(Settings { store_url: Some(server.url()), ..Settings::default() });
    let client = daemon.client().await;
    let mut imported = vec![import(&client).await.unwrap()];
    server.fill_the_disk().await;
    // Until a row needs a page more than there is, or the log a file.
    let refusal = loop {
        match import(&client).await {
            Ok(more) => imported.push(more),
            Err(refusal) => break refusal,
        }
        assert!(imported.len() < 100, "it has room");
    };
    refusal.assert_is("DependencyTimeoutException", "the disk is full");
    server.free_the_disk();
    // Where its log found no room it has ended.
    server.serve().await;
    imported.push(back(&client, Instant::now()).await);
    assert_held(&client, &imported).await;
    drop(client);
    assert_sound(daemon.terminate()).await;
}

/// Serves over a token, takes it away, has it back, and checks what is left.
async fn without_the_token<T>(small: bool, take: impl Fn(&Path) -> Option<T>, give_back: impl Fn(&Path, T)) {
    let installation = Installation::new(Settings::default());
    let folder = installation.token.folder();
    let mut disk = None;
    if small {
        let moved = folder.with_extension("moved");
        std::fs::rename(&folder, &moved).unwrap();
        std::fs::create_dir(&folder).unwrap();
        let Some(mounted) = Mount::small(&folder, 1) else { return skipped("a disk cannot be mounted") };
        disk = Some(mounted);
        let mut copy = std::process::Command::new("sh");
        let copied = copy.args(["-c", "cp -a \"$1\"/. \"$2\"", "sh"]).arg(&moved).arg(&folder);
        assert!(copied.status().unwrap().success());
    }
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let mut imported = vec![import(&client).await.unwrap()];
    let callers = Callers::begin(&client);
    let Some(taken) = take(&folder) else {
        callers.end().await;
        return skipped("nothing can be mounted");
    };
    // What is acknowledged without a place to keep it would be a lie; of what there was, some may still be answered.
    for _ in 0..3 {
        imported.extend(import(&client).await);
    }
    imported.extend(callers.end().await);
    give_back(&folder, taken);
    imported.push(back(&client, Instant::now()).await);
    assert_held(&client, &imported).await;
    drop(client);
    // Whatever the process remembers, the next one finds it so.
    let daemon = Daemon::serve(daemon.terminate(), &[]);
    assert_held(&daemon.client().await, &imported).await;
    assert_sound(daemon.terminate()).await;
    drop(disk);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_folder_is_moved_away_is_served_again_when_it_is_back() {
    let away = |folder: &Path| folder.with_extension("away");
    let take = |folder: &Path| std::fs::rename(folder, away(folder)).ok();
    without_the_token(false, take, |folder, ()| std::fs::rename(away(folder), folder).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_destroyed_while_the_token_shows_nothing_is_destroyed_when_it_is_back() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let (deleted, _) = import(&client).await.unwrap();
    let folder = daemon.installation.token.folder();
    let away = folder.with_extension("away");
    std::fs::rename(&folder, &away).unwrap();
    // The record alone is asked for it; and then a token that finds nothing, and says no error.
    client.delete_material(&deleted).await.unwrap();
    daemon.wait_for_log(|line| field(line, "message") == "the token does not serve");
    assert!(Record::read(&daemon.installation).await.unsettled.values().any(|what| what == "doomed"));
    std::fs::rename(&away, &folder).unwrap();
    let imported = [back(&client, Instant::now()).await];
    assert_held(&client, &imported).await;
    drop(client);
    assert_sound(daemon.terminate()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_can_only_be_read_is_served_again_when_it_can_be_written() {
    without_the_token(false, Mount::read_only, |_, mount| drop(mount)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_disk_is_full_acknowledges_nothing_that_it_does_not_keep() {
    let full = |folder: &Path| {
        fill(&folder.join("filling"));
        Some(())
    };
    without_the_token(true, full, |folder, ()| std::fs::remove_file(folder.join("filling")).unwrap()).await;
}

#[allow(clippy::print_stderr)]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
