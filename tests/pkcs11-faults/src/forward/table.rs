//! Every function of PKCS#11 2.40: its arguments, what a call of it is about, and what a lie about it writes.

// The names are C's, and so are the numbers of arguments.
#![allow(non_snake_case, non_camel_case_types, clippy::too_many_arguments, clippy::enum_variant_names)]

use std::ffi::c_void;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_BBOOL, CK_BYTE, CK_FLAGS, CK_FUNCTION_LIST, CK_INFO, CK_MECHANISM, CK_MECHANISM_INFO,
    CK_MECHANISM_TYPE, CK_NOTIFY, CK_OBJECT_HANDLE as Object, CK_RV, CK_SESSION_HANDLE as Session, CK_SESSION_INFO,
    CK_SLOT_ID as Slot, CK_SLOT_INFO, CK_TOKEN_INFO, CK_ULONG, CK_USER_TYPE, CK_VERSION,
};

use super::{C_GetFunctionList, CKR_FUNCTION_NOT_SUPPORTED, Subject, lie, real, run};

type Bytes = *mut CK_BYTE;
type Length = *mut CK_ULONG;
type Mechanism = *mut CK_MECHANISM;
type Template = *mut CK_ATTRIBUTE;

macro_rules! functions {
    ($($name:ident ($($argument:ident: $type:ty),*) $subject:expr, $lie:expr;)*) => {
        /// A function, by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function { $($name),* }

        impl Function {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }

        $(unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
            let forward = || match real().and_then(|real| real.$name) {
                // SAFETY: the arguments are the caller's, unchanged: they are as right as they would be without this module.
                Some(function) => unsafe { function($($argument),*) },
                None => CKR_FUNCTION_NOT_SUPPORTED,
            };
            run(Function::$name, $subject, forward, || $lie)
        })*

        /// What [`C_GetFunctionList`] gives.
        pub(super) static LIST: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: CK_VERSION { major: 2, minor: 40 },
            C_GetFunctionList: Some(C_GetFunctionList),
            $($name: Some($name)),*
        };
    };
}

