use cryptoki::context::Function;
use cryptoki::error::RvError as R;

use super::*;

/// A second time, by the standard's own names: a change of a meaning must be made on purpose. What is not here is of what was asked.
#[rustfmt::skip]
const MEANINGS: [(Meaning, &[&str]); 9] = [
    (Meaning::Handle, &["CKR_KEY_HANDLE_INVALID", "CKR_OBJECT_HANDLE_INVALID", "CKR_UNWRAPPING_KEY_HANDLE_INVALID", "CKR_WRAPPING_KEY_HANDLE_INVALID"]),
    (Meaning::Session, &["CKR_OPERATION_ACTIVE", "CKR_OPERATION_NOT_INITIALIZED", "CKR_SESSION_CLOSED", "CKR_SESSION_HANDLE_INVALID", "CKR_SESSION_PARALLEL_NOT_SUPPORTED", "CKR_SESSION_READ_ONLY", "CKR_SESSION_READ_ONLY_EXISTS", "CKR_SESSION_READ_WRITE_SO_EXISTS"]),
    (Meaning::Login, &["CKR_USER_ALREADY_LOGGED_IN", "CKR_USER_NOT_LOGGED_IN"]),
    (Meaning::Pin, &["CKR_PIN_EXPIRED", "CKR_PIN_INCORRECT", "CKR_PIN_INVALID", "CKR_PIN_LEN_RANGE", "CKR_PIN_LOCKED", "CKR_PIN_TOO_WEAK"]),
    (Meaning::Token, &["CKR_DEVICE_REMOVED", "CKR_SLOT_ID_INVALID", "CKR_TOKEN_NOT_PRESENT", "CKR_TOKEN_NOT_RECOGNIZED"]),
    (Meaning::Module, &["CKR_CANT_LOCK", "CKR_CRYPTOKI_ALREADY_INITIALIZED", "CKR_CRYPTOKI_NOT_INITIALIZED", "CKR_FIPS_SELF_TEST_FAILED", "CKR_LIBRARY_LOAD_FAILED", "CKR_MUTEX_BAD", "CKR_MUTEX_NOT_LOCKED", "CKR_NEED_TO_CREATE_THREADS", "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", "CKR_USER_TOO_MANY_TYPES"]),
    (Meaning::Full, &["CKR_DEVICE_MEMORY"]),
    (Meaning::Crowded, &["CKR_SESSION_COUNT", "CKR_SESSION_EXISTS"]),
    (Meaning::Doubtful, &["0x99", "0x80000001", "CKR_CANCEL", "CKR_DEVICE_ERROR", "CKR_FUNCTION_CANCELED", "CKR_FUNCTION_FAILED", "CKR_FUNCTION_REJECTED", "CKR_GENERAL_ERROR", "CKR_HOST_MEMORY", "CKR_USER_PIN_NOT_INITIALIZED"]),
];

