//! A walk whose connection is lost, at each of its steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyferry::client::walk::{Progress, Step, Target};
use keyferry::client::{Client, Error, Local, NewKey, Walk};
use keyferry::model::{KeyMaterialId, KeySpec, KeyState, KeyUsage, WrappingKeySpec};
use keyferry::wrap;
use serde_json::Value;

use super::{endpoint, shown};
use crate::harness::audit::{Keys, assert_sound};
use crate::harness::daemon::field;
use crate::harness::proxy::Proxy;
use crate::harness::record::Record;
use crate::harness::{Daemon, Plaintext, Settings};

/// A daemon of its own, the way to it, and somebody at the other end.
struct Scene {
    daemon: Arc<Daemon>,
    proxy: Arc<Proxy>,
    client: Client,
    /// Calls by the method of the last [`Scene::walk`] that the daemon had seen before.
    seen: usize,
}

impl Scene {
    async fn new() -> Self {
        let daemon = tokio::task::spawn_blocking(|| Arc::new(Daemon::start(Settings::default()))).await.unwrap();
        let proxy = Arc::new(Proxy::to(daemon.address()).await);
        let endpoint = shown(endpoint(&daemon, &format!("https://{}", proxy.address)), &daemon.installation.importer);
        let client = Client::connect(&endpoint).await.unwrap();
        Self { daemon, proxy, client, seen: 0 }
    }

    /// Walks, and does `mischief` when `step` first begins. Returns what the walk came to and the failures that it overcame.
    async fn walk(
        &self,
        walk: &Walk,
        material: &Plaintext,
        step: Step,
        mischief: fn(&Proxy),
    ) -> (Result<keyferry::client::walk::Outcome, Error>, Vec<(Step, String)>) {
        let (mut failures, mut done) = (Vec::new(), false);
        let kind = material.kind;
        let outcome = walk
            .run(
                &self.client,
                |_| wrap::material(kind, &material.bytes),
                |progress| match progress {
                    Progress::Begins(begun) if begun == step && !done => {
                        done = true;
                        mischief(&self.proxy);
                    }
                    Progress::Waits(step, failure, _) => {
                        assert!(matches!(failure, Error::Lost(_) | Error::Connection(_)), "{failure:?}");
                        failures.push((step, failure.to_string()));
                    }
                    _ => {}
                },
            )
            .await;
        assert!(done, "the walk never came to {step}");
        (outcome, failures)
    }

    /// Cuts the connection once the daemon is done with its next call of this method.
    fn cut_once_done(&mut self, method: &'static str) {
        self.once_done(method, Proxy::cut);
    }

    fn once_done(&mut self, method: &'static str, mischief: fn(&Proxy)) {
        let (daemon, proxy, seen) = (self.daemon.clone(), self.proxy.clone(), self.count(method));
        self.seen = seen;
        tokio::task::spawn_blocking(move || {
            let count = AtomicUsize::new(0);
            daemon.wait_for_log(|line| is_done(line, method) && count.fetch_add(1, Ordering::SeqCst) == seen);
            mischief(&proxy);
        });
    }

    /// How many calls of this method have been answered well.
    fn count(&self, method: &str) -> usize {
        let log = self.daemon.log();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(|line| is_done(line, method)).count()
    }
}

fn is_done(line: &Value, method: &str) -> bool {
    field(line, "method") == method && field(line, "code") == "Ok"
}

fn new_key() -> Target {
    Target::New(NewKey::external(KeySpec::SymmetricDefault))
}

