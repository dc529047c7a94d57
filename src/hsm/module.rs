//! Loading the PKCS#11 module, finding the token, logging in.

use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use secrecy::{ExposeSecret, SecretString};

use super::token_info;

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
}

/// A loaded module and the token that is meant.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) context: Pkcs11,
    pub(super) slot: Slot,
    /// What the token said of itself when it was found.
    pub(super) info: TokenInfo,
}

impl Module {
    pub(super) fn open(path: &Path, name: &TokenName) -> Result<Self, OpenError> {
        Self::find(load(path)?, path, name)
    }

    fn find(context: Pkcs11, path: &Path, name: &TokenName) -> Result<Self, OpenError> {
        let mut found = Vec::new();
        let mut slots = Vec::new();
        for slot in context.get_slots_with_token()? {
            let Ok(info) = token_info::of(&context, path, slot) else { continue };
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
            (Some((slot, info)), true) => Ok(Self { context, slot, info }),
            (None, _) => {
                let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
                Err(OpenError::NoToken { wanted: name.clone(), found })
            }
            (Some(_), false) => Err(OpenError::Ambiguous(name.clone())),
        }
    }

    /// Logs in, once. Login is per process, so one session's login serves all.
    pub(super) fn login(&self, session: &Session, pin: &SecretString) -> Result<(), OpenError> {
        let pin = AuthPin::new(pin.expose_secret().into());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Pkcs11Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired,
                _,
            )) => Err(OpenError::WrongPin),
            Err(Pkcs11Error::Pkcs11(RvError::PinLocked, _)) => Err(OpenError::PinLocked),
            Err(other) => Err(OpenError::Pkcs11(other)),
        }
    }
}

fn load(path: &Path) -> Result<Pkcs11, OpenError> {
    let context = Pkcs11::new(path).map_err(|error| OpenError::Load(path.to_owned(), error.to_string()))?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(context),
        Err(error) => Err(OpenError::Initialise(path.to_owned(), error.to_string())),
    }
}

/// Makes a token in the first free slot: C_InitToken and C_InitPIN. For a developer's SoftHSM2; a real token's officer does this elsewhere.
///
/// # Errors
/// Where the module does not load, has no free slot, or refuses.
pub fn initialise_token(path: &Path, label: &str, so_pin: &SecretString, pin: &SecretString) -> Result<(), OpenError> {
    let context = load(path)?;
    let free = context
        .get_slots_with_token()?
        .into_iter()
        .find(|slot| token_info::of(&context, path, *slot).is_ok_and(|info| !info.token_initialized()));
    let wanted = TokenName::Label(label.to_owned());
    let slot = free.ok_or(OpenError::NoToken { wanted: wanted.clone(), found: "no free slot".to_owned() })?;
    let so_pin = AuthPin::new(so_pin.expose_secret().into());
    context.init_token(slot, &so_pin, label)?;
    crate::failpoint::reach("token.made");
    // The slot's number changes when the token is made.
    let Module { context, slot, info: _ } = Module::find(context, path, &wanted)?;
    let session = context.open_rw_session(slot)?;
    session.login(UserType::So, Some(&so_pin))?;
    session.init_pin(&AuthPin::new(pin.expose_secret().into()))?;
    session.logout()?;
    Ok(())
}
