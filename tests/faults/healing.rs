//! What a token does to a service over hours, in seconds: it hangs, goes away, forgets, and comes back. A key that was imported
//! before is used all the while.

use std::time::{Duration, Instant};

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::audit;
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Refusal, Settings, openssl};

/// Within this the service serves again, once the token is well.
const HEALED: Duration = Duration::from_secs(10);

/// What a caller waits at most where it is known that the token does not serve. Milliseconds, but this machine may be busy.
const AT_ONCE: Duration = Duration::from_secs(1);

struct Ward {
    daemon: Daemon,
    client: Client,
    faults: Faults,
    key_id: String,
    mac: Vec<u8>,
}

impl Ward {
    async fn new() -> Self {
        let installation = Installation::new(Settings { faults: true, ..Settings::default() });
        installation.edit_config("host_assisted = ", "longest_call_seconds = 1\nhost_assisted = ");
        // Else the log is signed for in the middle of a test, and it is this that meets the fault.
        installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
        let daemon = Daemon::serve(installation, &[]);
        let (client, faults) = (daemon.client().await, Faults::of(&daemon.installation));
        let key = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
        let algorithm = WrappingAlgorithm::RsaesOaepSha1;
        let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
        let material = Plaintext::for_spec(KeySpec::Hmac256);
        let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
        client.import(import_request(&set, ciphertext)).await.unwrap();
        let mac = openssl::hmac(HmacHash::Sha256, &material.bytes, b"message");
        Self { daemon, client, faults, key_id: key.key_id, mac }
    }

    /// Uses the key, which must answer as it did before.
    async fn mac(&self) -> Result<(), Refusal> {
        let request = pb::GenerateMacRequest {
            message: b"message".to_vec(),
            key_id: self.key_id.clone(),
            mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
            ..Default::default()
        };
        let answer = call!(self.client.cryptography(), generate_mac, request)?;
        assert_eq!(answer.mac, self.mac, "the key is another");
        Ok(())
    }