fn quick(target: Target) -> Walk {
    Walk::to(target).wrapping_key_spec(WrappingKeySpec::Rsa2048)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_on_its_way_the_material_comes_in_once() {
    let mut scene = Scene::new().await;
    let mut keys = Keys::new();
    #[rustfmt::skip]
    let cases = [
        // The daemon is done, and its answer is lost: the identical request is answered the same.
        (Step::Import,     Some("ImportKeyMaterial"),      2),
        (Step::Parameters, Some("GetParametersForImport"), 2),
        (Step::Confirm,    Some("DescribeKey"),            2),
        (Step::Profile,    Some("GetTokenProfile"),        2),
        // Nothing reaches the daemon.
        (Step::Import,     None,                           1),
    ];
    for (number, (step, answer_lost, calls)) in (1..).zip(cases) {
        // The log is read by a thread that may be behind: what is in it before this call's line is read with that.
        scene.client.list_all_keys().await.unwrap();
        scene.daemon.wait_for_logs(number, |line| is_done(line, "ListKeys"));
        let case = format!("{step}, {answer_lost:?}");
        let material = Plaintext::aes();
        let method = answer_lost.unwrap_or("ImportKeyMaterial");
        let before = scene.count(method);
        let (outcome, failures) = if answer_lost.is_some() {
            scene.cut_once_done(method);
            scene.walk(&quick(new_key()), &material, step, Proxy::hold).await
        } else {
            scene.walk(&quick(new_key()), &material, step, |proxy| proxy.refuse(2)).await
        };
        let outcome = outcome.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(failures.iter().any(|(failed, _)| *failed == step), "{case}: nothing was lost: {failures:?}");
        assert_eq!(scene.count(method) - before, calls, "{case}");

        let key = outcome.key;
        assert_eq!((key.state, outcome.made), (KeyState::Enabled, true), "{case}");
        let expected = KeyMaterialId::parse(&material.fingerprint(key.id.as_str())).unwrap();
        assert_eq!((key.proof.unwrap().fingerprint, outcome.key_material_id), (expected, expected), "{case}");
        keys.insert(key.id.to_string(), (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt));
    }
    let all = scene.client.list_all_keys().await.unwrap();
    assert_eq!(all.len(), keys.len(), "no key was made twice");
    let Ok(daemon) = Arc::try_unwrap(scene.daemon) else { panic!("somebody still waits for the daemon") };
    drop(scene.client);
    let installation = daemon.terminate();
    let record = Record::read(&installation).await;
    for key in keys.keys() {
        // Panics where there are several.
        record.object_of(key);
    }
    assert_sound(&installation, &keys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_be_made_is_not_made_again_and_the_walk_goes_on_with_its_id() {
    let mut scene = Scene::new().await;
    let material = Plaintext::aes();
    scene.cut_once_done("CreateKey");
    let (lost, failures) = scene.walk(&quick(new_key()), &material, Step::Create, Proxy::hold).await;
    let Err(Error::Local(Local::Unknown { spec, cause })) = lost else { panic!("{lost:?}") };
    assert_eq!((spec, failures), (KeySpec::SymmetricDefault, vec![]));
    let message = Local::Unknown { spec, cause }.to_string();
    assert!(message.contains("look among the keys for one of SYMMETRIC_DEFAULT that is PendingImport"), "{message}");

    let made = scene.client.list_all_keys().await.unwrap();
    let [made] = &made[..] else { panic!("{made:?}") };
    let target = Target::Existing(made.arn.clone());
    let (outcome, _) = scene.walk(&quick(target), &material, Step::Import, |_| {}).await;
    let outcome = outcome.unwrap();
    assert_eq!((outcome.key.id, outcome.key.state, outcome.made), (made.id.clone(), KeyState::Enabled, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_away_is_waited_for_as_long_as_patience_lasts() {
    let scene = Scene::new().await;
    let walk = quick(new_key()).patience(Duration::from_millis(400));
    let began = std::time::Instant::now();
    let (gone, failures) = scene.walk(&walk, &Plaintext::aes(), Step::Parameters, |proxy| proxy.refuse(1_000_000)).await;
    assert!(matches!(gone, Err(Error::Connection(_) | Error::Lost(_))), "{gone:?}");
    // Pauses of 100 and 200 milliseconds; 400 more would be too many.
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_may_be_done_is_not_told_as_never_sent_when_the_service_stays_away() {
    let mut scene = Scene::new().await;
    scene.once_done("ImportKeyMaterial", |proxy| proxy.refuse(1_000_000));
    let walk = quick(new_key()).patience(Duration::from_millis(400));
    let (outcome, _) = scene.walk(&walk, &Plaintext::aes(), Step::Import, Proxy::hold).await;
    let Err(Error::Lost(said)) = outcome else { panic!("{outcome:?}") };
    assert!(said.contains("; and when it was tried again: could not connect to the endpoint URL"), "{said}");
}
