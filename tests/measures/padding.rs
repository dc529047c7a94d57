//! Whether the time of a refusal tells where the padding broke (Manger, CRYPTO 2001): each place beside each other one, first the
//! token's work alone, then the whole call, which ends on a beat.
//!
//! The places take turns in an order of chance, so that what drifts meets all of them.

mod blocks;
mod compared;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cryptoki::session::Session;
use keyferry::hsm::{Error, Import};
use keyferry::model::{
    HostAssisted, KeyUsage, MaterialKind, ObjectId, PairKind, PairUse, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};
use tokio::sync::Mutex;

use super::load::at_once;
use super::report::{Goal, Report};
use super::samples::{Samples, timed};
use crate::harness::client::import_request;
use crate::harness::{Daemon, Settings, inprocess};
use blocks::{Broken, Press};

const ALGORITHM: WrappingAlgorithm = WrappingAlgorithm::RsaesOaepSha256;
const SPEC: WrappingKeySpec = WrappingKeySpec::Rsa2048;
/// Samples of each place, of the token's work and of whole calls.
const ALONE: usize = 4000;
const WHOLE: usize = 800;
/// Calls at once: each waits for its beat, and the token has room.
const IN_FLIGHT: usize = 16;
/// As far apart as chance does not put two means.
const APART: f64 = 4.5;

/// Durations by place.
type Found = [Vec<Duration>; 5];

pub async fn measure(report: &mut Report) {
    let label = "padding";
    let hsm = tokio::task::spawn_blocking(move || inprocess::open(label, HostAssisted::Material)).await.unwrap();
    let wrapping_key = ObjectId::random();
    let kind = PairKind { spec: SPEC, pair_use: PairUse::RawDecrypt };
    let made = hsm.make(move |token| token.make_wrapping_key(&wrapping_key, kind)).await.unwrap();
    let session = session(label);
    let press = Press::new(&session, &made.spki);
    let mut found = Found::default();
    for round in 0..ALONE {
        for place in shuffled() {
            let import = Import {
                wrapping_key,
                spki: made.spki.clone(),
                algorithm: ALGORITHM,
                path: UnwrapPath::HostMaterial,
                ciphertext: press.ciphertext(Broken::ALL[place]),
                kind: MaterialKind::Aes256,
                usage: KeyUsage::EncryptDecrypt,
                object: ObjectId::random(),
            };
            let work = move |token: &keyferry::hsm::Token| {
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
    compare(report, "the token's work", &found);
    compare(report, "the whole call", &whole(&session).await);
}

/// Calls over the wire, refused on the beat.
async fn whole(session: &Session) -> Found {
    let daemon = Daemon::start(Settings { max_attempts: 1000, ..Settings::default() });
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let mut requests = Vec::new();
    for _ in 0..WHOLE.div_ceil(150) {
        let set = client.parameters(&key, ALGORITHM, SPEC).await.unwrap();
        let press = Press::new(session, &set.public_key);
        for _ in 0..150 {
            requests.extend(shuffled().map(|place| (place, import_request(&set, press.ciphertext(Broken::ALL[place])))));
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
                refused.unwrap_err().assert_is("InvalidCiphertextException", "a broken block");
                found.lock().await[*place].push(took);
                Ok(())
            }
        }
    };
    at_once(requests.len(), IN_FLIGHT, call).await;
    Arc::try_unwrap(found).expect("all calls have ended").into_inner()
}

fn compare(report: &mut Report, what: &str, found: &Found) {
    for (broken, durations) in Broken::ALL.iter().zip(found) {
        report.samples(&format!("{what}, broken: {broken:?}"), &Samples::in_turn(durations.clone()));
    }
    for (one, broken) in Broken::ALL.iter().enumerate() {
        for (other, further) in Broken::ALL.iter().enumerate().skip(one + 1) {
            let pair = format!("{what}, {broken:?} beside {further:?}");
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
fn shuffled() -> [usize; 5] {
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