#[rustfmt::skip]
functions! {
    C_Initialize(arguments: *mut c_void) Subject::Module, lie::nothing();
    C_Finalize(reserved: *mut c_void) Subject::Finalizing, lie::nothing();
    C_GetInfo(info: *mut CK_INFO) Subject::Module, lie::zeros(info);
    C_GetSlotList(with_token: CK_BBOOL, slots: *mut Slot, count: Length) Subject::Slots(with_token, count), lie::none(count);
    C_GetSlotInfo(slot: Slot, info: *mut CK_SLOT_INFO) Subject::Slot, lie::zeros(info);
    C_GetTokenInfo(slot: Slot, info: *mut CK_TOKEN_INFO) Subject::Slot, lie::zeros(info);
    C_GetMechanismList(slot: Slot, list: *mut CK_MECHANISM_TYPE, count: Length) Subject::Slot, lie::none(count);
    C_GetMechanismInfo(slot: Slot, mechanism: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO) Subject::Slot, lie::zeros(info);
    C_InitToken(slot: Slot, pin: Bytes, length: CK_ULONG, label: Bytes) Subject::Slot, lie::nothing();
    C_InitPIN(session: Session, pin: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_SetPIN(session: Session, old: Bytes, old_length: CK_ULONG, new: Bytes, new_length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_OpenSession(slot: Slot, flags: CK_FLAGS, application: *mut c_void, notify: CK_NOTIFY, session: *mut Session) Subject::Opening(slot, session), lie::handle(session);
    C_CloseSession(session: Session) Subject::Closing(session), lie::nothing();
    C_CloseAllSessions(slot: Slot) Subject::ClosingAll(slot), lie::nothing();
    C_GetSessionInfo(session: Session, info: *mut CK_SESSION_INFO) Subject::Session(session), lie::zeros(info);
    C_GetOperationState(session: Session, state: Bytes, length: Length) Subject::Session(session), lie::buffer(state, length);
    C_SetOperationState(session: Session, state: Bytes, length: CK_ULONG, cipher: Object, authentication: Object) Subject::Session(session), lie::nothing();
    C_Login(session: Session, user: CK_USER_TYPE, pin: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_Logout(session: Session) Subject::Session(session), lie::nothing();
    C_CreateObject(session: Session, template: Template, count: CK_ULONG, object: *mut Object) Subject::Session(session), lie::handle(object);
    C_CopyObject(session: Session, original: Object, template: Template, count: CK_ULONG, object: *mut Object) Subject::Session(session), lie::handle(object);
    C_DestroyObject(session: Session, object: Object) Subject::Session(session), lie::nothing();
    C_GetObjectSize(session: Session, object: Object, size: Length) Subject::Session(session), lie::none(size);
    C_GetAttributeValue(session: Session, object: Object, template: Template, count: CK_ULONG) Subject::Session(session), lie::nothing();
    C_SetAttributeValue(session: Session, object: Object, template: Template, count: CK_ULONG) Subject::Session(session), lie::nothing();
    C_FindObjectsInit(session: Session, template: Template, count: CK_ULONG) Subject::Session(session), lie::nothing();
    // One that never ends would be found for ever where each call lies: so there are none.
    C_FindObjects(session: Session, objects: *mut Object, room: CK_ULONG, count: Length) Subject::Session(session), lie::none(count);
    C_FindObjectsFinal(session: Session) Subject::Session(session), lie::nothing();
    C_EncryptInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_Encrypt(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_EncryptUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_EncryptFinal(session: Session, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DecryptInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_Decrypt(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DecryptUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DecryptFinal(session: Session, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DigestInit(session: Session, mechanism: Mechanism) Subject::Session(session), lie::nothing();
    C_Digest(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DigestUpdate(session: Session, data: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_DigestKey(session: Session, key: Object) Subject::Session(session), lie::nothing();
    C_DigestFinal(session: Session, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_SignInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_Sign(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_SignUpdate(session: Session, data: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_SignFinal(session: Session, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_SignRecoverInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_SignRecover(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_VerifyInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_Verify(session: Session, data: Bytes, data_length: CK_ULONG, signature: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_VerifyUpdate(session: Session, data: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_VerifyFinal(session: Session, signature: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_VerifyRecoverInit(session: Session, mechanism: Mechanism, key: Object) Subject::Session(session), lie::nothing();
    C_VerifyRecover(session: Session, signature: Bytes, signature_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DigestEncryptUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DecryptDigestUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_SignEncryptUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_DecryptVerifyUpdate(session: Session, data: Bytes, data_length: CK_ULONG, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_GenerateKey(session: Session, mechanism: Mechanism, template: Template, count: CK_ULONG, key: *mut Object) Subject::Session(session), lie::handle(key);
    C_GenerateKeyPair(session: Session, mechanism: Mechanism, public: Template, public_count: CK_ULONG, private: Template, private_count: CK_ULONG, public_key: *mut Object, private_key: *mut Object) Subject::Session(session), lie::handles(public_key, private_key);
    C_WrapKey(session: Session, mechanism: Mechanism, wrapping: Object, key: Object, out: Bytes, length: Length) Subject::Session(session), lie::buffer(out, length);
    C_UnwrapKey(session: Session, mechanism: Mechanism, unwrapping: Object, wrapped: Bytes, length: CK_ULONG, template: Template, count: CK_ULONG, key: *mut Object) Subject::Session(session), lie::handle(key);
    C_DeriveKey(session: Session, mechanism: Mechanism, base: Object, template: Template, count: CK_ULONG, key: *mut Object) Subject::Session(session), lie::handle(key);
    C_SeedRandom(session: Session, seed: Bytes, length: CK_ULONG) Subject::Session(session), lie::nothing();
    C_GenerateRandom(session: Session, random: Bytes, length: CK_ULONG) Subject::Session(session), lie::bytes(random, length);
    C_GetFunctionStatus(session: Session) Subject::Session(session), lie::nothing();
    C_CancelFunction(session: Session) Subject::Session(session), lie::nothing();
    C_WaitForSlotEvent(flags: CK_FLAGS, slot: *mut Slot, reserved: *mut c_void) Subject::Module, lie::zeros(slot);
}
