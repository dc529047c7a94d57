//! A service over a token that fails as it is told, and a key that was imported before and is used all the while.

use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::any_token::Make;
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::material::Wrapper;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Refusal, Settings, openssl};

/// Within this the service serves again, once the token is well.
pub(super) const HEALED: Duration = Duration::from_secs(10);

/// What a caller waits at most where it is known that the token does not serve. Milliseconds, but this machine may be busy.
const AT_ONCE: Duration = Duration::from_secs(1);

pub(super) struct Ward {
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
        let (host_assisted, algorithm) = match make {
            Make::SoftHsm => (Settings::default().host_assisted, WrappingAlgorithm::RsaesOaepSha1),
            Make::Kryoptic => ("none", WrappingAlgorithm::RsaesOaepSha256),
        };
        let installation = Installation::new(Settings { make, host_assisted, faults: true, ..Settings::default() });
        installation.edit_config("host_assisted = ", "longest_call_seconds = 1\nhost_assisted = ");
        // Else the log is signed for in the middle of a test, and it is this that meets the fault.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        let key = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
        let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
        let material = Plaintext::for_spec(KeySpec::Hmac256);
        let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
        client.import(import_request(&set, ciphertext)).await.unwrap();
        let mac = openssl::hmac(HmacHash::Sha256, &material.bytes, b"message");
        Self { daemon, client, faults, key_id: key.key_id, mac }
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

    pub(super) fn said(&self, message: &str) {
        self.daemon.wait_for_log(|line| field(line, "message") == message);
    }

    /// Waits until it is known that the token does not serve: from then on nobody waits for it.
    pub(super) async fn refuses_at_once(&self) {
        self.said("the token does not serve");
        let began = Instant::now();
        let refusal = self.mac().await.unwrap_err();
        assert_eq!(refusal.reason, "DependencyTimeoutException");
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }
}
