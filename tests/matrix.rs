//! Every key spec × wrapping algorithm × wrapping spec, over the wire into the token, and then used inside it.
//!
//! Blobs come from OpenSSL and RustCrypto, results are checked by OpenSSL: the token never vouches for itself.

pub mod cells;
mod uses;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::harness::audit::{self, Keys};
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::token::Token as View;
use crate::harness::{Client, Daemon, Plaintext, Settings};
use cells::Cell;

/// Clients at work at once: some have wrapping keys made while others wrap.
const CLIENTS: usize = 4;

/// A key that came through.
struct Imported {
    key_id: String,
    spec: KeySpec,
    usage: KeyUsage,
    plaintext: Plaintext,
    cell: String,
}

/// What a token makes of the cells.
#[derive(Clone, Copy)]
pub struct Token {
    /// What of an import crosses the host.
    pub exposure: fn(&Cell) -> pb::HostExposure,
    /// What it cannot hold, whatever the matrix says.
    pub lacks: fn(&Cell) -> bool,
    /// The flags that its wrapping keys have between them.
    pub wrapping_keys: &'static [&'static str],
}

const SOFTHSM: Token = Token { exposure, lacks: |_| false, wrapping_keys: &["UNWRAP", "DECRYPT", "DERIVE"] };

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_cell_imports_into_a_key_that_works_or_is_refused() {
    assert_imports(Settings::default(), SOFTHSM, cells::all()).await;
}