/// Every return value that there is, and two that there are not.
const ALL: [RvError; 93] = [
    R::Cancel,
    R::HostMemory,
    R::SlotIdInvalid,
    R::GeneralError,
    R::FunctionFailed,
    R::ArgumentsBad,
    R::NoEvent,
    R::NeedToCreateThreads,
    R::CantLock,
    R::AttributeReadOnly,
    R::AttributeSensitive,
    R::AttributeTypeInvalid,
    R::AttributeValueInvalid,
    R::ActionProhibited,
    R::DataInvalid,
    R::DataLenRange,
    R::DeviceError,
    R::DeviceMemory,
    R::DeviceRemoved,
    R::EncryptedDataInvalid,
    R::EncryptedDataLenRange,
    R::FunctionCanceled,
    R::FunctionNotParallel,
    R::FunctionNotSupported,
    R::CurveNotSupported,
    R::KeyHandleInvalid,
    R::KeySizeRange,
    R::KeyTypeInconsistent,
    R::KeyNotNeeded,
    R::KeyChanged,
    R::KeyNeeded,
    R::KeyIndigestible,
    R::KeyFunctionNotPermitted,
    R::KeyNotWrappable,
    R::KeyUnextractable,
    R::MechanismInvalid,
    R::MechanismParamInvalid,
    R::ObjectHandleInvalid,
    R::OperationActive,
    R::OperationNotInitialized,
    R::PinIncorrect,
    R::PinInvalid,
    R::PinLenRange,
    R::PinExpired,
    R::PinLocked,
    R::SessionClosed,
    R::SessionCount,
    R::SessionHandleInvalid,
    R::SessionParallelNotSupported,
    R::SessionReadOnly,
    R::SessionExists,
    R::SessionReadOnlyExists,
    R::SessionReadWriteSoExists,
    R::SignatureInvalid,
    R::SignatureLenRange,
    R::TemplateIncomplete,
    R::TemplateInconsistent,
    R::TokenNotPresent,
    R::TokenNotRecognized,
    R::TokenWriteProtected,
    R::UnwrappingKeyHandleInvalid,
    R::UnwrappingKeySizeRange,
    R::UnwrappingKeyTypeInconsistent,
    R::UserAlreadyLoggedIn,
    R::UserNotLoggedIn,
    R::UserPinNotInitialized,
    R::UserTypeInvalid,
    R::UserAnotherAlreadyLoggedIn,
    R::UserTooManyTypes,
    R::WrappedKeyInvalid,
    R::WrappedKeyLenRange,
    R::WrappingKeyHandleInvalid,
    R::WrappingKeySizeRange,
    R::WrappingKeyTypeInconsistent,
    R::RandomSeedNotSupported,
    R::RandomNoRng,
    R::DomainParamsInvalid,
    R::BufferTooSmall,
    R::SavedStateInvalid,
    R::InformationSensitive,
    R::StateUnsaveable,
    R::CryptokiNotInitialized,
    R::CryptokiAlreadyInitialized,
    R::MutexBad,
    R::MutexNotLocked,
    R::NewPinMode,
    R::NextOtp,
    R::ExceededMaxIterations,
    R::FipsSelfTestFailed,
    R::LibraryLoadFailed,
    R::PinTooWeak,
    R::PublicKeyInvalid,
    R::FunctionRejected,
];

#[test]
fn every_return_value_has_the_meaning_that_was_decided_for_it() {
    let more = [R::VendorDefined(0x8000_0001), R::UnknownErrorCode(0x99)];
    for code in ALL.into_iter().chain(more) {
        let error = Pkcs11Error::Pkcs11(code, Function::CopyObject);
        let name = name(&error);
        let decided = MEANINGS.iter().find(|(_, names)| names.contains(&&*name)).map(|(meaning, _)| *meaning);
        assert_eq!(meaning(&error), decided.unwrap_or(Meaning::Asked), "{name}");
    }
    let named: usize = MEANINGS.iter().map(|(_, names)| names.len()).sum();
    let meant = ALL.into_iter().chain(more).filter(|code| meaning_of(*code) != Meaning::Asked).count();
    assert_eq!(named, meant, "a name of the table is none of PKCS#11's");
}

#[test]
fn a_token_without_memory_is_full_only_where_an_object_was_to_be_made() {
    let said_of = |function| meaning(&Pkcs11Error::Pkcs11(R::DeviceMemory, function));
    assert_eq!(said_of(Function::UnwrapKey), Meaning::Full);
    assert_eq!(said_of(Function::SignInit), Meaning::Doubtful);
}

#[test]
fn what_the_token_said_is_counted_by_name() {
    let tally = Tally::default();
    for code in [R::DeviceError, R::SessionHandleInvalid, R::DeviceError] {
        tally.note(&Pkcs11Error::Pkcs11(code, Function::Sign));
    }
    let counted = [("CKR_DEVICE_ERROR".to_owned(), 2), ("CKR_SESSION_HANDLE_INVALID".to_owned(), 1)];
    assert_eq!(tally.all(), counted.into());
}
