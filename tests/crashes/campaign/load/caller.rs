//! One of those who call.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use super::super::plan::Random;
use super::super::{Doing, checks};
use super::{Expected, Holds, Owned, Shared};
use crate::call;
use crate::harness::client::{import_request, wire_spec, wire_usage};
use crate::harness::record::Record;
use crate::harness::{Client, Plaintext, Refusal};

/// With more keys than this, one goes.
const MOST_KEYS: usize = 8;

/// How long material lasts that is to expire.
const BRIEF: Duration = Duration::from_millis(1500);

pub(in super::super) struct Caller {
    shared: Shared,
    random: Random,
    pub(in super::super) keys: Vec<Owned>,
}

impl Caller {
    pub(super) fn new(shared: Shared, random: Random) -> Self {
        Self { shared, random, keys: Vec::new() }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Calls until it is told to stop, or nobody answers any more.
    pub(super) async fn call(mut self, mut clients: Vec<Client>, doing: Option<Doing>, store_url: String) -> Self {
        while !self.shared.stop.load(Ordering::SeqCst) && !clients.is_empty() {
            let n = self.random.below(clients.len());
            let next = match doing {
                Some(doing) if self.random.below(3) > 0 => doing,
                _ if self.keys.len() > MOST_KEYS => Doing::DeleteKey,
                _ => self.any(),
            };
            if let Err(refusal) = self.do_one(&clients[n].clone(), next, &store_url).await {
                // Killed, as like as not: the others are still there.
                if refusal.reason.is_empty() {
                    clients.remove(n);
                }
            }
        }
        self
    }

    fn any(&mut self) -> Doing {
        use Doing::{Create, DeleteMaterial, Expire, Import, Issue, Rotate, RotateMade};
        [Import, Import, Import, Import, Issue, Create, Rotate, RotateMade, DeleteMaterial, Expire][self.random.below(10)]
    }

    async fn do_one(&mut self, client: &Client, doing: Doing, store_url: &str) -> Result<(), Refusal> {
        match doing {
            Doing::Token | Doing::Init | Doing::Recover => Ok(()),
            Doing::Issue => {
                let key = self.external(client).await?;
                self.parameters(client, &key).await.map(drop)
            }
            Doing::Import => {
                match self.one(|key| matches!((&key.holds, &key.expected), (Holds::Hmac(_), Expected::Works))) {
                    Some(n) if self.random.below(2) == 0 => self.import_again(client, n).await,
                    _ => self.import(client, None).await,
                }
            }
            Doing::Expire => self.import(client, Some(BRIEF)).await,
            Doing::Create => self.create(client).await,
            Doing::Rotate => self.change(client).await,
            Doing::RotateMade => match self.one(|key| matches!(key.holds, Holds::Ciphertext(_)) && works(key)) {
                Some(n) => {
                    let request = pb::RotateKeyOnDemandRequest { key_id: self.keys[n].id.clone() };
                    call!(client.rotations(), rotate_key_on_demand, request).map(drop)
                }
                None => self.create(client).await,
            },
            Doing::DeleteMaterial => match self.one(|key| matches!(key.holds, Holds::Hmac(_)) && works(key)) {
                Some(n) => {
                    self.keys[n].expected = Expected::MayWork;
                    client.delete_material(&self.keys[n].id).await?;
                    self.keys[n].expected = Expected::Empty;
                    Ok(())
                }
                None => self.import(client, None).await,
            },
            Doing::DeleteKey => match self.one(|_| true) {
                Some(n) => {
                    let request =
                        pb::ScheduleKeyDeletionRequest { key_id: self.keys[n].id.clone(), pending_window_in_days: Some(7) };
                    // Whatever comes of it, nothing is to be expected of it any more.
                    let key = self.keys.swap_remove(n);
                    call!(client.keys(), schedule_key_deletion, request)?;
                    self.keys.push(Owned { expected: Expected::Doomed, ..key });
                    Record::hasten_deletions(store_url).await;
                    Ok(())
                }
                None => self.import(client, None).await,
            },
        }
    }

    /// One of the keys of which this is true.
    fn one(&mut self, is: impl Fn(&Owned) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.keys.len()).filter(|n| is(&self.keys[*n])).collect();
        (!all.is_empty()).then(|| all[self.random.below(all.len())])
    }

