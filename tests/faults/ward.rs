//! A service over a token that fails as it is told, and a key that was imported before and is used all the while.

use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::any_token::Make;
use crate::harness::audit;
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Refusal, Settings, openssl};

/// How long it is waited for that the service serves again, once the token is well.
pub(super) const HEALED: Duration = Duration::from_secs(60);

/// What one of some callers waits at most where it is known that the token does not serve: less than a call may take. Milliseconds, but
/// this machine may be busy.
const AT_ONCE: Duration = Duration::from_millis(500);

/// So many callers.
const TRIES: usize = 20;

/// Those who fill a pool give way to all others.
const FILLED: Duration = Duration::from_secs(300);

pub(super) struct Ward {
    make: Make,
    pub(super) daemon: Daemon,
    pub(super) client: Client,
    pub(super) faults: Faults,
    pub(super) key_id: String,
    mac: Vec<u8>,
}

impl Ward {
    /// On SoftHSM2.
    pub(super) async fn new() -> Self {
        Self::on(Make::SoftHsm).await
    }

    /// On a token of this make.
    pub(super) async fn on(make: Make) -> Self {
        Self::with(make, Settings::default().more).await
    }

    /// As [`Ward::on`], with these further tables of settings.
    pub(super) async fn with(make: Make, more: String) -> Self {
        let host_assisted = match make {
            Make::SoftHsm => Settings::default().host_assisted,
            Make::Kryoptic => "none",
        };
        let installation = Installation::new(Settings { make, host_assisted, more, faults: true, ..Settings::default() });
        if make == Make::SoftHsm {
            // Kryoptic takes as long for a pair, and lets nobody in meanwhile.
            installation.edit_config("host_assisted = ", "longest_call_seconds = 1\nhost_assisted = ");
        }
        // Else the log is signed for in the middle of a test, and it is this that meets the fault.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        let (key_id, material) = imported(&client, make).await;
        let mac = openssl::hmac(HmacHash::Sha256, &material.bytes, b"message");
        Self { make, daemon, client, faults, key_id, mac }
    }

    /// Ends the service: its token must have its key and another that is imported now, and nothing that nobody knows of.
    pub(super) async fn ends_sound(self) {
        let (another, _) = imported(&self.client, self.make).await;
        self.settles("a wrapping key").await;
        let keys = [self.key_id, another].map(|id| (id, (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac)));
        drop(self.client);
        audit::assert_sound(&self.daemon.terminate(), &keys.into()).await;
    }

    /// Uses the key, which must answer as it did before.
    pub(super) async fn mac(&self) -> Result<(), Refusal> {
        let request = pb::GenerateMacRequest {
            message: b"message".to_vec(),
            key_id: self.key_id.clone(),
            mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
            ..Default::default()
        };
        let answer = call!(self.client.cryptography(), generate_mac, request)?;
        assert_eq!(answer.mac, self.mac, "the key is another");
        Ok(())
    }

    /// Uses the key until it answers; how long that took.
    pub(super) async fn heals(&self) -> Duration {
        let began = Instant::now();
        loop {
            match self.mac().await {
                Ok(()) => return began.elapsed(),
                Err(refusal) => {
                    assert!(began.elapsed() < HEALED, "not healed: {}: {}", refusal.reason, refusal.message);
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Waits until nothing is under way any more, or to be destroyed.
    pub(super) async fn settles(&self, what: &str) {
        let began = Instant::now();
        while !Record::read(&self.daemon.installation).await.unsettled.is_empty() {
            assert!(began.elapsed() < HEALED, "{what} is not destroyed");
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the pool holds so many pairs, and makes no more.
    pub(super) async fn has_ready(&self, pairs: usize) {
        let began = Instant::now();
        loop {
            let states = Record::read(&self.daemon.installation).await.wrapping_keys;
            let ready = states.values().filter(|state| *state == "ready").count();
            if ready == pairs && states.values().all(|state| state != "making") {
                return;
            }
            assert!(began.elapsed() < FILLED, "the pool is not filled: {states:?}");
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn said(&self, message: &str) {
        self.daemon.wait_for_log(|line| field(line, "message") == message);
    }

    /// Waits until it is known that the token does not serve: from then on nobody waits for it.
    pub(super) async fn refuses_at_once(&self) {
        self.said("the token does not serve");
        let mut quickest = Duration::MAX;
        for _ in 0..TRIES {
            let began = Instant::now();
            let refusal = self.mac().await.unwrap_err();
            assert_eq!(refusal.reason, "DependencyTimeoutException");
            quickest = quickest.min(began.elapsed());
            if quickest < AT_ONCE {
                return;
            }
        }
        panic!("a caller waits {quickest:?} at least");
    }
}

/// A new key with material that was imported inside the token.
async fn imported(client: &Client, make: Make) -> (String, Plaintext) {
    let algorithm = match make {
        Make::SoftHsm => WrappingAlgorithm::RsaesOaepSha1,
        Make::Kryoptic => WrappingAlgorithm::RsaesOaepSha256,
    };
    let key = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let set = served(|| client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048)).await;
    let material = Plaintext::for_spec(KeySpec::Hmac256);
    let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
    served(|| client.import(import_request(&set, ciphertext.clone()))).await;
    (key.key_id, material)
}

/// What is answered in the end: a session that was lost while nobody used it costs the first who does an answer.
async fn served<T, F: Future<Output = Result<T, Refusal>>>(call: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(refusal) => {
                assert_eq!(refusal.reason, "DependencyTimeoutException", "{}", refusal.message);
                assert!(began.elapsed() < HEALED, "not served: {}", refusal.message);
            }
        }
    }
}