    /// Uses the key until it answers; how long that took.
    async fn heals(&self) -> Duration {
        let began = Instant::now();
        loop {
            match self.mac().await {
                Ok(()) => return began.elapsed(),
                Err(refusal) => {
                    assert!(began.elapsed() < HEALED, "not healed: {}: {}", refusal.reason, refusal.message);
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn said(&self, message: &str) {
        self.daemon.wait_for_log(|line| field(line, "message") == message);
    }

    /// Waits until it is known that the token does not serve: from then on nobody waits for it.
    async fn refuses_at_once(&self) {
        self.said("the token does not serve");
        let began = Instant::now();
        let refusal = self.mac().await.unwrap_err();
        assert_eq!(refusal.reason, "DependencyTimeoutException");
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_login_is_had_again_before_anybody_notices() {
    let mut ward = Ward::new().await;
    for _ in 0..3 {
        ward.faults.reset();
        ward.faults.rule("C_SignInit 1 logout");
        ward.mac().await.unwrap();
        ward.faults.clear();
        assert_eq!(ward.faults.counts().get("C_Login"), Some(&1), "once, by whoever is first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_is_refused_is_not_tried_again() {
    let mut ward = Ward::new().await;
    ward.faults.reset();
    ward.faults.rule("C_Login * return CKR_PIN_INCORRECT");
    ward.faults.rule("C_SignInit 1 logout");
    ward.mac().await.unwrap_err();
    ward.refuses_at_once().await;
    for _ in 0..20 {
        ward.mac().await.unwrap_err();
    }
    assert_eq!(ward.faults.counts().get("C_Login"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_lost_costs_one_call_and_no_more() {
    let mut ward = Ward::new().await;
    ward.faults.rule("C_SignInit 1 close");
    let refusal = ward.mac().await.unwrap_err();
    assert_eq!(refusal.reason, "DependencyTimeoutException");
    ward.mac().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_taken_out_and_put_back_serves_again_without_a_restart() {
    let mut ward = Ward::new().await;
    ward.faults.ask("absent");
    ward.mac().await.unwrap_err();
    ward.refuses_at_once().await;
    ward.faults.ask("present");
    println!("served again after {:?}", ward.heals().await);
    ward.said("the token serves again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_goes_while_nobody_asks_is_missed_all_the_same() {
    let mut ward = Ward::new().await;
    ward.faults.ask("absent");
    ward.refuses_at_once().await;
    ward.faults.ask("present");
    ward.heals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_has_lost_itself_is_initialised_anew() {
    let mut ward = Ward::new().await;
    // As SoftHSM 2.6.1 does beside other processes, for ever, until it is initialised anew.
    ward.faults.reset();
    ward.faults.rule("C_OpenSession * return CKR_GENERAL_ERROR");
    ward.faults.rule("C_SignInit * return CKR_CRYPTOKI_NOT_INITIALIZED");
    ward.mac().await.unwrap_err();
    ward.said("the PKCS#11 module was initialised anew");
    ward.faults.clear();
    println!("served again after {:?}", ward.heals().await);
    let counts = ward.faults.counts();
    assert!(counts["C_Finalize"] >= 1 && counts["C_Initialize"] >= 1, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_hangs_is_written_off_and_the_others_go_on() {
    let mut ward = Ward::new().await;
    ward.faults.rule("C_Sign 1 hang");
    let refusal = ward.mac().await.unwrap_err();
    assert_eq!(refusal.reason, "DependencyTimeoutException");
    ward.mac().await.unwrap();
    ward.said("a call to the token does not come back; its thread is written off");
    ward.faults.clear();
    ward.said("a call that was written off has come back from the token");
    ward.mac().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_hangs_wholly_costs_callers_no_time_and_serves_again_when_it_is_back() {
    let mut ward = Ward::new().await;
    ward.faults.rule("* * hang");
    ward.mac().await.unwrap_err();
    ward.refuses_at_once().await;
    ward.faults.clear();
    println!("served again after {:?}", ward.heals().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_written_off_call_leaves_behind_is_not_left_behind() {
    let mut ward = Ward::new().await;
    let algorithm = WrappingAlgorithm::RsaesOaepSha1;
    let key = ward.client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let material = Plaintext::for_spec(KeySpec::Hmac256);
    let set = ward.client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    let ciphertext = material.wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
    // It hangs with the copy made, and holds what others need for theirs.
    ward.faults.rule("C_CopyObject 1 hang-after");
    ward.client.import(import_request(&set, ciphertext.clone())).await.unwrap_err();
    ward.client.import(import_request(&set, ciphertext)).await.unwrap();
    ward.faults.clear();
    ward.said("a call that was written off has come back from the token");
    // Only now is it known what the call left: until then its object is kept on record, to be destroyed.
    let began = Instant::now();
    while !Record::read(&ward.daemon.installation).await.unsettled.is_empty() {
        assert!(began.elapsed() < HEALED, "what it left is not destroyed");
        tokio::task::yield_now().await;
    }
    let installation = ward.daemon.terminate();
    let keys = [ward.key_id, key.key_id].map(|id| (id, (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac)));
    audit::assert_sound(&installation, &keys.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_helps_another_process_is_asked_for() {
    let mut ward = Ward::new().await;
    ward.faults.rule("* * hang");
    let Ward { daemon, .. } = ward;
    let (status, _installation, log) = daemon.wait();
    assert_eq!(status.code(), Some(75), "{log}");
    assert!(log.contains("only another process can help"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_gives_few_sessions_is_served_by_few() {
    let mut ward = Ward::new().await;
    // All are closed behind the service's back, and it gets three of nine again.
    ward.faults.ask("sessions 3");
    ward.faults.rule("* 1 return CKR_CRYPTOKI_NOT_INITIALIZED");
    let _refused = ward.mac().await;
    ward.heals().await;
    ward.faults.ask("sessions off");
    ward.heals().await;
}

#[ignore = "takes a minute of waiting: make faults"]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_hangs_keeps_nobody_waiting_and_ends_in_another_process_too() {
    let mut ward = Ward::new().await;
    ward.faults.rule("C_Login * hang");
    ward.faults.rule("C_SignInit 1 logout");
    ward.mac().await.unwrap_err();
    ward.refuses_at_once().await;
    let Ward { daemon, .. } = ward;
    let (status, _installation, log) = daemon.wait();
    assert_eq!(status.code(), Some(75), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_hang_and_then_fail_keep_nobody_from_trying_again() {
    let mut ward = Ward::new().await;
    ward.faults.rule("* * hang");
    ward.mac().await.unwrap_err();
    ward.refuses_at_once().await;
    // What hung comes back to a token that is not there, and others have taken its place.
    ward.faults.ask("absent");
    ward.faults.clear();
    ward.said("a call that was written off has come back from the token");
    ward.faults.ask("present");
    println!("served again after {:?}", ward.heals().await);
}
