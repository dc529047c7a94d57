//! What must be true after each kill, seen by the callers, on the token, in the record and in the audit logs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use keyferry::model::{KeySpec, KeyUsage, ObjectKind};
use keyferry::proto as pb;
use sha2::Sha256;

use super::load::{Expected, Holds, Owned};
use super::{Fleet, Load};
use crate::call;
use crate::harness::audit::Keys;
use crate::harness::record::Record;
use crate::harness::refusal::surely;
use crate::harness::token::{Object, Token};
use crate::harness::{Client, audit};

/// What keys are put to work on.
pub(super) const MESSAGE: &[u8] = b"a message of the campaign";

/// How long what is under way may take to come to rest: a janitor's round, and a busy machine.
const REST: Duration = Duration::from_secs(30);

/// The pause before something is looked at again.
const AGAIN: Duration = Duration::from_millis(50);

pub(super) struct Checks {
    token: Token,
    audit_key: Vec<u8>,
}

impl Checks {
    pub(super) async fn begin(fleet: &Fleet) -> Self {
        let clients = fleet.clients().await;
        let info = call!(clients[0].operator(), get_server_info, pb::GetServerInfoRequest {}).unwrap();
        Self { token: Token::open(&fleet.installation.token), audit_key: info.audit_public_key }
    }

    /// Everything that can be checked while the service serves: how many results were held up, and how many calls that were
    /// cut off were found done or done anew.
    pub(super) async fn after(&mut self, fleet: &mut Fleet, load: &mut Load) -> Result<(usize, usize), String> {
        let clients = fleet.clients().await;
        let (mut held, mut cut_off, mut next) = (0, 0, 0);
        for key in load.callers.iter_mut().flat_map(|caller| &mut caller.keys) {
            // Each by another replica than the one before it.
            next += 1;
            cut_off += usize::from(matches!(key.expected, Expected::Unsure(_)));
            check(key, &clients[next % clients.len()]).await.map_err(|found| format!("key {}: {found}", key.id))?;
            held += 1;
        }
        load.callers.iter_mut().for_each(|caller| caller.keys.retain(|key| !matches!(key.expected, Expected::Doomed)));
        self.agree(fleet).await?;
        self.verify(fleet)?;
        Ok((held, cut_off))
    }

    /// Everything that can be checked when all is at rest: claims that wait are over, and the token is empty of what nobody knows.
    pub(super) async fn at_the_end(self, mut fleet: Fleet, load: &Load) -> Result<(), String> {
        let clients = fleet.clients().await;
        let keys = all_keys(&clients[0]).await?;
        let ours: BTreeSet<_> = load.callers.iter().flat_map(|caller| &caller.keys).map(|key| &key.id).collect();
        if let Some(lost) = ours.into_iter().find(|id| !keys.contains_key(*id)) {
            return Err(format!("key {lost} is lost"));
        }
        drop(clients);
        fleet.quieten();
        // Claims are ended then, and next what they left is forgotten where it is not there.
        for _ in 0..2 {
            fleet.terminate();
            Record::age_all_that_is_under_way(&fleet.installation).await;
            fleet.restart();
        }
        self.at_rest(&fleet).await?;
        fleet.terminate();
        self.verify(&fleet)?;
        audit::assert_sound(&fleet.installation, &keys).await;
        Ok(())
    }

    /// Every line is there, as it was written, and signed for as far as the token could.
    fn verify(&self, fleet: &Fleet) -> Result<(), String> {
        for log in fleet.audit_logs() {
            keyferry::audit::verify(&[log], Some(&self.audit_key)).map_err(|fault| format!("the audit log: {fault}"))?;
        }
        Ok(())
    }

    /// Nothing lies on the token that the record does not name, and nothing is missing there that it names as present.
    async fn agree(&mut self, fleet: &Fleet) -> Result<(), String> {
        let began = Instant::now();
        loop {
            // Replicas are at work: what comes and goes meanwhile is in one of the two readings.
            let before = Record::read(&fleet.installation).await;
            let objects = self.token.audit();
            let after = Record::read(&fleet.installation).await;
            let found = difference(&before, &objects, &after).or_else(|| unfinished(fleet, &objects, &after));
            match found {
                None => return Ok(()),
                Some(found) if began.elapsed() > REST => return Err(found),
                Some(_) => tokio::time::sleep(AGAIN).await,
            }
            if began.elapsed() > REST / 10 {
                // SoftHSM 2.6.1 does not always tell a process what another one changed: a new one sees it.
                self.token = Token::open(&fleet.installation.token);
            }
        }
    }

