//! What a token does to a service over hours, in seconds: it hangs, goes away, forgets, and comes back. A key that was imported
//! before is used all the while.

use std::time::Instant;

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use super::ward::{HEALED, Ward};
use crate::call;
use crate::harness::any_token::Make;
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{FEW_PAIRS, Plaintext, audit};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_login_is_had_again_before_anybody_notices() {
    has_its_login_again(&mut Ward::new().await).await;
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
async fn while_the_token_is_away_nothing_is_put_on_record_for_it() {
    let ward = Ward::with(Make::SoftHsm, FEW_PAIRS.to_owned()).await;
    ward.settles("the wrapping key of the import").await;
    // Three to unwrap with and three to decrypt with.
    ward.has_ready(6).await;
    let (mut faults, client) = (ward.faults, ward.client);
    let external = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    faults.ask("absent");
    ward.daemon.wait_for_log(|line| field(line, "message") == "the token does not serve");
    let before = Record::read(&ward.daemon.installation).await;
    for _ in 0..5 {
        let request = pb::CreateKeyRequest { key_spec: pb::KeySpec::SymmetricDefault.into(), ..Default::default() };
        let generated = call!(client.keys(), create_key, request).unwrap_err();
        let issued = client.parameters(&external.key_id, WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa2048).await;
        for refusal in [generated, issued.unwrap_err()] {
            refusal.assert_is("DependencyTimeoutException", "the token is away");
        }
    }
    let after = Record::read(&ward.daemon.installation).await;
    assert!(before.wrapping_keys.values().any(|state| state == "ready"));
    assert_eq!((after.unsettled, after.wrapping_keys), (before.unsettled, before.wrapping_keys));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_keys_and_fails_late_keeps_nobody_from_opening_sessions_for_callers() {
    let mut ward = Ward::new().await;
    // A maker loses its session, and is slow in having another: by then the callers' sessions are lost as well, and one of theirs tries.
    ward.faults.rule("C_GenerateKey 1 close");
    ward.faults.rule("C_OpenSession 1 delay 700");
    let request = pb::CreateKeyRequest { key_spec: pb::KeySpec::SymmetricDefault.into(), ..Default::default() };
    call!(ward.client.keys(), create_key, request).unwrap_err();
    ward.faults.reset();
    ward.faults.rule("C_SignInit * return CKR_DEVICE_ERROR");
    while ward.mac().await.is_err() && !ward.daemon.log().contains("the token does not serve") {}
    // Twice as long after each try: the last of so many comes when the maker has failed.
    let began = Instant::now();
    while ward.faults.counts().get("C_OpenSession").is_none_or(|tries| *tries < 8) {
        assert!(began.elapsed() < HEALED, "nobody tries any more:\n{}", ward.daemon.log());
        tokio::task::yield_now().await;
    }
    ward.faults.clear();
    ward.heals().await;
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
    is_initialised_anew(&mut Ward::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_another_initialises_anew_costs_one_call_and_no_key() {
    let mut ward = Ward::new().await;
    outlives_its_module(&mut ward).await;
    ward.ends_sound().await;
}

/// In one, for its token takes seconds to make.
#[tokio::test(flavor = "multi_thread")]
async fn kryoptic_is_healed_as_softhsm2_is() {
    let mut ward = Ward::on(Make::Kryoptic).await;
    has_its_login_again(&mut ward).await;
    outlives_its_module(&mut ward).await;
    ward.faults.rule("C_SignInit 1 close");
    let _perhaps_refused = ward.mac().await;
    ward.mac().await.unwrap();
    is_initialised_anew(&mut ward).await;
    ward.faults.ask("absent");
    ward.mac().await.unwrap_err();
    ward.faults.ask("present");
    println!("served again after {:?}", ward.heals().await);
    ward.ends_sound().await;
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
    ward.settles("what it left").await;
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

async fn has_its_login_again(ward: &mut Ward) {
    for _ in 0..3 {
        ward.faults.reset();
        ward.faults.rule("C_SignInit 1 logout");
        ward.mac().await.unwrap();
        ward.faults.clear();
        assert_eq!(ward.faults.counts().get("C_Login"), Some(&1), "once, by whoever is first");
    }
}

async fn is_initialised_anew(ward: &mut Ward) {
    // As SoftHSM 2.6.1 does beside other processes, for ever, until it is initialised anew.
    ward.faults.reset();
    ward.faults.rule("C_OpenSession * return CKR_GENERAL_ERROR");
    ward.faults.rule("C_SignInit * return CKR_CRYPTOKI_NOT_INITIALIZED");
    ward.mac().await.unwrap_err();
    ward.said("the PKCS#11 module was initialised anew");
    ward.faults.clear();
    ward.heals().await;
    let counts = ward.faults.counts();
    assert!(counts["C_Finalize"] >= 1 && counts["C_Initialize"] >= 1, "{counts:?}");
}

/// Sessions, login and handles are gone at once, and no return value says so: all of them are had again.
async fn outlives_its_module(ward: &mut Ward) {
    for _ in 0..3 {
        ward.faults.reset();
        ward.faults.ask("renew");
        let _perhaps_refused = ward.mac().await;
        ward.mac().await.unwrap();
        let counts = ward.faults.counts();
        assert_eq!(counts.get("C_Login"), Some(&1), "{counts:?}");
        assert_eq!((counts.get("C_Finalize"), counts.get("C_Initialize")), (None, None), "the service need not: {counts:?}");
    }
}
