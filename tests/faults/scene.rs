//! A daemon whose token fails as it is told, and what is asked of it before, while and after it does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use super::cases::{Case, Doing, Fault};
use crate::call;
use crate::harness::audit::{self, Keys};
use crate::harness::client::import_request;
use crate::harness::installation::NO_POOL;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Refusal, Settings, openssl};

/// How many pairs stand ready at most: so many cases, then they are made anew while nothing fails.
pub(super) const STOCK: usize = 24;

/// Within this the service serves again, once the token is well.
const HEALED: Duration = Duration::from_secs(10);

/// Nobody waits longer for an answer, whatever the token does.
const ANSWERED: Duration = Duration::from_secs(30);

/// One round of the janitor, and the next: what is doomed is gone by then.
const TIDIED: Duration = Duration::from_secs(6);

/// What is done after the answer is begun within this.
const LATE: Duration = Duration::from_millis(300);

/// How often what others change is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// An import that is ready to be sent.
pub(super) struct Import {
    key_id: String,
    material: Plaintext,
    request: pb::ImportKeyMaterialRequest,
}

impl Import {
    /// Whether the answer has the fingerprint of what was sent.
    fn is_named_by(&self, answer: &pb::ImportKeyMaterialResponse) -> bool {
        let proof = answer.key_material_proof.as_ref();
        proof.is_some_and(|proof| proof.fingerprint == self.material.fingerprint(&self.key_id))
    }
}

/// What came of a case.
pub(super) struct Outcome {
    pub(super) case: Case,
    /// Whether the call that was to fail was made at all.
    pub(super) fired: bool,
    /// `OK`, or the name of the error.
    pub(super) answer: String,
    /// From when the token was well again until a caller was served.
    pub(super) healed: Duration,
    /// Whether it served again at all.
    pub(super) well: bool,
    /// What must not be.
    pub(super) wrong: Vec<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { case, fired, answer, healed, well, wrong } = self;
        let reached = if *fired { "" } else { ", not reached" };
        write!(f, "{:?} {}: {answer}, {} ms{reached}", case.doing, case.rule(), healed.as_millis())?;
        let ill = if *well { "" } else { ", and it does not serve" };
        if wrong.is_empty() { Ok(()) } else { write!(f, ": WRONG: {}{ill}", wrong.join("; ")) }
    }
}

pub(super) struct Scene {
    daemon: Daemon,
    client: Client,
    pub(super) faults: Faults,
    keys: Keys,
    /// The public halves that were handed out.
    issued: BTreeSet<Vec<u8>>,
    doing: Doing,
    /// What an earlier case has left unsettled: it is that one's fault.
    left: BTreeSet<String>,
}

impl Scene {
    /// A new one.
    pub(super) async fn new(doing: Doing) -> Self {
        let low = match doing {
            // Made for who asks.
            Doing::Make => None,
            // Made anew when the last is taken, or this would go on in the middle of a case.
            Doing::Issue => Some(1),
            // Made anew at once: cases take none.
            Doing::Import | Doing::Heal => Some(STOCK),
        };
        let pool = low.map(|low| {
            format!("[pool]\nsessions = 2\nrsa_2048 = {{ low = {low}, high = {STOCK} }}\n")
                + "rsa_3072 = { low = 0, high = 0 }\nrsa_4096 = { low = 0, high = 0 }\n"
        });
        let more = pool.unwrap_or_else(|| NO_POOL.to_owned());
        let settings = Settings { host_assisted: "none", max_attempts: 1000, more, faults: true, ..Settings::default() };
        let installation = Installation::new(settings);
        // Else the log is signed for in the middle of a case, and it is this that fails.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        Self { daemon, client, faults, keys: Keys::new(), issued: BTreeSet::new(), doing, left: BTreeSet::new() }
    }

