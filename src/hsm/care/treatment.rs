//! What helps against which failure, and how long is waited before the next try.

use std::time::Duration;

use super::super::fault::{Meaning, meaning};
use super::super::{Error, OpenError, Trouble};

/// The pause after the first failed try, and the longest: nobody waits longer than that for a token that is back.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(4));

fn pkcs11_meaning(error: &OpenError) -> Option<Meaning> {
    match error {
        OpenError::Pkcs11(error) | OpenError::SelfTest(Error::Failed(error) | Error::Gone(error) | Error::Full(error)) => {
            Some(meaning(error))
        }
        _ => None,
    }
}

pub(in crate::hsm) fn trouble_of(error: &OpenError) -> Trouble {
    match error {
        OpenError::Hanging => Trouble::Hanging,
        OpenError::WrongPin | OpenError::PinLocked => Trouble::PinRefused,
        OpenError::NoToken { .. } | OpenError::Ambiguous(_) => Trouble::Absent,
        OpenError::Replaced { .. } => Trouble::Replaced,
        _ if pkcs11_meaning(error) == Some(Meaning::Token) => Trouble::Absent,
        OpenError::SelfTest(_) => Trouble::Failing,
        OpenError::Initialise(..)
        | OpenError::Initialising
        | OpenError::Load(..)
        | OpenError::Pkcs11(_)
        | OpenError::Thread(_) => Trouble::NoSession,
    }
}

/// Whether the token may be in another slot by now.
pub(super) fn needs_another_slot(error: &OpenError) -> bool {
    matches!(error, OpenError::Replaced { .. }) || pkcs11_meaning(error) == Some(Meaning::Token)
}

/// Whether the module is to be initialised anew after so many failed tries: at once where it says so itself, and else where
/// patience did not help.
pub(super) fn needs_renewal(error: &OpenError, tries: u32) -> bool {
    match error {
        OpenError::Hanging | OpenError::Initialising | OpenError::Load(..) | OpenError::Thread(_) => false,
        OpenError::WrongPin | OpenError::PinLocked => false,
        OpenError::Ambiguous(_) | OpenError::Initialise(..) | OpenError::NoToken { .. } | OpenError::Replaced { .. } => {
            tries > 1
        }
        OpenError::Pkcs11(_) | OpenError::SelfTest(_) => match pkcs11_meaning(error) {
            Some(Meaning::Module) => true,
            Some(Meaning::Crowded | Meaning::Full | Meaning::Pin) => false,
            Some(
                Meaning::Asked | Meaning::Doubtful | Meaning::Handle | Meaning::Login | Meaning::Session | Meaning::Token,
            )
            | None => tries > 1,
        },
    }
}

/// Twice as long each time, and never the same for all: replicas that lost one token together are not to come back together.
pub fn pause_after(tries: u32) -> Duration {
    let pause = PAUSE.0.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(PAUSE.1);
    let quarters = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    pause.mul_f64(0.75 + quarters / 4.0)
}
