use std::fs;
use std::path::{Path, PathBuf};

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::EncodePublicKey;
use sha2::{Digest, Sha256};

use super::verify::{Fault, Verified, verify};
use super::{Event, Log, OpenError, Settings, rotation};
use crate::model::{Action, InstallationId, Timestamp};

mod disk;
mod forwarding;
mod tampering;

/// Stands for the token.
struct Signer(SigningKey);

impl Signer {
    fn new() -> Self {
        Self(SigningKey::from_slice(&[7; 32]).unwrap())
    }

    fn spki(&self) -> Vec<u8> {
        self.0.verifying_key().to_public_key_der().unwrap().into_vec()
    }

    async fn sign(&self, log: &Log) {
        let what = log.to_be_signed().unwrap();
        let signature: p256::ecdsa::Signature = self.0.sign_prehash(&what.digest()).unwrap();
        let key = Sha256::digest(self.spki()).into();
        log.checkpoint(what, key, signature.to_bytes().into()).await.unwrap();
    }
}

fn settings(folder: &Path) -> Settings {
    let installation = InstallationId(uuid::Uuid::from_u128(1));
    Settings { file: folder.join("audit.jsonl"), max_bytes: 1 << 30, keep: 0, forward: None, installation }
}

fn event(number: usize) -> Event {
    let mut event = Event::of(Action::DescribeKey, Timestamp::from_millis(0), "local", uuid::Uuid::new_v4());
    event.additional.insert("number".to_owned(), number.into());
    event
}

async fn write(log: &Log, number: usize) {
    log.begin().unwrap().write(&event(number), true).await.unwrap();
}

/// All files of the log, newest first: verification puts them in order.
fn files(settings: &Settings) -> Vec<PathBuf> {
    let mut files = rotation::old(&settings.file).unwrap();
    files.push(settings.file.clone());
    files.reverse();
    files
}

fn check(settings: &Settings) -> Result<Verified, Fault> {
    verify(&files(settings), Some(&Signer::new().spki()))
}

#[tokio::test]
async fn a_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    for number in 0..3 {
        let log = Log::open(settings.clone()).unwrap();
        write(&log, number).await;
        Signer::new().sign(&log).await;
        assert_eq!(log.to_be_signed(), None, "nothing was written since");
    }
    let found = check(&settings).unwrap();
    assert_eq!((found.first, found.last, found.lines, found.checkpoints), (1, 9, 9, 3));
    assert_eq!((found.signed_up_to, found.unsigned, found.begins_mid_chain, found.unfinished), (Some(8), 0, false, 0));
    let unchecked = verify(&files(&settings), None).unwrap();
    assert_eq!((unchecked.signed_up_to, unchecked.unsigned, unchecked.checkpoints), (None, 9, 3));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&settings.file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_chain_goes_on_over_files_and_says_when_old_ones_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { max_bytes: 2000, ..settings(folder.path()) };
    let mut log = Log::open(settings.clone()).unwrap();
    for number in 0..60 {
        write(&log, number).await;
        match number % 10 {
            9 => Signer::new().sign(&log).await,
            5 => {
                drop(log);
                log = Log::open(settings.clone()).unwrap();
            }
            _ => {}
        }
    }
    let old = rotation::old(&settings.file).unwrap();
    assert!(old.len() >= 6, "{old:?}");
    let found = check(&settings).unwrap();
    assert!(!found.begins_mid_chain && found.lines == found.last && found.checkpoints == 6);

    // The middle one is missed, the oldest are said to be gone.
    let mut some = files(&settings);
    some.remove(3);
    assert!(verify(&some, None).unwrap_err().to_string().contains("lines were removed"));
    fs::remove_file(&old[0]).unwrap();
    assert!(check(&settings).unwrap().begins_mid_chain);

    // Between two files, there is none to be written.
    drop(log);
    fs::rename(&settings.file, rotation::name(&settings.file, 10_000)).unwrap();
    write(&Log::open(settings.clone()).unwrap(), 0).await;
    assert_eq!(check(&settings).unwrap().last, found.last + 2);

    let settings = Settings { keep: 2, ..settings };
    let log = Log::open(settings.clone()).unwrap();
    for number in 0..60 {
        write(&log, number).await;
    }
    assert_eq!(rotation::old(&settings.file).unwrap().len(), 2);
    assert!(check(&settings).unwrap().begins_mid_chain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_each_has_its_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { max_bytes: 100_000, ..settings(folder.path()) };
    let log = Log::open(settings.clone()).unwrap();
    let writers = (0..64).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for line in 0..20 {
                let place = log.begin().unwrap();
                let event = event(writer * 20 + line);
                match line % 4 {
                    3 => place.submit(&event),
                    other => place.write(&event, other == 0).await.unwrap(),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(log);
    check(&settings).unwrap();
    let text: String = files(&settings).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut numbers: Vec<u64> = text.lines().filter_map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..64 * 20));
}