    /// Waits until enough pairs stand ready for what comes next, and nobody makes any.
    pub(super) async fn filled(&mut self) {
        let enough = match self.doing {
            Doing::Make => return,
            // A case takes one, and another where the first was refused.
            Doing::Issue => 3,
            Doing::Import | Doing::Heal => STOCK,
        };
        loop {
            let states = Record::read(&self.daemon.installation).await.wrapping_keys;
            let count = |wanted: &str| states.values().filter(|state| *state == wanted).count();
            match (count("ready"), count("making")) {
                (ready, 0) if ready >= enough => return,
                (ready, 0) if self.doing == Doing::Issue && ready > 0 => {
                    let key_id = self.key().await;
                    let set = self.issue(&key_id).await.unwrap();
                    assert!(self.issued.insert(set.public_key), "a pair was handed out twice");
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// A key without material.
    pub(super) async fn key(&mut self) -> String {
        let key = self.client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
        self.keys.insert(key.key_id.clone(), (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac));
        key.key_id
    }

    /// Gets parameters for a key.
    async fn issue(&mut self, key_id: &str) -> Result<pb::GetParametersForImportResponse, Refusal> {
        let (algorithm, spec) = (WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa2048);
        answered(self.client.parameters(key_id, algorithm, spec)).await
    }

    /// Material for this key, wrapped under this set.
    fn wrapped(&self, key_id: &str, set: &pb::GetParametersForImportResponse) -> Import {
        let material = Plaintext::for_spec(KeySpec::Hmac256);
        let ciphertext = material.wrap(Wrapper::RustCrypto, WrappingAlgorithm::RsaesOaepSha1, &set.public_key);
        Import { key_id: key_id.to_owned(), material, request: import_request(set, ciphertext) }
    }

    /// An import that is ready to be sent.
    pub(super) async fn prepare(&mut self) -> Import {
        let key_id = self.key().await;
        let set = self.issue(&key_id).await.unwrap();
        assert!(self.issued.insert(set.public_key.clone()), "a pair was handed out twice");
        self.wrapped(&key_id, &set)
    }

    pub(super) async fn send(&self, import: &Import) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
        answered(self.client.import(import.request.clone())).await
    }

    /// The calls of each function, where nothing fails.
    pub(super) async fn learn(&mut self, doing: Doing) -> Vec<(String, u64)> {
        // Once for what is done the first time only.
        for _ in 0..2 {
            let key_id = self.key().await;
            let import = match doing {
                Doing::Import | Doing::Heal => Some(self.prepare().await),
                Doing::Issue | Doing::Make => None,
            };
            self.filled().await;
            self.settled().await.unwrap();
            self.faults.reset();
            match (doing, &import) {
                (Doing::Heal, Some(import)) => {
                    self.faults.rule(LOGOUT);
                    let _refused = self.send(import).await;
                    self.faults.clear();
                    self.serves_again(import).await.unwrap();
                }
                (_, Some(import)) => drop(self.send(import).await.unwrap()),
                (_, None) => drop(self.issue(&key_id).await.unwrap()),
            }
            self.settled().await.unwrap();
        }
        let mut counts = self.faults.counts();
        if doing == Doing::Heal {
            // The rest is as in any import.
            counts.retain(|function, _| OF_HEALING.contains(&&**function));
        }
        counts.into_iter().collect()
    }

    /// Has the token fail, and looks at what comes of it.
    pub(super) async fn run(&mut self, case: &Case, import: Option<Import>) -> Outcome {
        let key_id = match &import {
            Some(import) => import.key_id.clone(),
            None => self.key().await,
        };
        if case.doing == Doing::Heal {
            self.faults.rule(LOGOUT);
        }
        self.faults.rule(&case.rule());
        let mut wrong = Vec::new();
        let (answer, import) = match import {
            Some(import) => {
                let mut answer = self.send(&import).await;
                // What it takes to have the login back is done while others ask.
                let until = Instant::now() + HEALED;
                while case.doing == Doing::Heal
                    && answer.as_ref().is_err_and(|refusal| is_right(case, refusal))
                    && !self.has_fired(case)
                    && Instant::now() < until
                {
                    answer = self.send(&import).await;
                }
                if let Ok(answer) = &answer
                    && !import.is_named_by(answer)
                {
                    wrong.push("it names another material than was sent".to_owned());
                }
                (answer.map(drop), Some(import))
            }
            None => match self.issue(&key_id).await {
                Ok(set) => {
                    if !self.issued.insert(set.public_key.clone()) {
                        wrong.push("a pair was handed out twice".to_owned());
                    }
                    (Ok(()), Some(self.wrapped(&key_id, &set)))
                }
                Err(refusal) => (Err(refusal), None),
            },
        };
        let fired = self.fires(case).await;
        self.faults.clear();
        let began = Instant::now();
        if let Err(refusal) = &answer
            && !is_right(case, refusal)
        {
            wrong.push(format!("refused with {}: {}", refusal.reason, refusal.message));
        }
        let again = self.heal(&key_id, import, &answer).await;
        let (healed, well) = (began.elapsed(), again.is_ok());
        wrong.extend(again.err());
        wrong.extend(self.settled().await.err());
        let answer = answer.map_or_else(|refusal| refusal.reason, |()| "OK".to_owned());
        Outcome { case: case.clone(), fired, answer, healed, well, wrong }
    }

    /// Whether the call that is to fail has come.
    fn has_fired(&mut self, case: &Case) -> bool {
        let rule = case.rule();
        let fired = |line: &String| line.split_once(' ').is_some_and(|(count, text)| count != "0" && text == rule);
        self.faults.ask("fired").iter().any(fired)
    }

    /// Waits until it comes: perhaps not before whoever asked has their answer.
    async fn fires(&mut self, case: &Case) -> bool {
        let until = Instant::now() + LATE;
        while !self.has_fired(case) {
            if Instant::now() > until {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }

    /// Asks again until it is done, and uses what was imported.
    async fn heal(&mut self, key_id: &str, import: Option<Import>, answer: &Result<(), Refusal>) -> Result<(), String> {
        let import = match import {
            Some(import) => import,
            None => {
                let until = Instant::now() + HEALED;
                let set = loop {
                    match self.issue(key_id).await {
                        Ok(set) => break set,
                        Err(refusal) if Instant::now() > until => {
                            return Err(format!("no parameters after {HEALED:?}: {}: {}", refusal.reason, refusal.message));
                        }
                        Err(_) => tokio::time::sleep(LOOK).await,
                    }
                };
                if !self.issued.insert(set.public_key.clone()) {
                    return Err("a pair was handed out twice".to_owned());
                }
                self.wrapped(key_id, &set)
            }
        };
        // What was answered once is answered again, and what was refused can be done.
        self.serves_again(&import).await.map_err(|error| match answer {
            Ok(()) => format!("after success: {error}"),
            Err(refusal) => format!("after {}: {error}", refusal.reason),
        })
    }

    /// The very same import, until it is done; and then its key is used.
    pub(super) async fn serves_again(&self, import: &Import) -> Result<(), String> {
        let until = Instant::now() + HEALED;
        let answer = loop {
            match self.send(import).await {
                Ok(answer) => break answer,
                Err(refusal) if Instant::now() > until => {
                    return Err(format!("not imported after {HEALED:?}: {}: {}", refusal.reason, refusal.message));
                }
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        };
        if !import.is_named_by(&answer) {
            return Err("it names another material than was sent".to_owned());
        }
        let until = Instant::now() + HEALED;
        let expected = openssl::hmac(HmacHash::Sha256, &import.material.bytes, b"message");
        loop {
            let request = pb::GenerateMacRequest {
                message: b"message".to_vec(),
                key_id: import.key_id.clone(),
                mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
                ..Default::default()
            };
            match call!(self.client.cryptography(), generate_mac, request) {
                Ok(answer) if answer.mac == expected => return Ok(()),
                Ok(_) => return Err("an acknowledged import has another key than was sent".to_owned()),
                Err(refusal) if Instant::now() > until => {
                    return Err(format!("an acknowledged import is lost: {}: {}", refusal.reason, refusal.message));
                }
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Waits until nothing is claimed or doomed any more.
    async fn settled(&mut self) -> Result<(), String> {
        let until = Instant::now() + TIDIED;
        loop {
            let mut unsettled = Record::read(&self.daemon.installation).await.unsettled;
            unsettled.retain(|object, _| !self.left.contains(object));
            if unsettled.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                self.left.extend(unsettled.keys().cloned());
                return Err(format!("unsettled after {TIDIED:?}: {unsettled:?}"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts the daemon again.
    pub(super) async fn restarted(self) -> Self {
        let Self { daemon, client, keys, issued, doing, left, .. } = self;
        drop(client);
        let daemon = Daemon::serve(daemon.terminate(), &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        Self { daemon, client, faults, keys, issued, doing, left }
    }

    /// What the daemon has to say.
    pub(super) fn log(&self) -> String {
        self.daemon.log()
    }

    /// Ends the daemon, and checks every object of the token, and the record; or, where something is unsettled already, that there
    /// is nothing that nobody knows of.
    pub(super) async fn end(self) {
        drop(self.client);
        let installation = self.daemon.terminate();
        if self.left.is_empty() {
            audit::assert_sound(&installation, &self.keys).await;
        } else {
            audit::assert_no_orphans(&installation, "at the end").await;
        }
    }
}

/// What is answered, in time; else what no caller should see.
async fn answered<T>(call: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    match tokio::time::timeout(ANSWERED, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::from(tonic::Status::deadline_exceeded(format!("no answer in {ANSWERED:?}")))),
    }
}

/// What is called to have the login back, and every handle.
const OF_HEALING: [&str; 7] = [
    "C_CloseSession",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_FindObjectsInit",
    "C_GetSessionInfo",
    "C_Login",
    "C_OpenSession",
];

/// The token forgets the login in the middle of an import.
pub(super) const LOGOUT: &str = "C_UnwrapKey 1 logout";

/// Whether it is said as it is: the caller is told to try again, that the token is full where it says so, or no more than that it is
/// ours to see to; and never that the caller has no such key, or that their import token is bad.
fn is_right(case: &Case, refusal: &Refusal) -> bool {
    let said = match case.fault {
        Fault::Return(said) | Fault::After(said) => said,
        Fault::Lie => "",
    };
    match &*refusal.reason {
        "DependencyTimeoutException" | "KMSInternalException" | "ThrottlingException" => true,
        "LimitExceededException" => said == "CKR_DEVICE_MEMORY",
        // What RSA touched reads the same, whatever failed.
        "InvalidCiphertextException" => matches!(case.doing, Doing::Import | Doing::Heal),
        "UnsupportedOperationException" => said.starts_with("CKR_MECHANISM") || said == "CKR_FUNCTION_NOT_SUPPORTED",
        _ => false,
    }
}
