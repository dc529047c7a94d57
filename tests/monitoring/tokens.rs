//! What is told while the token fails, how long callers wait to be told so, and that all of it is over by itself when the token is well.

use std::time::{Duration, Instant};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use super::health::{EACH, Watch, part, serving};
use super::{get, value, watched};
use crate::call;
use crate::harness::daemon::field;
use crate::harness::{Client, Daemon, Faults, Installation, Refusal, Settings};

/// The services most of whose calls do without the token, and all together is none of them.
const WITHOUT: [&str; 4] =
    ["keyferry.v1.AliasService", "keyferry.v1.KeyService", "keyferry.v1.OperatorService", "keyferry.v1.RotationService"];

/// Once it is known that the token does not serve nobody waits for it: milliseconds, but this machine may be busy, and so it is one of
/// some callers.
const AT_ONCE: Duration = Duration::from_secs(1);

/// So many callers.
const TRIES: usize = 20;

/// Long enough for any of it on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A daemon whose token fails as it is told, with a key in it, and those who watch.
struct Watched {
    daemon: Daemon,
    client: Client,
    faults: Faults,
    key_id: String,
    all: Watch,
    imports: Watch,
    keys: Watch,
}

impl Watched {
    /// One that waits so many seconds for the token.
    async fn new(longest_call: u32) -> Self {
        let installation = Installation::new(Settings { faults: true, ..watched() });
        let hsm = format!("longest_call_seconds = {longest_call}\nsessions = 2\nhost_assisted = ");
        installation.edit_config("host_assisted = ", &hsm);
        // Else the log is signed for in the middle of a test, and it is this that meets the fault.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        let key = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
        let mut all = Watch::begin(&client, "").await;
        let mut imports = Watch::begin(&client, "keyferry.v1.ImportService").await;
        let mut keys = Watch::begin(&client, "keyferry.v1.KeyService").await;
        for watch in [&mut all, &mut imports, &mut keys] {
            watch.until(ServingStatus::Serving).await;
        }
        let watched = Self { daemon, client, faults, key_id: key.key_id, all, imports, keys };
        watched.use_key().await.unwrap();
        watched
    }

    async fn use_key(&self) -> Result<(), Refusal> {
        let request = pb::EncryptRequest { key_id: self.key_id.clone(), plaintext: b"dawn".to_vec(), ..Default::default() };
        call!(self.client.cryptography(), encrypt, request).map(drop)
    }

    /// The refusal of a call that needs the token, and how long its caller waits for it.
    async fn refused(&self) -> Duration {
        let began = Instant::now();
        let refusal = self.use_key().await.unwrap_err();
        let waited = began.elapsed();
        refusal.assert_is("DependencyTimeoutException", "the token fails");
        assert_eq!(refusal.code, Code::Unavailable);
        assert!(refusal.retry.is_some_and(|retry| !retry.is_zero()), "no RetryInfo in {refusal:?}");
        waited
    }

