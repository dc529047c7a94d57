//! Whether the time of a refusal tells what was wrong with a ciphertext: of RSA-OAEP where the padding broke (Manger, CRYPTO 2001), of SM2
//! whether the digest was right. Each place beside each other one, first the token's work alone, then the whole call, which ends on a beat.
//!
//! The places take turns in an order of chance, so that what drifts meets all of them.

mod blocks;
mod compared;
mod spoilt;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cryptoki::session::Session;
use keyferry::hsm::{Error, Hsm, Import, Token};
use keyferry::model::{HostAssisted, KeySpec, KeyUsage, ObjectId, PairKind, UnwrapPath, WrappingAlgorithm, WrappingKeySpec};
use tokio::sync::Mutex;

use super::load::at_once;
use super::report::{Goal, Report};
use super::samples::{Samples, timed};
use crate::harness::client::import_request;
use crate::harness::{Daemon, Plaintext, Settings, inprocess};
use blocks::{Broken, Press};
use spoilt::Spoilt;

/// Samples of each place, of the token's work and of whole calls.
const ALONE: usize = 4000;
const WHOLE: usize = 800;
/// Whole calls of each place under one wrapping key.
const OF_A_SET: usize = 150;
/// Calls at once: each waits for its beat, and the token has room.
const IN_FLIGHT: usize = 16;
/// As far apart as chance does not put two means.
const APART: f64 = 4.5;

/// So many places.
const PLACES: usize = 5;
/// Durations by place.
type Found = [Vec<Duration>; PLACES];

/// What is wrapped for which key, and how it comes in.
struct Subject {
    algorithm: WrappingAlgorithm,
    spec: WrappingKeySpec,
    path: UnwrapPath,
    key: KeySpec,
    usage: KeyUsage,
}

/// An AES key under RSA.
const PADDING: Subject = Subject {
    algorithm: WrappingAlgorithm::RsaesOaepSha256,
    spec: WrappingKeySpec::Rsa2048,
    path: UnwrapPath::HostMaterial,
    key: KeySpec::SymmetricDefault,
    usage: KeyUsage::EncryptDecrypt,
};

/// A private key under SM2.
const SM2PKE: Subject = Subject {
    algorithm: WrappingAlgorithm::Sm2pke,
    spec: WrappingKeySpec::Sm2,
    path: UnwrapPath::HostSm2,
    key: KeySpec::EccNistP256,
    usage: KeyUsage::SignVerify,
};

pub async fn measure(report: &mut Report) {
    let label = "padding";
    let hsm = opened(label).await;
    let session = session(label);
    let ciphertexts = |spki: &[u8]| {
        let press = Press::new(&session, spki);
        move |place: usize| press.ciphertext(Broken::ALL[place])
    };
    let names = Broken::ALL.map(|broken| format!("{broken:?}"));
    compare(report, "the token's work", &names, &alone(&hsm, &PADDING, ciphertexts).await);
    compare(report, "the whole call", &names, &whole(&PADDING, ciphertexts).await);
}

pub async fn measure_sm2pke(report: &mut Report) {
    let (hsm, private_key) = (opened("sm2pke").await, Plaintext::for_spec(SM2PKE.key).bytes);
    let ciphertexts = |spki: &[u8]| {
        let (spki, private_key) = (spki.to_vec(), private_key.clone());
        move |place: usize| Spoilt::ALL[place].ciphertext(&spki, &private_key)
    };
    let names = Spoilt::ALL.map(|spoilt| format!("{spoilt:?}"));
    compare(report, "SM2, the token's work", &names, &alone(&hsm, &SM2PKE, ciphertexts).await);
    compare(report, "SM2, the whole call", &names, &whole(&SM2PKE, ciphertexts).await);
}

async fn opened(label: &'static str) -> Hsm {
    tokio::task::spawn_blocking(move || inprocess::open(label, HostAssisted::Material)).await.unwrap()
}

