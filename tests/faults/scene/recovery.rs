//! What must hold once the token is well: the service serves, what was acknowledged is there, and nothing is left over.

use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::proto as pb;

use super::{Import, LOOK, Scene};
use crate::call;
use crate::harness::record::Record;
use crate::harness::{Refusal, openssl};

/// How long it is waited for that the service serves again, once the token is well. On a machine with time to spare that is a matter of
/// milliseconds; the table says of how many.
pub(super) const HEALED: Duration = Duration::from_secs(60);

/// How long it is waited for that what is doomed is gone: a round of the janitor, on a busy machine.
const TIDIED: Duration = Duration::from_secs(60);

impl Scene {
    /// Asks again until it is done, and uses what was imported.
    pub(super) async fn heal(
        &mut self,
        key_id: &str,
        import: Option<Import>,
        answer: &Result<(), Refusal>,
    ) -> Result<(), String> {
        let import = match import {
            Some(import) => import,
            None => {
                let set = self.issues_again(key_id).await?;
                self.wrapped(key_id, &set)
            }
        };
        // What was answered once is answered again, and what was refused can be done.
        self.serves_again(&import).await.map_err(|error| match answer {
            Ok(()) => format!("after success: {error}"),
            Err(refusal) => format!("after {}: {error}", refusal.reason),
        })
    }

    /// Asks for parameters until they are there: a session that was spoiled turns one caller away.
    pub(super) async fn issues_again(&mut self, key_id: &str) -> Result<pb::GetParametersForImportResponse, String> {
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
        Ok(set)
    }

    /// The very same import, until it is done; and then its key is used.
    pub(in crate::faults) async fn serves_again(&self, import: &Import) -> Result<(), String> {
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
    pub(in crate::faults) async fn settled(&mut self) -> Result<(), String> {
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
}
