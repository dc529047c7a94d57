//! What callers do, and what they hold the service to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use tokio::sync::watch;

use crate::call;
use crate::harness::audit::Keys;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Plaintext, Refusal, openssl};

/// Nobody is refused for longer than this: faults last for seconds.
const PATIENCE: Duration = Duration::from_secs(60);

const SPEC: (KeySpec, KeyUsage) = (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac);

/// A key whose import was acknowledged, and what its MAC of a message is, by OpenSSL.
#[derive(Clone)]
struct Acknowledged {
    key_id: String,
    mac: Vec<u8>,
}

/// Everything that was acknowledged.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    held: VecDeque<Acknowledged>,
    keys: Keys,
    /// Answers and refusals, by operation.
    ended: BTreeMap<(&'static str, String), u64>,
    checked: u64,
    next: usize,
}

impl Ledger {
    fn pages<T>(&self, turn: impl FnOnce(&mut Pages) -> T) -> T {
        turn(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ended<T>(&self, operation: &'static str, answer: &Result<T, Refusal>) {
        let end = answer.as_ref().err().map_or("OK".to_owned(), |refusal| refusal.reason.clone());
        self.pages(|pages| *pages.ended.entry((operation, end)).or_default() += 1);
    }

    pub(super) fn keys(&self) -> Keys {
        self.pages(|pages| pages.keys.clone())
    }

    /// How many imports and how many uses have been acknowledged.
    pub(super) fn acknowledged(&self) -> (u64, u64) {
        self.pages(|pages| {
            let imports = pages.ended.get(&("ImportKeyMaterial", "OK".to_owned()));
            (imports.copied().unwrap_or_default(), pages.checked)
        })
    }

    /// What was asked and answered.
    pub(super) fn told(&self) -> String {
        self.pages(|pages| {
            let line =
                |((operation, end), times): (&(&'static str, String), &u64)| format!("{operation:28} {end:32} {times:8}");
            let lines: Vec<String> = pages.ended.iter().map(line).collect();
            format!("{}\nuses of acknowledged keys        checked {:8}", lines.join("\n"), pages.checked)
        })
    }
}

/// Asks until it is done. What may not be said is not.
async fn persist<T, F: Future<Output = Result<T, Refusal>>>(
    ledger: &Ledger,
    operation: &'static str,
    ask: impl Fn() -> F,
) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = ask().await;
        ledger.ended(operation, &answer);
        match answer {
            Ok(answer) => return answer,
            Err(refusal) => {
                let retryable = [
                    "DependencyTimeoutException",
                    "InvalidCiphertextException",
                    "KMSInternalException",
                    "LimitExceededException",
                    "ThrottlingException",
                ];
                assert!(retryable.contains(&&*refusal.reason), "{operation}: {}: {}", refusal.reason, refusal.message);
                assert!(Instant::now() < until, "{operation}: still {}: {}", refusal.reason, refusal.message);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A key, its parameters, its import, its use.
pub(super) async fn errand(client: &Client, ledger: &Ledger) {
    let create = pb::CreateKeyRequest {
        key_spec: crate::harness::client::wire_spec(SPEC.0).into(),
        key_usage: crate::harness::client::wire_usage(SPEC.1).into(),
        origin: pb::Origin::External.into(),
        ..Default::default()
    };
    let created = persist(ledger, "CreateKey", || async { call!(client.keys(), create_key, create.clone()) }).await;
    let key_id = created.key_metadata.unwrap().key_id;
    ledger.pages(|pages| pages.keys.insert(key_id.clone(), SPEC));
    let algorithm = WrappingAlgorithm::RsaesOaepSha1;
    let parameters = || client.parameters(&key_id, algorithm, WrappingKeySpec::Rsa2048);
    let material = Plaintext::for_spec(SPEC.0);
    let mut set = persist(ledger, "GetParametersForImport", parameters).await;
    loop {
        let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
        let until = Instant::now() + PATIENCE;
        let imported = loop {
            let answer = client.import(import_request(&set, ciphertext.clone())).await;
            ledger.ended("ImportKeyMaterial", &answer);
            match answer {
                Ok(_) => break true,
                // The set may be dead of the token's faults: one gets another.
                Err(refusal) if refusal.reason == "InvalidImportTokenException" => break false,
                Err(refusal) => assert!(Instant::now() < until, "still {}: {}", refusal.reason, refusal.message),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        if imported {
            break;
        }
        set = persist(ledger, "GetParametersForImport", parameters).await;
    }
    let acknowledged = Acknowledged { key_id, mac: openssl::hmac(HmacHash::Sha256, &material.bytes, b"message") };
    use_it(client, ledger, &acknowledged).await;
    ledger.pages(|pages| pages.held.push_back(acknowledged));
}

/// An acknowledged import is there, and is what was sent.
async fn use_it(client: &Client, ledger: &Ledger, Acknowledged { key_id, mac }: &Acknowledged) {
    let request = pb::GenerateMacRequest {
        message: b"message".to_vec(),
        key_id: key_id.clone(),
        mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
        ..Default::default()
    };
    let generate = || async { call!(client.cryptography(), generate_mac, request.clone()) };
    let answer = persist(ledger, "GenerateMac", generate).await;
    assert_eq!(answer.mac, *mac, "{key_id} is another key than was imported");
    ledger.pages(|pages| pages.checked += 1);
}

/// Uses one acknowledged key after the other, until told to stop.
pub(super) async fn check(client: Client, ledger: std::sync::Arc<Ledger>, stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let next = ledger.pages(|pages| {
            pages.next += 1;
            let held = pages.held.len();
            // Not the oldest ones: they may be deleted just now.
            (held > 40).then(|| pages.held[20 + pages.next % (held - 40)].clone())
        });
        match next {
            Some(acknowledged) => use_it(&client, &ledger, &acknowledged).await,
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Uses every acknowledged key that is held.
pub(super) async fn check_all(client: &Client, ledger: &Ledger) {
    for acknowledged in ledger.pages(|pages| pages.held.clone()) {
        use_it(client, ledger, &acknowledged).await;
    }
}

/// Deletes the material of the oldest keys, until so many are held.
pub(super) async fn forget_the_oldest(client: &Client, ledger: &Ledger, most: usize) {
    while let Some(oldest) = ledger.pages(|pages| (pages.held.len() > most).then(|| pages.held.pop_front()).flatten()) {
        persist(ledger, "DeleteImportedKeyMaterial", || client.delete_material(&oldest.key_id)).await;
    }
}

/// Waits until all sessions with the token are open again.
pub(super) async fn all_sessions(faults: &mut Faults, sessions: usize) {
    let until = Instant::now() + PATIENCE;
    while faults.open() != sessions {
        assert!(Instant::now() < until, "{} sessions, and not {sessions}", faults.open());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the pool is full, and nothing is claimed or doomed. Other replicas, for which the service leaves what it does not find
/// on record for a while, there are none.
pub(super) async fn quiet(daemon: &Daemon) {
    let until = Instant::now() + Duration::from_secs(180);
    loop {
        let Record { unsettled, wrapping_keys, .. } = Record::read(&daemon.installation).await;
        let ready = wrapping_keys.values().filter(|state| *state == "ready").count();
        let making = wrapping_keys.values().filter(|state| *state == "making").count();
        let filled = ready >= 16 && making == 0;
        if unsettled.is_empty() && filled {
            return;
        }
        assert!(Instant::now() < until, "it does not come to rest: {ready} ready, {making} making, {unsettled:?}");
        if !unsettled.is_empty() {
            Record::age_the_doomed(&daemon.installation).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
