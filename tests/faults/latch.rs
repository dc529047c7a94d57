//! A PIN that is refused in the middle: nobody logs in after that until somebody has seen to it, for each try could lock the token.

use super::cases::Doing;
use super::scene::{LOGOUT, Scene};
use super::sweep::MEASURE;
use crate::harness::any_token::Make;

/// What C_Login says of a PIN, one that most tests see first.
const REFUSALS: [&str; 5] =
    ["CKR_PIN_INCORRECT", "CKR_PIN_LOCKED", "CKR_PIN_EXPIRED", "CKR_PIN_INVALID", "CKR_PIN_LEN_RANGE"];

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_is_refused_is_not_tried_again_before_a_restart() {
    let refusals = if std::env::var_os(MEASURE).is_some() { &REFUSALS[..] } else { &REFUSALS[..1] };
    let mut scene = Scene::new(Make::SoftHsm, Doing::Make).await;
    for refusal in refusals {
        let import = scene.prepare().await;
        scene.faults.reset();
        scene.faults.rule(LOGOUT);
        scene.faults.rule(&format!("C_Login * return {refusal}"));
        // More calls than there are sessions, so that each of them has noticed.
        for _ in 0..12 {
            let refused = scene.send(&import).await.unwrap_err();
            refused.assert_is("DependencyTimeoutException", refusal);
        }
        assert_eq!(scene.faults.counts()["C_Login"], 1, "{refusal}");
        // The token would take it again; nobody tries.
        scene.faults.clear();
        scene.send(&import).await.unwrap_err().assert_is("DependencyTimeoutException", refusal);
        assert_eq!(scene.faults.counts()["C_Login"], 1, "{refusal}");
        scene = scene.restarted().await;
        scene.serves_again(&import).await.unwrap();
    }
    scene.settled().await.unwrap();
    scene.end().await;
}