/// The token's work, refused as soon as it is done; `ciphertexts` says for a public key what is sent of each place.
async fn alone<C: Fn(usize) -> Vec<u8>>(hsm: &Hsm, subject: &Subject, ciphertexts: impl Fn(&[u8]) -> C) -> Found {
    let wrapping_key = ObjectId::random();
    let kind = PairKind { spec: subject.spec, pair_use: subject.path.pair_use() };
    let made = hsm.make(move |token| token.make_wrapping_key(&wrapping_key, kind)).await.unwrap();
    let ciphertext = ciphertexts(&made.spki);
    let mut found = Found::default();
    for round in 0..ALONE {
        for place in shuffled() {
            let import = Import {
                wrapping_key,
                spki: made.spki.clone(),
                algorithm: subject.algorithm,
                path: subject.path,
                ciphertext: ciphertext(place),
                kind: subject.key.material().unwrap(),
                usage: subject.usage,
                object: ObjectId::random(),
            };
            let work = move |token: &Token| {
                let began = Instant::now();
                let refused = token.import(&import, |_| Ok::<_, Error>(()));
                let took = began.elapsed();
                assert!(matches!(refused, Err(Error::Rejected)), "{refused:?}");
                Ok(took)
            };
            let took = hsm.call(work).await.unwrap();
            // The first find no cache warm.
            if round >= ALONE / 20 {
                found[place].push(took);
            }
        }
    }
    found
}

/// Calls over the wire, refused on the beat.
async fn whole<C: Fn(usize) -> Vec<u8>>(subject: &Subject, ciphertexts: impl Fn(&[u8]) -> C) -> Found {
    let daemon = Daemon::start(Settings { max_attempts: 1000, ..Settings::default() });
    let client = daemon.client().await;
    let key = client.create_external(subject.key, subject.usage).await.key_id;
    let mut requests = Vec::new();
    for _ in 0..WHOLE.div_ceil(OF_A_SET) {
        let set = client.parameters(&key, subject.algorithm, subject.spec).await.unwrap();
        let ciphertext = ciphertexts(&set.public_key);
        for _ in 0..OF_A_SET {
            requests.extend(shuffled().map(|place| (place, import_request(&set, ciphertext(place)))));
        }
    }
    let (requests, found) = (Arc::new(requests), Arc::new(Mutex::new(Found::default())));
    let call = {
        let (requests, found) = (Arc::clone(&requests), Arc::clone(&found));
        move |number: usize| {
            let (requests, found, client) = (Arc::clone(&requests), Arc::clone(&found), client.clone());
            async move {
                let (place, request) = &requests[number];
                let (took, refused) = timed(client.import(request.clone())).await;
                refused.unwrap_err().assert_is("InvalidCiphertextException", "a broken ciphertext");
                found.lock().await[*place].push(took);
                Ok(())
            }
        }
    };
    at_once(requests.len(), IN_FLIGHT, call).await;
    Arc::try_unwrap(found).expect("all calls have ended").into_inner()
}

fn compare(report: &mut Report, what: &str, names: &[String; PLACES], found: &Found) {
    for (broken, durations) in names.iter().zip(found) {
        report.samples(&format!("{what}, broken: {broken}"), &Samples::in_turn(durations.clone()));
    }
    for (one, broken) in names.iter().enumerate() {
        for (other, further) in names.iter().enumerate().skip(one + 1) {
            let pair = format!("{what}, {broken} beside {further}");
            let [cropped, beside] = compared::cropped(&found[one], &found[other], 0.95);
            let [all, most] =
                [compared::welch(&found[one], &found[other]), compared::welch(&cropped, &beside)].map(f64::abs);
            report.figure(format!("{pair}, |t|"), Goal::AtMost(APART), all, None);
            report.figure(format!("{pair}, |t| of the quickest 95 %"), Goal::AtMost(APART), most, None);
            // Of twenty comparisons one is below 0.05 by chance, and of ten thousand one below this.
            let chance = compared::kolmogorov_smirnov(&found[one], &found[other]);
            report.figure(format!("{pair}, p of Kolmogorov–Smirnov"), Goal::AtLeast(0.0001), chance, None);
        }
    }
}

/// The places, in an order of chance.
fn shuffled() -> [usize; PLACES] {
    let mut order = [0, 1, 2, 3, 4];
    for last in (1..order.len()).rev() {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        order.swap(last, (u64::from_ne_bytes(random) % (last as u64 + 1)) as usize);
    }
    order
}

/// A session that sees public objects alone.
fn session(label: &str) -> Session {
    let ours = |slot: &_| inprocess::context().get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == label);
    let slot = inprocess::context().get_slots_with_initialized_token().unwrap().into_iter().find(ours).unwrap();
    inprocess::context().open_ro_session(slot).unwrap()
}