    async fn external(&mut self, client: &Client) -> Result<String, Refusal> {
        let request = pb::CreateKeyRequest {
            key_spec: wire_spec(KeySpec::Hmac256).into(),
            key_usage: wire_usage(KeyUsage::GenerateVerifyMac).into(),
            origin: pb::Origin::External.into(),
            ..Default::default()
        };
        let created = call!(client.keys(), create_key, request)?;
        Ok(created.key_metadata.expect("a key").key_id)
    }

    /// A set, whose pair nobody may have been given before.
    async fn parameters(&self, client: &Client, key: &str) -> Result<pb::GetParametersForImportResponse, Refusal> {
        let set = client.parameters(key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await?;
        if !self.shared.given.lock().unwrap().insert(set.public_key.clone()) {
            *self.shared.found.lock().unwrap() = Some(format!("a pair was handed out twice, the second time for {key}"));
        }
        Ok(set)
    }

    async fn import(&mut self, client: &Client, lasts: Option<Duration>) -> Result<(), Refusal> {
        let id = self.external(client).await?;
        let set = self.parameters(client, &id).await?;
        let material = Plaintext::for_spec(KeySpec::Hmac256);
        let mut request = import_request(&set, material.wrap_simply(&set.public_key));
        if let Some(lasts) = lasts {
            let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + lasts;
            request.valid_to = Some(prost_types::Timestamp { seconds: end.as_secs() as i64, nanos: 0 });
            request.expiration_model = pb::ExpirationModel::KeyMaterialExpires.into();
        }
        // Before it is sent: from then on it may happen.
        let expected = match lasts {
            None => Expected::Unsure(Box::new(request.clone())),
            Some(_) => Expected::MayWork,
        };
        self.keys.push(Owned { id, holds: Holds::Hmac(material.bytes), expected });
        client.import(request).await?;
        if lasts.is_none() {
            self.keys.last_mut().expect("it was pushed").expected = Expected::Works;
        }
        Ok(())
    }

    async fn import_again(&mut self, client: &Client, n: usize) -> Result<(), Refusal> {
        let key = &self.keys[n];
        let Holds::Hmac(bytes) = key.holds.clone() else { return Ok(()) };
        let set = self.parameters(client, &key.id).await?;
        let material = Plaintext { kind: KeySpec::Hmac256.material().expect("HMAC has material"), bytes };
        let request = import_request(&set, material.wrap_simply(&set.public_key));
        self.keys[n].expected = Expected::Unsure(Box::new(request.clone()));
        client.import(request).await?;
        self.keys[n].expected = Expected::Works;
        Ok(())
    }

    /// A key whose material the token makes, and something that only it opens.
    async fn create(&mut self, client: &Client) -> Result<(), Refusal> {
        let created = call!(client.keys(), create_key, pb::CreateKeyRequest::default())?;
        let id = created.key_metadata.expect("a key").key_id;
        let request =
            pb::EncryptRequest { key_id: id.clone(), plaintext: checks::MESSAGE.to_vec(), ..pb::EncryptRequest::default() };
        let encrypted = call!(client.cryptography(), encrypt, request)?;
        self.keys.push(Owned { id, holds: Holds::Ciphertext(encrypted.ciphertext_blob), expected: Expected::Works });
        Ok(())
    }

    /// Changes a key that works, and changes it back: whatever happened of it, it works when it is enabled.
    async fn change(&mut self, client: &Client) -> Result<(), Refusal> {
        let Some(n) = self.one(works) else { return self.import(client, None).await };
        let request = pb::UpdateKeyDescriptionRequest {
            key_id: self.keys[n].id.clone(),
            description: Some(self.random.next().to_string()),
        };
        call!(client.keys(), update_key_description, request).map(drop)
    }
}

fn works(key: &Owned) -> bool {
    matches!(key.expected, Expected::Works)
}
