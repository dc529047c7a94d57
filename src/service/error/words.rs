//! What callers are told of policies, record and token, and what they are not.

use crate::model::Action;
use crate::{hsm, store};

/// Why the policies deny.
pub(super) fn because(action: Action, forbidden: bool) -> String {
    match forbidden {
        true => "with an explicit deny in an identity-based policy".to_owned(),
        false => format!("because no identity-based policy allows the {action} action"),
    }
}

/// What is said of the record.
pub(super) fn store_message(error: &store::Error) -> &'static str {
    match error {
        store::Error::ReadOnly | store::Error::Unreachable(_) => "the database is not available: try again",
        store::Error::Conflict => "the key is being changed by others: try again",
        _ => "internal error",
    }
}

/// What is said of the token.
pub(super) fn hsm_message(error: &hsm::Error) -> String {
    let message = match error {
        hsm::Error::Busy => "the token is busy: try again",
        hsm::Error::Full(_) => "the token is full: delete keys that are not needed, or try again later",
        hsm::Error::Gone(_) | hsm::Error::Hanging | hsm::Error::Stale(_) => "the token is not available: try again",
        hsm::Error::Lacks(mechanism) => return format!("the token does not support {mechanism}"),
        hsm::Error::Rejected => "the encrypted key material could not be unwrapped, or is not material of this key's spec",
        hsm::Error::Failed(_)
        | hsm::Error::Host(_)
        | hsm::Error::Misbehaved(_)
        | hsm::Error::Missing(_)
        | hsm::Error::Stopped => "internal error",
    };
    message.to_owned()
}