fn number(line: &str) -> Option<u64> {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line.pointer("/event/additionalEventData/number")?.as_u64()
}

#[tokio::test]
async fn an_unfinished_line_is_cut_off_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    write(&Log::open(settings.clone()).unwrap(), 0).await;
    let whole = fs::read(&settings.file).unwrap();
    for tail in ["{", r#"{"sequence":3,"previous":"00"#, "\0\0\0", "{\"sequence\":\0\0"] {
        fs::write(&settings.file, [&whole, tail.as_bytes()].concat()).unwrap();
        assert_eq!(check(&settings).unwrap().unfinished, tail.len() as u64);
        drop(Log::open(settings.clone()).unwrap());
        let text = fs::read_to_string(&settings.file).unwrap();
        assert!(text.ends_with(&format!("\"begins\":false,\"cut\":{}}}}}\n", tail.len())), "{text}");
        assert_eq!((check(&settings).unwrap().lines, check(&settings).unwrap().unfinished), (3, 0));
    }
    // No line at all: a new log.
    fs::write(&settings.file, "{\"seq").unwrap();
    drop(Log::open(settings.clone()).unwrap());
    assert_eq!(check(&settings).unwrap().lines, 1);
}

#[test]
fn what_is_not_its_own_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let refused = |content: &[u8]| {
        fs::write(&settings.file, content).unwrap();
        let error = Log::open(settings.clone()).unwrap_err().to_string();
        assert_eq!(fs::read(&settings.file).unwrap(), content, "it was touched");
        assert!(error.contains("cannot be continued") && error.contains("move it aside"), "{error}");
        error
    };
    refused(b"something else");
    refused(b"something else\n");
    refused(b"{\"sequence\":1}\n");
    fs::remove_file(&settings.file).unwrap();
    let log = Log::open(settings.clone()).unwrap();
    let error = Log::open(settings.clone()).unwrap_err();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    drop(log);
    let whole = fs::read(&settings.file).unwrap();
    refused(&[&whole[..], b"{\"other\":1}\n"].concat());
    refused(&[&whole[..], b"more"].concat());
    let other = Settings { installation: InstallationId::random(), ..settings.clone() };
    fs::write(&settings.file, whole).unwrap();
    assert!(Log::open(other).unwrap_err().to_string().contains("it is the log of the installation"));
}

#[tokio::test]
async fn a_long_line_is_shortened_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let log = Log::open(settings.clone()).unwrap();
    let mut long = event(0);
    long.user_agent = Some("ä".repeat(50_000));
    let mut wide = event(1);
    wide.policies = (0..5000).map(|number| format!("policy {number}")).collect();
    wide.allowed = Some(true);
    let mut broken = event(2);
    broken.additional.insert("fraction".to_owned(), serde_json::json!(0.1));
    for event in [&long, &wide, &broken] {
        log.begin().unwrap().write(event, true).await.unwrap();
    }
    check(&settings).unwrap();
    let text = fs::read_to_string(&settings.file).unwrap();
    assert!(text.lines().all(|line| line.len() <= 16 * 1024));
    assert!(text.contains("ää…\""), "the long one");
    assert!(text.contains(r#""additionalEventData":"…""#), "the wide one");
    assert!(text.contains(r#""fraction":"0.1""#));
}

#[test]
fn places_are_bounded_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(settings(folder.path())).unwrap();
    let places: Vec<_> = (0..66_000).map(|_| log.begin().unwrap()).collect();
    assert!(log.begin().unwrap_err().reason().contains("66000 lines"));
    drop(places);
    for _ in 0..100 {
        log.begin().unwrap().submit(&event(0));
    }
}
