//! What `cryptoki` cannot say or read of PKCS#11; the only module where `unsafe` is let in.
//!
//! CKM_AES_KEY_WRAP_KWP (PKCS#11 3.0) has no name there, and its constructor for foreign numbers takes vendor-defined ones only.
//!
//! openCryptoki 3.8 says that it has a clock (CKF_CLOCK_ON_TOKEN) and gives a time that is none, at which `cryptoki` gives up on
//! all else too. The time is of no use here, so the question is asked once more, below it, and the time left out.
#![allow(unsafe_code)]

use std::path::Path;

use cryptoki::context::{Function, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, Rv};
use cryptoki::mechanism::MechanismType;
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_MECHANISM_TYPE, CK_TOKEN_INFO, CKF_CLOCK_ON_TOKEN};

/// The mechanism of this number, vendor-defined or not.
pub(super) fn mechanism(number: CK_MECHANISM_TYPE) -> MechanismType {
    // SAFETY: `MechanismType` is `repr(transparent)` over CK_MECHANISM_TYPE, an integer in which every value is valid.
    unsafe { std::mem::transmute::<CK_MECHANISM_TYPE, MechanismType>(number) }
}

/// CK_TOKEN_INFO of the token in this slot of the module at `path`, which `context` has initialised.
pub(super) fn token_info(context: &Pkcs11, path: &Path, slot: Slot) -> Result<TokenInfo, Pkcs11Error> {
    match context.get_token_info(slot) {
        Err(Pkcs11Error::ParseInt(_) | Pkcs11Error::Utf8(_)) => without_time(path, slot),
        answer => answer,
    }
}

fn without_time(path: &Path, slot: Slot) -> Result<TokenInfo, Pkcs11Error> {
    let mut info = CK_TOKEN_INFO::default();
    // SAFETY: the module is loaded, for `context` holds it, and whoever loads it again gets the same; C_GetFunctionList fills in a
    // pointer to a table that lives as long as the module does (PKCS#11 v2.40 §5.4); C_GetTokenInfo fills in `info`.
    let code = unsafe {
        let module = cryptoki_sys::Pkcs11::new(path).map_err(Pkcs11Error::LibraryLoading)?;
        if module.C_GetFunctionList.is_err() {
            return Err(Pkcs11Error::MissingSymbol("C_GetFunctionList"));
        }
        let mut functions: *mut CK_FUNCTION_LIST = std::ptr::null_mut();
        Rv::from(module.C_GetFunctionList(&raw mut functions)).into_result(Function::GetFunctionList)?;
        let get_token_info = functions.as_ref().and_then(|functions| functions.C_GetTokenInfo);
        get_token_info.ok_or(Pkcs11Error::NullFunctionPointer)?(slot.id(), &raw mut info)
    };
    Rv::from(code).into_result(Function::GetTokenInfo)?;
    info.flags &= !CKF_CLOCK_ON_TOKEN;
    TokenInfo::try_from(info)
}