/// Checks that each of the cells is served by a token that does so, or refused with the reason.
pub async fn assert_imports(settings: Settings, token: Token, cells: Vec<Cell>) {
    let daemon = Daemon::start(settings);
    let client = daemon.client().await;
    let served = cells.iter().filter(|cell| cell.allowed && !(token.lacks)(cell)).count();
    let queue = Arc::new(Mutex::new(cells.into_iter().collect::<VecDeque<Cell>>()));
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(work(client.clone(), token, queue.clone()))).collect();
    let mut imported = Vec::new();
    for client in clients {
        imported.extend(client.await.unwrap());
    }
    assert_eq!(imported.len(), served);

    let mut keys: Keys = imported.iter().map(|key| (key.key_id.clone(), (key.spec, key.usage))).collect();
    // Sets that nobody uses, and a key made in the token: they belong into the audit too.
    let waiting = client.create_symmetric().await;
    for algorithm in [WrappingAlgorithm::RsaesOaepSha1, WrappingAlgorithm::RsaesOaepSha256] {
        client.parameters(&waiting.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    }
    if token.wrapping_keys.contains(&"DERIVE") {
        let waiting = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
        client.parameters(&waiting.key_id, WrappingAlgorithm::Sm2pke, WrappingKeySpec::Sm2).await.unwrap();
    }
    let generated = client.create_generated(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    keys.insert(generated.key_id, (KeySpec::EccNistP256, KeyUsage::SignVerify));
    drop(client);

    // What consumed sets leave behind is gone at the latest when the service starts again.
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    let objects = audit::assert_sound(&installation, &keys).await;
    for flag in token.wrapping_keys {
        let wrapping = objects.iter().filter(|object| object.label.starts_with("keyferry/wrapping-key/"));
        assert!(wrapping.into_iter().any(|object| audit::may(object, flag)), "no wrapping key for {flag}");
    }
    let record = Record::read(&installation).await;
    let mut token = View::open(&installation.token);
    for key in imported {
        uses::assert_works(&mut token, record.object_of(&key.key_id), key.usage, &key.plaintext, &key.cell);
    }
}

/// Takes cells until there are none.
async fn work(client: Client, token: Token, queue: Arc<Mutex<VecDeque<Cell>>>) -> Vec<Imported> {
    let mut imported = Vec::new();
    loop {
        let Some(cell) = queue.lock().unwrap().pop_front() else { return imported };
        if cell.allowed && (token.lacks)(&cell) {
            refuse_for_the_token(&client, &cell).await;
        } else if cell.allowed {
            imported.push(import(&client, token, &cell).await);
        } else {
            refuse(&client, &cell).await;
        }
    }
}

/// A key that nothing is imported into. One of SM2 that is to decrypt is not made where the host may not see what it decrypts.
async fn empty_key(client: &Client, cell: &Cell) -> pb::KeyMetadata {
    let usage = if cell.key == KeySpec::Sm2 { KeyUsage::KeyAgreement } else { cell.usage() };
    client.create_external(cell.key, usage).await
}

async fn refuse(client: &Client, cell: &Cell) {
    let key = empty_key(client, cell).await;
    let refusal = client.parameters(&key.key_id, cell.algorithm, cell.wrapping).await.unwrap_err();
    let Cell { key: spec, algorithm, wrapping, .. } = cell;
    let message =
        format!("Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a {spec} key.");
    refusal.assert_says("ValidationException", &message, &cell.to_string());
    assert_eq!(client.describe(&key.key_id).await, key, "{cell}");
}

async fn refuse_for_the_token(client: &Client, cell: &Cell) {
    let key = empty_key(client, cell).await;
    let refusal = client.parameters(&key.key_id, cell.algorithm, cell.wrapping).await.unwrap_err();
    refusal.assert_is("UnsupportedOperationException", &cell.to_string());
    let Cell { key: spec, algorithm, .. } = cell;
    let begins = format!("The token cannot import a {spec} key wrapped with {algorithm}: ");
    assert!(refusal.message.starts_with(&begins) && refusal.message.contains("CKM_"), "{cell}: {refusal:?}");
}

async fn import(client: &Client, token: Token, cell: &Cell) -> Imported {
    let key = client.create_external(cell.key, cell.usage()).await;
    let set = client.parameters(&key.key_id, cell.algorithm, cell.wrapping).await.unwrap();
    let exposure = (token.exposure)(cell);
    assert_eq!(set.key_id, key.arn, "{cell}");
    assert_eq!(set.host_exposure(), exposure, "{cell}");
    assert_eq!(set.public_key.len(), spki_bytes(cell.wrapping), "{cell}");
    assert!((1..=6144).contains(&set.import_token.len()), "{cell}");

    let plaintext = Plaintext::for_spec(cell.key);
    let ciphertext = plaintext.wrap(cell.wrapper(), cell.algorithm, &set.public_key);
    let answer =
        client.import(import_request(&set, ciphertext)).await.unwrap_or_else(|refusal| panic!("{cell}: {refusal:?}"));

    let symmetric = cell.key == KeySpec::SymmetricDefault;
    let fingerprint = plaintext.fingerprint(&key.key_id);
    assert_eq!(answer.key_id, key.arn, "{cell}");
    assert_eq!(answer.key_material_id, if symmetric { fingerprint.as_str() } else { "" }, "{cell}");
    let proof = pb::KeyMaterialProof {
        fingerprint,
        key_check_value: plaintext.kcv().unwrap_or_default(),
        public_key: plaintext.spki().unwrap_or_default(),
        host_exposure: exposure.into(),
    };
    assert_eq!(answer.key_material_proof.as_ref(), Some(&proof), "{cell}");

    let described = client.describe(&key.key_id).await;
    assert_eq!((described.key_state(), described.enabled), (pb::KeyState::Enabled, true), "{cell}");
    assert_eq!(described.key_material_proof, Some(proof), "{cell}");
    Imported { key_id: key.key_id, spec: cell.key, usage: cell.usage(), plaintext, cell: cell.to_string() }
}

/// What SoftHSM2 2.6.1 leaves to the host: it has OAEP with SHA-1 only, and takes no PKCS#8 on the SM2 curve.
fn exposure(cell: &Cell) -> pb::HostExposure {
    match cell.algorithm {
        _ if cell.key == KeySpec::Sm2 => pb::HostExposure::HostMaterial,
        WrappingAlgorithm::RsaesOaepSha1 | WrappingAlgorithm::RsaAesKeyWrapSha1 => pb::HostExposure::Token,
        WrappingAlgorithm::RsaAesKeyWrapSha256 => pb::HostExposure::HostKek,
        WrappingAlgorithm::RsaesOaepSha256 | WrappingAlgorithm::Sm2pke => pb::HostExposure::HostMaterial,
        WrappingAlgorithm::RsaesPkcs1V15 => panic!("{cell} is not served"),
    }
}

fn spki_bytes(wrapping: WrappingKeySpec) -> usize {
    match wrapping {
        WrappingKeySpec::Rsa2048 => 294,
        WrappingKeySpec::Rsa3072 => 422,
        WrappingKeySpec::Rsa4096 => 550,
        WrappingKeySpec::Sm2 => 91,
    }
}

/// No token signs SM2DSA.
fn served_usages(key: KeySpec) -> Vec<KeyUsage> {
    key.usages().iter().copied().filter(|usage| (key, *usage) != (KeySpec::Sm2, KeyUsage::SignVerify)).collect()
}

/// Who wraps, and for what the key is: each pairing comes up for every spec.
impl Cell {
    fn usage(&self) -> KeyUsage {
        let usages = served_usages(self.key);
        usages[self.ordinal % usages.len()]
    }

    fn wrapper(&self) -> Wrapper {
        if (self.ordinal / served_usages(self.key).len()).is_multiple_of(2) { Wrapper::OpenSsl } else { Wrapper::RustCrypto }
    }
}
