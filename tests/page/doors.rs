//! Both doors, gRPC and the KMS API's own protocol: what is asked at one is asked at the other, and both must say the same.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use serde_json::{Value, json};

use crate::harness::client::import_request;
use crate::harness::installation::IMPORTER;
use crate::harness::json::Answer;
use crate::harness::material::Wrapper;
use crate::harness::{AccessKey, Client, Daemon, JsonClient, Plaintext, Refusal};

pub(super) type Wrapping = (WrappingAlgorithm, WrappingKeySpec);
pub(super) type Set = pb::GetParametersForImportResponse;

/// For tests about something else.
pub(super) const OAEP: Wrapping = (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048);
pub(super) const HYBRID: Wrapping = (WrappingAlgorithm::RsaAesKeyWrapSha256, WrappingKeySpec::Rsa2048);
/// Its pairs cost nothing to make.
pub(super) const SM2: Wrapping = (WrappingAlgorithm::Sm2pke, WrappingKeySpec::Sm2);

/// The daemon that all tests share, and an access key, which takes a process to make.
struct Desk {
    daemon: Arc<Daemon>,
    access_key: AccessKey,
}

static SHARED: Mutex<Weak<Desk>> = Mutex::new(Weak::new());

impl Desk {
    fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let daemon = Daemon::shared();
            let access_key = AccessKey::create(&daemon.installation, IMPORTER);
            let desk = Arc::new(Self { daemon, access_key });
            *shared = Arc::downgrade(&desk);
            desk
        })
    }
}

/// Keeps the shared daemon up, if it is, during a test that does not need it: others do before and after, and a start takes seconds.
pub(super) fn kept_up() -> impl Sized {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
}

/// A caller at both.
pub(super) struct Doors {
    pub(super) grpc: Client,
    pub(super) json: JsonClient,
    desk: Arc<Desk>,
}

impl Doors {
    pub(super) async fn open() -> Self {
        let desk = Desk::shared();
        let json = JsonClient::connect(&desk.daemon, &desk.access_key).await;
        Self { grpc: desk.daemon.client().await, json, desk }
    }

    /// And a symmetric key that waits for its material.
    pub(super) async fn before_a_key() -> (Self, pb::KeyMetadata) {
        let doors = Self::open().await;
        let key = doors.grpc.create_symmetric().await;
        (doors, key)
    }

    pub(super) fn daemon(&self) -> &Daemon {
        &self.desk.daemon
    }

    /// A set from the KMS API's door; or the refusal, which gRPC has too. (Sets over gRPC: [`Doors::bring`].)
    pub(super) async fn ask(&mut self, key_id: &str, (algorithm, wrapping): Wrapping) -> Result<Set, Refusal> {
        let body = json!({ "KeyId": key_id, "WrappingAlgorithm": algorithm.as_str(), "WrappingKeySpec": wrapping.as_str() });
        let over_json = self.json.call("GetParametersForImport", &body).await;
        if over_json.status == 200 {
            return Ok(read(&over_json));
        }
        let refusal = self.grpc.parameters(key_id, algorithm, wrapping).await.unwrap_err();
        Err(alike(refusal, &over_json))
    }

    /// Checks that both refuse, in these words.
    pub(super) async fn assert_refused(&mut self, key_id: &str, wrapping: Wrapping, reason: &str, message: &str) {
        self.ask(key_id, wrapping).await.unwrap_err().assert_says(reason, message, key_id);
    }

    /// Imports over gRPC and, as it may be repeated, at the other door.
    pub(super) async fn import(&mut self, set: &Set, blob: Vec<u8>) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
        let body = json!({
            "KeyId": set.key_id,
            "ImportToken": Base64::encode_string(&set.import_token),
            "EncryptedKeyMaterial": Base64::encode_string(&blob),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        let outcome = self.grpc.import(import_request(set, blob)).await;
        let over_json = self.json.call("ImportKeyMaterial", &body).await;
        let answer = outcome.map_err(|refusal| alike(refusal, &over_json))?;
        assert_eq!(over_json.body["KeyId"], answer.key_id, "{over_json:?}");
        Ok(answer)
    }

    /// Brings material in over gRPC under a new set, wrapped by OpenSSL.
    pub(super) async fn bring(&self, key: &pb::KeyMetadata, material: &Plaintext, how: Wrapping) -> Result<(), Refusal> {
        let set = self.grpc.parameters(&key.key_id, how.0, how.1).await?;
        let blob = material.wrap(Wrapper::OpenSsl, how.0, &set.public_key);
        self.grpc.import(import_request(&set, blob)).await.map(drop)
    }

    /// A new key with its owner's material.
    pub(super) async fn brought(&self, spec: KeySpec, usage: KeyUsage, how: Wrapping) -> (pb::KeyMetadata, Plaintext) {
        let (key, material) = (self.grpc.create_external(spec, usage).await, Plaintext::for_spec(spec));
        self.bring(&key, &material, how).await.unwrap();
        (self.grpc.describe(&key.key_id).await, material)
    }

    /// A member, in bytes, of what an operation answers.
    pub(super) async fn used(&mut self, operation: &str, body: Value, member: &str) -> Vec<u8> {
        blob(&self.json.call(operation, &body).await, member)
    }

    pub(super) async fn state(&self, key: &pb::KeyMetadata) -> pb::KeyState {
        self.grpc.describe(&key.key_id).await.key_state()
    }
}

fn read(answer: &Answer) -> Set {
    let seconds = std::time::Duration::from_secs_f64(answer.body["ParametersValidTo"].as_f64().unwrap());
    Set {
        key_id: answer.body["KeyId"].as_str().unwrap().to_owned(),
        import_token: blob(answer, "ImportToken"),
        public_key: blob(answer, "PublicKey"),
        parameters_valid_to: Some((std::time::UNIX_EPOCH + seconds).into()),
        ..Set::default()
    }
}

fn blob(answer: &Answer, member: &str) -> Vec<u8> {
    let text = answer.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer:?}"));
    Base64::decode_vec(text).unwrap()
}

/// Errors that the reference sends without a message.
const WORDLESS: [&str; 3] = ["IncorrectKeyMaterialException", "InvalidCiphertextException", "InvalidImportTokenException"];

/// A refusal that the other door has as well.
#[track_caller]
fn alike(refusal: Refusal, over_json: &Answer) -> Refusal {
    let message = if WORDLESS.contains(&&*refusal.reason) { "" } else { &refusal.message };
    let told = (over_json.reason(), over_json.body["message"].as_str().unwrap_or_default());
    assert_eq!(told, (refusal.reason.as_str(), message), "{over_json:?}");
    refusal
}
