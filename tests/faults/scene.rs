//! A daemon whose token fails as it is told, and what is asked of it before, while and after it does.

mod calls;
mod recovery;
mod trial;

use std::collections::BTreeSet;
use std::time::Duration;

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use super::cases::Doing;
use crate::harness::any_token::Make;
use crate::harness::audit::{self, Keys};
use crate::harness::client::import_request;
use crate::harness::installation::NO_POOL;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Refusal, Settings};

pub(super) use trial::Outcome;

/// Nobody waits longer for an answer, whatever the token does.
const ANSWERED: Duration = Duration::from_secs(30);

/// How often what others change is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// The token forgets the login in the middle of an import.
pub(super) const LOGOUT: &str = "C_UnwrapKey 1 logout";

/// How many pairs stand ready at most: so many cases, then they are made anew while nothing fails.
pub(super) fn stock(make: Make) -> usize {
    match make {
        Make::SoftHsm => 24,
        // It makes one at a time, and nobody else is served meanwhile.
        Make::Kryoptic => 4,
    }
}

/// What is imported by: each token's own, for nothing crosses the host.
fn algorithm(make: Make) -> WrappingAlgorithm {
    match make {
        Make::SoftHsm => WrappingAlgorithm::RsaesOaepSha1,
        Make::Kryoptic => WrappingAlgorithm::RsaesOaepSha256,
    }
}

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

pub(super) struct Scene {
    daemon: Daemon,
    client: Client,
    pub(super) faults: Faults,
    keys: Keys,
    /// The public halves that were handed out.
    issued: BTreeSet<Vec<u8>>,
    make: Make,
    doing: Doing,
    /// What an earlier case has left unsettled: it is that one's fault.
    left: BTreeSet<String>,
}

impl Scene {
    /// A new one, on a token of this make.
    pub(super) async fn new(make: Make, doing: Doing) -> Self {
        let stock = stock(make);
        let low = match doing {
            // Made for who asks.
            Doing::Make => None,
            // Made anew when the last is taken, or this would go on in the middle of a case.
            Doing::Issue => Some(1),
            // Made anew at once: cases take none.
            Doing::Import | Doing::Heal => Some(stock),
        };
        let pool = low.map(|low| {
            format!("[pool]\nsessions = 2\nrsa_2048 = {{ low = {low}, high = {stock} }}\n")
                + "rsa_3072 = { low = 0, high = 0 }\nrsa_4096 = { low = 0, high = 0 }\n"
        });
        let more = pool.unwrap_or_else(|| NO_POOL.to_owned());
        let settings =
            Settings { make, host_assisted: "none", max_attempts: 1000, more, faults: true, ..Settings::default() };
        let installation = Installation::new(settings);
        // Else the log is signed for in the middle of a case, and it is this that fails.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        Self { daemon, client, faults, keys: Keys::new(), issued: BTreeSet::new(), make, doing, left: BTreeSet::new() }
    }

    /// Waits until enough pairs stand ready for what comes next, and nobody makes any.
    pub(super) async fn filled(&mut self) {
        let enough = match self.doing {
            Doing::Make => return,
            // A case takes one, and another where the first was refused.
            Doing::Issue => 3,
            Doing::Import | Doing::Heal => stock(self.make),
        };
        loop {
            let states = Record::read(&self.daemon.installation).await.wrapping_keys;
            let count = |wanted: &str| states.values().filter(|state| *state == wanted).count();
            match (count("ready"), count("making")) {
                (ready, 0) if ready >= enough => return,
                (ready, 0) if self.doing == Doing::Issue && ready > 0 => {
                    let key_id = self.key().await;
                    self.issues_again(&key_id).await.unwrap();
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
        answered(self.client.parameters(key_id, algorithm(self.make), WrappingKeySpec::Rsa2048)).await
    }

    /// Material for this key, wrapped under this set.
    fn wrapped(&self, key_id: &str, set: &pb::GetParametersForImportResponse) -> Import {
        let material = Plaintext::for_spec(KeySpec::Hmac256);
        let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm(self.make), &set.public_key);
        Import { key_id: key_id.to_owned(), material, request: import_request(set, ciphertext) }
    }

    /// An import that is ready to be sent.
    pub(super) async fn prepare(&mut self) -> Import {
        let key_id = self.key().await;
        let set = self.issues_again(&key_id).await.unwrap();
        self.wrapped(&key_id, &set)
    }

    pub(super) async fn send(&self, import: &Import) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
        answered(self.client.import(import.request.clone())).await
    }

    /// Starts the daemon again.
    pub(super) async fn restarted(self) -> Self {
        let Self { daemon, client, keys, issued, make, doing, left, .. } = self;
        drop(client);
        let daemon = Daemon::serve(daemon.terminate(), &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        Self { daemon, client, faults, keys, issued, make, doing, left }
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