    async fn at_rest(&self, fleet: &Fleet) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let left = Record::read(&fleet.installation).await.unsettled;
            if left.is_empty() {
                return Ok(());
            }
            if began.elapsed() > REST {
                return Err(format!("unsettled when all claims are old: {left:?}"));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

fn difference(before: &Record, objects: &[Object], after: &Record) -> Option<String> {
    for object in objects {
        let named = match ObjectKind::of_label(&object.label) {
            Some(ObjectKind::Material | ObjectKind::WrappingKey) => before.names(&object.id) || after.names(&object.id),
            Some(_) => true,
            None => false,
        };
        if !named {
            return Some(format!("an orphan: {object:?}"));
        }
    }
    let there: BTreeSet<&String> = objects.iter().map(|object| &object.id).collect();
    let material = before.materials.keys().filter(|id| after.materials.contains_key(*id));
    let made = |record: &Record, id: &String| record.wrapping_keys.get(id).is_some_and(|state| state != "making");
    let pairs = before.wrapping_keys.keys().filter(|id| made(before, id) && made(after, id));
    let missing = material.chain(pairs).find(|id| !there.contains(id))?;
    Some(format!("{missing} is on record, and not on the token"))
}

/// What a janitor's round should have ended. Over PostgreSQL claims that were cut off wait, for they may be another's, and so does what is
/// to be destroyed and is not there.
fn unfinished(fleet: &Fleet, objects: &[Object], record: &Record) -> Option<String> {
    let waits = fleet.size() > 1;
    let is_there = |id: &String| objects.iter().any(|object| object.id == *id);
    let left = record.unsettled.iter().find(|(id, what)| !waits || (*what == "doomed" && is_there(id)))?;
    Some(format!("{left:?} is still unsettled"))
}

/// Looks at a key, and settles what was cut off.
async fn check(key: &mut Owned, client: &Client) -> Result<(), String> {
    match key.expected.clone() {
        Expected::Works => works(key, client).await,
        Expected::Unsure(request) => {
            // The very same request: what it brought is there, or comes now.
            surely(|| client.import((*request).clone())).await.map_err(|refusal| format!("asked again: {refusal:?}"))?;
            key.expected = Expected::Works;
            works(key, client).await
        }
        Expected::MayWork => match state(key, client).await? {
            Some(pb::KeyState::Enabled) => works(key, client).await.or_else(|found| {
                // Its time may have come meanwhile.
                if found.contains("KMSInvalidStateException") { Ok(()) } else { Err(found) }
            }),
            Some(pb::KeyState::PendingImport) => Ok(()),
            other => Err(format!("it is {other:?}")),
        },
        Expected::Empty => match state(key, client).await? {
            Some(pb::KeyState::PendingImport) => Ok(()),
            other => Err(format!("its material was deleted, and it is {other:?}")),
        },
        Expected::Doomed => match state(key, client).await? {
            None | Some(pb::KeyState::PendingDeletion) => Ok(()),
            other => Err(format!("it was to be deleted, and is {other:?}")),
        },
    }
}

async fn works(key: &Owned, client: &Client) -> Result<(), String> {
    match &key.holds {
        Holds::Hmac(bytes) => {
            let request = pb::GenerateMacRequest {
                message: MESSAGE.to_vec(),
                key_id: key.id.clone(),
                mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
                ..Default::default()
            };
            let made = surely(async || call!(client.cryptography(), generate_mac, request.clone()));
            let made = made.await.map_err(|refusal| format!("it does not sign: {refusal:?}"))?.mac;
            let expected = Hmac::<Sha256>::new_from_slice(bytes).unwrap().chain_update(MESSAGE).finalize().into_bytes();
            if made == expected.as_slice() { Ok(()) } else { Err("it has other material than was imported".to_owned()) }
        }
        Holds::Ciphertext(ciphertext) => {
            let request = pb::DecryptRequest { ciphertext_blob: ciphertext.clone(), ..Default::default() };
            let opened = surely(async || call!(client.cryptography(), decrypt, request.clone()));
            let opened = opened.await.map_err(|refusal| format!("it does not decrypt: {refusal:?}"))?.plaintext;
            if opened == MESSAGE { Ok(()) } else { Err("it decrypts to something else".to_owned()) }
        }
    }
}

/// Its state; `None` where it is gone.
async fn state(key: &Owned, client: &Client) -> Result<Option<pb::KeyState>, String> {
    let request = pb::DescribeKeyRequest { key_id: key.id.clone() };
    match surely(async || call!(client.keys(), describe_key, request.clone())).await {
        Ok(described) => Ok(described.key_metadata.map(|key| key.key_state())),
        Err(refusal) if refusal.reason == "NotFoundException" => Ok(None),
        Err(refusal) => Err(format!("it is not described: {refusal:?}")),
    }
}

/// Every key, as the record has it: those too whose making was never answered.
async fn all_keys(client: &Client) -> Result<Keys, String> {
    let (mut keys, mut marker) = (Keys::new(), None);
    loop {
        let request = pb::ListKeysRequest { limit: Some(1000), marker };
        let page = surely(async || call!(client.keys(), list_keys, request.clone())).await;
        let page = page.map_err(|refusal| format!("{refusal:?}"))?;
        for key in page.keys {
            let request = pb::DescribeKeyRequest { key_id: key.key_id.clone() };
            let described = surely(async || call!(client.keys(), describe_key, request.clone())).await;
            match described.map(|described| described.key_metadata.expect("a key")) {
                Ok(described) if described.key_spec() == pb::KeySpec::Hmac256 => {
                    keys.insert(key.key_id, (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac));
                }
                Ok(_) => drop(keys.insert(key.key_id, (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))),
                // Deleted since it was listed.
                Err(refusal) if refusal.reason == "NotFoundException" => {}
                Err(refusal) => return Err(format!("{refusal:?}")),
            }
        }
        if !page.truncated {
            return Ok(keys);
        }
        marker = Some(page.next_marker);
    }
}
