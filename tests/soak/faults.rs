//! The token's bad days: one fault after the other, each taken back before the next.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::load::Ledger;
use crate::harness::Faults;

/// What happens, and for how long.
const FAULTS: [(&[&str], Duration); 12] = [
    (&["rule C_SignInit 3 logout"], Duration::from_secs(1)),
    (&["rule C_SignInit 2 close", "rule C_UnwrapKey 1 close"], Duration::from_secs(1)),
    (&["rule C_UnwrapKey 1 return CKR_DEVICE_ERROR"], Duration::from_secs(1)),
    (&["rule C_CopyObject 2 return CKR_GENERAL_ERROR"], Duration::from_secs(1)),
    (&["rule C_CopyObject 1 after CKR_DEVICE_ERROR"], Duration::from_secs(1)),
    (&["rule C_CopyObject 1 lie"], Duration::from_secs(1)),
    (&["rule C_DestroyObject 1 after CKR_FUNCTION_FAILED"], Duration::from_secs(1)),
    (&["rule C_Sign * delay 20"], Duration::from_secs(3)),
    (&["rule C_GenerateKeyPair 1 return CKR_DEVICE_MEMORY"], Duration::from_secs(1)),
    (&["rule C_Sign 1 hang", "rule C_UnwrapKey 1 hang-after"], Duration::from_secs(4)),
    (&["rule * 5 return CKR_CRYPTOKI_NOT_INITIALIZED"], Duration::from_secs(1)),
    (&["absent"], Duration::from_secs(2)),
];

/// How long the token is well between two.
const WELL: Duration = Duration::from_secs(4);

/// How long it takes at most, as a rule, to be well again.
const HEALED: Duration = Duration::from_secs(2);

/// How long it takes until each has been.
pub(super) fn round() -> Duration {
    FAULTS.iter().map(|(_, lasts)| *lasts + WELL + HEALED).sum()
}

/// Makes the token fail, until told to stop; what it did, and how long callers then waited for the next import and the next use.
pub(super) fn plague(mut faults: Faults, ledger: &Ledger, stopped: &watch::Receiver<bool>) -> String {
    let mut happened = [(0_u32, Duration::ZERO); FAULTS.len()];
    for (n, (orders, lasts)) in FAULTS.iter().enumerate().cycle() {
        if !rest(WELL, stopped) {
            break;
        }
        for order in *orders {
            faults.ask(order);
        }
        let (times, longest) = &mut happened[n];
        *times += 1;
        let goes_on = rest(*lasts, stopped);
        faults.ask("present");
        faults.clear();
        if !goes_on {
            break;
        }
        *longest = healed(ledger, stopped).max(*longest);
    }
    let mut told =
        String::from("fault                                                            times  longest to heal, s\n");
    for ((orders, _), (times, longest)) in FAULTS.iter().zip(happened) {
        writeln!(told, "{:64} {times:5}  {:18.1}", orders.join("; "), longest.as_secs_f64()).unwrap();
    }
    told
}

/// Waits until an import and a use have been acknowledged; how long that took.
fn healed(ledger: &Ledger, stopped: &watch::Receiver<bool>) -> Duration {
    let (began, so_far) = (Instant::now(), ledger.acknowledged());
    while !*stopped.borrow() {
        let now = ledger.acknowledged();
        if now.0 > so_far.0 && now.1 > so_far.1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

/// Lets time pass; whether it goes on.
fn rest(long: Duration, stopped: &watch::Receiver<bool>) -> bool {
    let until = Instant::now() + long;
    while Instant::now() < until && !*stopped.borrow() {
        std::thread::sleep(Duration::from_millis(20));
    }
    !*stopped.borrow()
}
