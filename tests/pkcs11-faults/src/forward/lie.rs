//! What is written to the caller's pointers where CKR_OK is a lie: the least that a caller can go on with.

use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki_sys::{CK_BYTE, CK_ULONG};

/// Handles that no object and no session has: modules count from one.
static MADE_UP: AtomicU64 = AtomicU64::new(0x7f00_0000);

/// What made-up bytes are.
const FILLING: u8 = 0xa5;
/// How many made-up bytes there are where the caller asks that first: as an HMAC-SHA-256 or an AES-256 key has.
const LENGTH: CK_ULONG = 32;
/// More than any caller has room for; a length above it is none that was ever set.
const LIMIT: CK_ULONG = 1 << 24;

/// Where CKR_OK is all that is answered.
pub(super) fn nothing() {}

/// Writes a handle that stands for nothing.
pub(super) fn handle(at: *mut CK_ULONG) {
    // SAFETY: null, or the caller's for writing to, as the function's own section in PKCS#11 §5 says of it.
    if let Some(at) = unsafe { at.as_mut() } {
        *at = CK_ULONG::try_from(MADE_UP.fetch_add(1, Ordering::Relaxed)).unwrap_or(CK_ULONG::MAX);
    }
}

/// Writes two of them.
pub(super) fn handles(one: *mut CK_ULONG, other: *mut CK_ULONG) {
    handle(one);
    handle(other);
}

/// Says that there are none.
pub(super) fn none(count: *mut CK_ULONG) {
    // SAFETY: as for a handle.
    if let Some(count) = unsafe { count.as_mut() } {
        *count = 0;
    }
}

/// Writes a structure of zeros.
pub(super) fn zeros<T>(at: *mut T) {
    if !at.is_null() {
        // SAFETY: as for a handle; used for structures of numbers and characters only, for which zeros are right.
        unsafe { at.write_bytes(0, 1) };
    }
}

/// Fills a buffer, or says how long it would have to be (§5.2).
pub(super) fn buffer(buffer: *mut CK_BYTE, length: *mut CK_ULONG) {
    // SAFETY: as for a handle.
    let Some(length) = (unsafe { length.as_mut() }) else { return };
    if buffer.is_null() {
        *length = LENGTH;
    } else {
        bytes(buffer, *length);
    }
}

/// Fills a buffer of this length.
pub(super) fn bytes(buffer: *mut CK_BYTE, length: CK_ULONG) {
    if let Ok(length) = usize::try_from(length.min(LIMIT))
        && !buffer.is_null()
    {
        // SAFETY: the caller has said that there is room for so many.
        unsafe { buffer.write_bytes(FILLING, length) };
    }
}
