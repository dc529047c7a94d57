//! The token's bad days: one fault after the other, each taken back before the next.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tokio::sync::watch;

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

/// Makes the token fail, until told to stop; what it did.
pub(super) fn plague(mut faults: Faults, stopped: &watch::Receiver<bool>) -> String {
    let mut happened = [0_u32; FAULTS.len()];
    for (n, (orders, lasts)) in FAULTS.iter().enumerate().cycle() {
        if !rest(WELL, stopped) {
            break;
        }
        for order in *orders {
            faults.ask(order);
        }
        happened[n] += 1;
        let goes_on = rest(*lasts, stopped);
        faults.ask("present");
        faults.clear();
        if !goes_on {
            break;
        }
    }
    let mut told = String::from("fault                                                            times\n");
    for ((orders, _), times) in FAULTS.iter().zip(happened) {
        writeln!(told, "{:64} {times:5}", orders.join("; ")).unwrap();
    }
    told
}

/// Lets time pass; whether it goes on.
fn rest(long: Duration, stopped: &watch::Receiver<bool>) -> bool {
    let until = Instant::now() + long;
    while Instant::now() < until && !*stopped.borrow() {
        std::thread::sleep(Duration::from_millis(20));
    }
    !*stopped.borrow()
}
