//! What each of PKCS#11's return values means to the session, the login and the token (PKCS#11 v3.0 §5.1).
//!
//! One table, so that every place draws the same conclusion. Tokens say less than the standard lets them, and what they say of a
//! bad blob they say of a broken device too: what is doubtful is settled by having the token do what it is known to do.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};

/// What a return value other than CKR_OK means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Of what was asked, or the key it was asked of: another try answers the same.
    Asked,
    /// A handle stands for nothing any more: it is looked for once more, and used once more.
    Handle,
    /// The session is lost, or in the middle of something: another is opened.
    Session,
    /// The login is lost: one logs in again, once.
    Login,
    /// The PIN is refused: nobody tries it again.
    Pin,
    /// The token or its slot is gone: it is waited for, and the module initialised anew.
    Token,
    /// The module is not what it was: it is initialised anew.
    Module,
    /// No room for another object.
    Full,
    /// No room for another session.
    Crowded,
    /// Either what was asked or the token itself: a self-test tells.
    Doubtful,
}

/// What it means.
pub(super) fn meaning(error: &Pkcs11Error) -> Meaning {
    match error {
        // Where no object was to be made, it is not one that there is no room for.
        Pkcs11Error::Pkcs11(RvError::DeviceMemory, function) if !makes_objects(*function) => Meaning::Doubtful,
        Pkcs11Error::Pkcs11(code, _) => meaning_of(*code),
        // A module without the function, or an answer that cannot be read.
        _ => Meaning::Asked,
    }
}

fn makes_objects(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::CopyObject
            | F::CreateObject
            | F::DeriveKey
            | F::GenerateKey
            | F::GenerateKeyPair
            | F::SetAttributeValue
            | F::UnwrapKey
    )
}

fn meaning_of(code: RvError) -> Meaning {
    use RvError as R;
    match code {
        R::ActionProhibited
        | R::ArgumentsBad
        | R::AttributeReadOnly
        | R::AttributeSensitive
        | R::AttributeTypeInvalid
        | R::AttributeValueInvalid
        | R::BufferTooSmall
        | R::CurveNotSupported
        | R::DataInvalid
        | R::DataLenRange
        | R::DomainParamsInvalid
        | R::EncryptedDataInvalid
        | R::EncryptedDataLenRange
        | R::ExceededMaxIterations
        | R::FunctionNotParallel
        | R::FunctionNotSupported
        | R::InformationSensitive
        | R::KeyChanged
        | R::KeyFunctionNotPermitted
        | R::KeyIndigestible
        | R::KeyNeeded
        | R::KeyNotNeeded
        | R::KeyNotWrappable
        | R::KeySizeRange
        | R::KeyTypeInconsistent
        | R::KeyUnextractable
        | R::MechanismInvalid
        | R::MechanismParamInvalid
        | R::NewPinMode
        | R::NextOtp
        | R::NoEvent
        | R::PublicKeyInvalid
        | R::RandomNoRng
        | R::RandomSeedNotSupported
        | R::SavedStateInvalid
        | R::SignatureInvalid
        | R::SignatureLenRange
        | R::StateUnsaveable
        | R::TemplateIncomplete
        | R::TemplateInconsistent
        | R::TokenWriteProtected
        | R::UnwrappingKeySizeRange
        | R::UnwrappingKeyTypeInconsistent
        | R::UserTypeInvalid
        | R::WrappedKeyInvalid
        | R::WrappedKeyLenRange
        | R::WrappingKeySizeRange
        | R::WrappingKeyTypeInconsistent => Meaning::Asked,
        R::KeyHandleInvalid | R::ObjectHandleInvalid | R::UnwrappingKeyHandleInvalid | R::WrappingKeyHandleInvalid => {
            Meaning::Handle
        }
        R::OperationActive
        | R::OperationNotInitialized
        | R::SessionClosed
        | R::SessionHandleInvalid
        | R::SessionParallelNotSupported
        | R::SessionReadOnly
        | R::SessionReadOnlyExists
        | R::SessionReadWriteSoExists => Meaning::Session,
        R::UserNotLoggedIn | R::UserAlreadyLoggedIn => Meaning::Login,
        R::PinExpired | R::PinIncorrect | R::PinInvalid | R::PinLenRange | R::PinLocked | R::PinTooWeak => Meaning::Pin,
        R::DeviceRemoved | R::SlotIdInvalid | R::TokenNotPresent | R::TokenNotRecognized => Meaning::Token,
        R::CantLock
        | R::CryptokiAlreadyInitialized
        | R::CryptokiNotInitialized
        | R::FipsSelfTestFailed
        | R::LibraryLoadFailed
        | R::MutexBad
        | R::MutexNotLocked
        | R::NeedToCreateThreads
        | R::UserAnotherAlreadyLoggedIn
        | R::UserTooManyTypes => Meaning::Module,
        R::DeviceMemory => Meaning::Full,
        R::SessionCount | R::SessionExists => Meaning::Crowded,
        R::Cancel
        | R::DeviceError
        | R::FunctionCanceled
        | R::FunctionFailed
        | R::FunctionRejected
        | R::GeneralError
        | R::HostMemory
        | R::UnknownErrorCode(_)
        // SoftHSM 2.6.1 says so of an initialised token while another process writes to it. The PIN was not tried.
        | R::UserPinNotInitialized
        | R::VendorDefined(_) => Meaning::Doubtful,
    }
}

/// Whether the session, the login or the token itself is lost, so that only a new session can help.
pub(super) fn is_gone(error: &Pkcs11Error) -> bool {
    match meaning(error) {
        Meaning::Session | Meaning::Login | Meaning::Pin | Meaning::Token | Meaning::Module => true,
        Meaning::Asked | Meaning::Handle | Meaning::Full | Meaning::Crowded | Meaning::Doubtful => false,
    }
}

/// Whether a handle no longer stands for its object. A lost login does this to all of them, and then finds return nothing:
/// the retry tells the two apart.
pub(super) fn is_stale(error: &Pkcs11Error) -> bool {
    meaning(error) == Meaning::Handle
}

/// What the standard calls the return value, `CKR_DEVICE_ERROR`; a number where it has no name for it.
pub(super) fn name(error: &Pkcs11Error) -> String {
    let Pkcs11Error::Pkcs11(code, _) = error else { return "none".to_owned() };
    if let RvError::VendorDefined(number) | RvError::UnknownErrorCode(number) = code {
        return format!("{number:#x}");
    }
    let mut name = String::from("CKR");
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// How often the token said what, other than CKR_OK.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
    pub(super) fn note(&self, error: &Pkcs11Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name(error)).or_default() += 1;
    }

    pub(super) fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