    /// Waits until this is said of the token, and looks what everybody else is told then.
    async fn is_told(&mut self, trouble: &str, reason: &str) {
        let (began, said) = (Instant::now(), format!("token: {trouble} since "));
        while !get(&self.daemon, "/readyz").1.starts_with(&said) {
            assert!(began.elapsed() < PATIENCE, "{trouble} is never told of:\n{}", self.daemon.log());
        }
        for watch in [&mut self.all, &mut self.imports] {
            watch.until(ServingStatus::NotServing).await;
        }
        assert_eq!(serving(&self.client).await, WITHOUT, "{trouble}");
        let token = part(&self.client, "token").await;
        assert!(!token.serving && token.since.is_some(), "{token:?}");
        assert_eq!(token.reason, reason);
        let (ready, told) = get(&self.daemon, "/readyz");
        assert!(ready == 503 && told.starts_with(&said), "{told}");
        assert!(told.contains("\nstore: ok since ") && told.contains("\naudit: ok since "), "{told}");
        assert_eq!(get(&self.daemon, "/livez"), (200, "alive\n".to_owned()), "{trouble}: another process would not help");
        let (status, told) = get(&self.daemon, "/metrics");
        let values = [
            ("keyferry_ready".to_owned(), 0.0),
            (r#"keyferry_up{part="token"}"#.to_owned(), 0.0),
            (r#"keyferry_up{part="store"}"#.to_owned(), 1.0),
            (r#"keyferry_up{part="audit"}"#.to_owned(), 1.0),
            (format!(r#"keyferry_trouble{{part="token",reason="{trouble}"}}"#), 1.0),
        ];
        for (metric, wanted) in values {
            assert_eq!((status, value(&told, &metric)), (200, Some(wanted)), "{metric}:\n{told}");
        }
        assert_eq!(told.matches("\nkeyferry_trouble{").count(), 1, "{told}");
        // The record is there, and so is what it knows.
        assert!(told.contains("keyferry_keys{"), "{told}");
        self.client.describe(&self.key_id).await;
        let mut waited = Vec::new();
        while waited.iter().all(|waited| *waited >= AT_ONCE) {
            assert!(waited.len() < TRIES, "{trouble}: callers wait {waited:?}");
            waited.push(self.refused().await);
        }
    }

    /// Waits until everybody is told that all is well, which nobody brings about.
    async fn is_over(&mut self) -> Duration {
        let began = Instant::now();
        for watch in [&mut self.all, &mut self.imports] {
            watch.until(ServingStatus::Serving).await;
        }
        let healed = began.elapsed();
        self.use_key().await.unwrap();
        assert_eq!(serving(&self.client).await, EACH);
        let token = part(&self.client, "token").await;
        assert!(token.serving && token.reason.is_empty() && token.since.is_some(), "{token:?}");
        assert_eq!((get(&self.daemon, "/readyz").0, get(&self.daemon, "/livez").0), (200, 200));
        let told = get(&self.daemon, "/metrics").1;
        for up in ["keyferry_ready", r#"keyferry_up{part="token"}"#] {
            assert_eq!(value(&told, up), Some(1.0), "{told}");
        }
        assert!(!told.contains("\nkeyferry_trouble{"), "{told}");
        healed
    }
}

const ABSENT: &str = "the token is not in its slot, or the slot is gone";
const NO_SESSION: &str = "the token opens no session, or loses each one";
const FAILING: &str = "the token answers, but does not do what it was found able to do";
const HANGING: &str = "calls do not come back from the token";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_away_or_fails_is_told_everywhere_with_its_reason_and_so_is_its_return() {
    let mut watched = Watched::new(30).await;
    // What uses answer, and what is answered to who opens another session then.
    let cases: [(&[&str], _, _); 6] = [
        (&["absent"], "token-absent", ABSENT),
        (&["CKR_SESSION_CLOSED", "CKR_TOKEN_NOT_PRESENT"], "token-absent", ABSENT),
        (&["CKR_SESSION_CLOSED", "CKR_DEVICE_REMOVED"], "token-absent", ABSENT),
        (&["CKR_SESSION_CLOSED", "CKR_DEVICE_ERROR"], "no-session", NO_SESSION),
        (&["CKR_SESSION_CLOSED", "CKR_SESSION_COUNT"], "no-session", NO_SESSION),
        (&["CKR_DEVICE_ERROR"], "token-fails", FAILING),
    ];
    for (orders, trouble, reason) in cases {
        match orders {
            [said, opened @ ..] if said.starts_with("CKR_") => {
                for opened in opened {
                    watched.faults.rule(&format!("C_OpenSession * return {opened}"));
                }
                for function in ["C_EncryptInit", "C_SignInit"] {
                    watched.faults.rule(&format!("{function} * return {said}"));
                }
            }
            orders => orders.iter().for_each(|order| drop(watched.faults.ask(order))),
        }
        let waited = watched.refused().await;
        watched.is_told(trouble, reason).await;
        watched.faults.ask("present");
        watched.faults.clear();
        let healed = watched.is_over().await;
        println!("{orders:?}: refused first after {waited:?}, healed after {healed:?}");
    }
    // Those who need no token were never told anything.
    watched.keys.never_ceased().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_hangs_is_told_everywhere_and_so_is_its_return() {
    let mut watched = Watched::new(3).await;
    watched.faults.rule("* * hang");
    let waited = watched.refused().await;
    watched.is_told("token-hangs", HANGING).await;
    watched.faults.clear();
    let healed = watched.is_over().await;
    println!("hang: refused first after {waited:?}, healed after {healed:?}");
    let hanging = || value(&get(&watched.daemon, "/metrics").1, "keyferry_token_calls_hanging");
    while hanging() != Some(0.0) {}
    watched.keys.never_ceased().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_pin_is_told_everywhere_and_stays_refused_until_another_process_tries_it() {
    let mut watched = Watched::new(30).await;
    watched.faults.reset();
    watched.faults.rule("C_Login * return CKR_PIN_INCORRECT");
    watched.faults.rule("C_EncryptInit 1 logout");
    let waited = watched.refused().await;
    let refused = "the token refused the PIN and is not asked again: check the PIN, and start the service again";
    watched.is_told("pin-refused", refused).await;
    println!("pin-refused: refused first after {waited:?}");
    // It would be taken now; but a wrong one must not be tried again and again.
    watched.faults.clear();
    watched.refused().await;
    assert_eq!(part(&watched.client, "token").await.reason, refused);
    assert_eq!(watched.faults.counts().get("C_Login"), Some(&1));
    let Watched { daemon, client, key_id, all, imports, keys, .. } = watched;
    drop((client, all, imports, keys));
    serves(daemon.terminate(), &key_id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_given_up_ends_the_process_and_another_over_the_same_store_and_token_serves() {
    let mut watched = Watched::new(1).await;
    let mut operator = Watch::begin(&watched.client, "keyferry.v1.OperatorService").await;
    operator.until(ServingStatus::Serving).await;
    watched.faults.rule("* * hang");
    watched.daemon.wait_for_log(|line| field(line, "message") == "not ready" && field(line, "name") == "given-up");
    // Who watches keeps the connection open, and so the process for another second.
    assert_eq!(get(&watched.daemon, "/livez"), (503, "given up: start another process\n".to_owned()));
    for watch in [&mut watched.all, &mut watched.imports, &mut watched.keys, &mut operator] {
        watch.until(ServingStatus::NotServing).await;
    }
    let Watched { daemon, key_id, .. } = watched;
    let (status, installation, log) = daemon.wait();
    assert_eq!(status.code(), Some(75), "{log}");
    for said in ["\"draining\"", "\"stopped\"", "only another process can help"] {
        assert!(log.contains(said), "{log}");
    }
    serves(installation, &key_id).await;
}

/// A new process over what another has left serves its key.
async fn serves(installation: Installation, key_id: &str) {
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    assert_eq!((get(&daemon, "/livez").0, get(&daemon, "/readyz").0), (200, 200));
    assert_eq!(serving(&client).await, EACH);
    let request = pb::EncryptRequest { key_id: key_id.to_owned(), plaintext: b"dusk".to_vec(), ..Default::default() };
    call!(client.cryptography(), encrypt, request).unwrap();
}
