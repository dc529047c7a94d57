//! Loading the PKCS#11 module, finding the token, logging in.

use std::path::{Path, PathBuf};

use cryptoki::context::Pkcs11;
use cryptoki::error::Error as Pkcs11Error;
use cryptoki::session::UserType;
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use secrecy::{ExposeSecret, SecretString};

use super::below;
use super::library::Library;

/// Where distributions put SoftHSM2's module.
pub const SOFTHSM2_PLACES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// Which token is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenName {
    /// CK_TOKEN_INFO.label, without its padding.
    Label(String),
    /// CK_TOKEN_INFO.serialNumber, without its padding.
    Serial(String),
}

impl std::fmt::Display for TokenName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Label(label) => write!(f, "label {label:?}"),
            Self::Serial(serial) => write!(f, "serial number {serial:?}"),
        }
    }
}

/// Why the token could not be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No module there.
    #[error("PKCS#11 module {0:?} cannot be loaded: check hsm.module, and that the token's software is installed ({1})")]
    Load(PathBuf, String),
    /// The module does not start.
    #[error(
        "PKCS#11 module {0:?} does not initialise: {1}; for SoftHSM2 check that SOFTHSM2_CONF names a readable configuration"
    )]
    Initialise(PathBuf, String),
    /// No such token.
    #[error("no token with {wanted} in this module (it has: {found}): check hsm.token_label or hsm.token_serial")]
    NoToken {
        /// What was looked for.
        wanted: TokenName,
        /// The labels of the tokens that are there.
        found: String,
    },
    /// More than one.
    #[error("more than one token with {0}: name it by hsm.token_serial")]
    Ambiguous(TokenName),
    /// No thread.
    #[error("no thread for a session with the token: {0}")]
    Thread(String),
    /// Wrong PIN.
    #[error(
        "the token refused the PIN: tried once and not again, for tokens lock after a few wrong ones; check what hsm.pin_file or hsm.pin_credential names"
    )]
    WrongPin,
    /// The token does not accept PINs any more.
    #[error("the token's PIN is locked: have its security officer reset it")]
    PinLocked,
    /// It is being initialised anew.
    #[error("the PKCS#11 module is being initialised anew")]
    Initialising,
    /// It does not come back.
    #[error("the token does not open in time, nor refuse to: check that its device answers")]
    Hanging,
    /// Another token than before.
    #[error(
        "in the token's place there is another one, with serial number {found:?} and not {expected:?}: put back the one that this process began with, or start anew"
    )]
    Replaced {
        /// The serial number of the token at start.
        expected: String,
        /// That of the one that is there.
        found: String,
    },
    /// It opens, but does not do what it is known to do.
    #[error("the token opens, but does not make a MAC with its own key")]
    SelfTest(#[source] super::Error),
    /// Anything else.
    #[error(
        "the token does not open: check that its device answers; SoftHSM2's folder must be writable and its disk not full"
    )]
    Pkcs11(#[from] Pkcs11Error),
}

impl OpenError {
    /// Whether trying again with the same PIN could lock the token.
    pub fn is_of_the_pin(&self) -> bool {
        matches!(self, Self::WrongPin | Self::PinLocked)
    }

    /// Whether it may be over by itself, for all that is known: not what is wrong with what the token is asked, or by whom.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Ambiguous(_) | Self::Load(..) | Self::PinLocked | Self::WrongPin => false,
            Self::Hanging
            | Self::Initialise(..)
            | Self::Initialising
            | Self::NoToken { .. }
            | Self::Pkcs11(_)
            | Self::Replaced { .. }
            | Self::SelfTest(_)
            | Self::Thread(_) => true,
        }
    }

    /// What is wrong with the token, in a word.
    pub fn trouble(&self) -> super::Trouble {
        super::care::trouble_of(self)
    }
}

/// A module and the token that is meant.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) context: Pkcs11,
    pub(super) slot: Slot,
    /// What the token said of itself when it was found.
    pub(super) info: TokenInfo,
}

impl Module {
    /// Finds the token in the module at `path`. Also returns its serial number.
    pub(super) fn find(context: &Pkcs11, path: &Path, name: &TokenName) -> Result<(Self, String), OpenError> {
        let mut found = Vec::new();
        let mut slots = Vec::new();
        for slot in context.get_slots_with_token()? {
            let Ok(info) = below::token_info(context, path, slot) else { continue };
            let (label, serial) = (info.label().trim_end(), info.serial_number().trim_end());
            let meant = match name {
                TokenName::Label(wanted) => info.token_initialized() && label == wanted,
                TokenName::Serial(wanted) => info.token_initialized() && serial == wanted,
            };
            if info.token_initialized() {
                found.push(format!("{label:?}"));
            }
            if meant {
                slots.push((slot, info));
            }
        }
        match (slots.pop(), slots.is_empty()) {
            (Some((slot, info)), true) => {
                let serial = info.serial_number().trim_end().to_owned();
                Ok((Self { context: context.clone(), slot, info }, serial))
            }
            (None, _) => {
                let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
                Err(OpenError::NoToken { wanted: name.clone(), found })
            }
            (Some(_), false) => Err(OpenError::Ambiguous(name.clone())),
        }
    }
}

/// Makes a token in the first free slot: C_InitToken and C_InitPIN. For a developer's SoftHSM2; a real token's officer does this elsewhere.
///
/// # Errors
/// Where the module does not load, has no free slot, or refuses.
pub fn initialise_token(path: &Path, label: &str, so_pin: &SecretString, pin: &SecretString) -> Result<(), OpenError> {
    let lease = Library::of(path)?.lease()?;
    let context = lease.context();
    let free = context
        .get_slots_with_token()?
        .into_iter()
        .find(|slot| below::token_info(context, path, *slot).is_ok_and(|info| !info.token_initialized()));
    let wanted = TokenName::Label(label.to_owned());
    let slot = free.ok_or(OpenError::NoToken { wanted: wanted.clone(), found: "no free slot".to_owned() })?;
    let so_pin = AuthPin::new(so_pin.expose_secret().into());
    context.init_token(slot, &so_pin, label)?;
    crate::failpoint::reach("token.made");
    // The slot's number changes when the token is made.
    let (Module { context, slot, info: _ }, _) = Module::find(context, path, &wanted)?;
    let session = context.open_rw_session(slot)?;
    session.login(UserType::So, Some(&so_pin))?;
    session.init_pin(&AuthPin::new(pin.expose_secret().into()))?;
    session.logout()?;
    Ok(())
}
