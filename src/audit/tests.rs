//! The log on real files; a key in software stands for the token's.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bounds;
mod disk;
mod forwarding;
mod speed;
mod tampering;
mod writing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Event, Fault, Log, Settings, Verified, verify};
use crate::model::{Action, InstallationId, Timestamp};

/// How long what must come is waited for, on however slow a disk.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder with a log in it, and the key that signs.
struct Desk {
    folder: TempDir,
    key: SigningKey,
    settings: Settings,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("audit.jsonl");
        let installation = InstallationId(Uuid::from_u128(7));
        let settings = Settings { file, max_bytes: 1 << 30, keep: 0, forward: None, installation };
        Self { folder, key: SigningKey::from_slice(&[7; 32]).unwrap(), settings }
    }

    fn open(&self) -> Log {
        Log::open(self.settings.clone()).unwrap()
    }

    fn spki(&self) -> Vec<u8> {
        self.key.verifying_key().to_public_key_der().unwrap().into_vec()
    }

    /// All files of the log, in no order that anybody should rely on.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_none_or(|ending| ending != "lock")).collect()
    }

    fn verify(&self) -> Result<Verified, Fault> {
        verify(&self.files(), Some(&self.spki()))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.settings.file).unwrap()
    }

    async fn checkpoint(&self, log: &Log) {
        let what = log.to_be_signed().unwrap();
        let signature: Signature = self.key.sign_prehash(&what.digest()).unwrap();
        let key_id = Sha256::digest(self.spki()).into();
        log.checkpoint(what, key_id, signature.to_bytes().into()).await.unwrap();
    }
}

/// An event that says which one it is.
fn event(number: usize) -> Event {
    let mut event = Event::of(Action::ImportKeyMaterial, Timestamp::from_millis(0), "eu-central-1", Uuid::new_v4());
    event.user_agent = Some(format!("number {number}."));
    event
}

async fn write(log: &Log, number: usize) {
    log.begin().unwrap().write(&event(number), true).await.unwrap();
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}
