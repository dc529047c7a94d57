//! What the process holds of the C allocator's memory: the module is in the process, so it can ask.
//!
//! Resident memory says less of a leak: it has the program's own pages, which come when they are first run, and what the
//! allocator keeps of what was freed.

/// Gives back to the system what the allocator can, and says how many bytes are allocated and not freed.
///
/// # Errors
/// Where the C library does not tell.
#[cfg(target_env = "gnu")]
pub(crate) fn in_use() -> Result<usize, String> {
    // SAFETY: both may be called by any thread at any time (malloc_trim(3), mallinfo2(3)).
    let info = unsafe {
        libc::malloc_trim(0);
        libc::mallinfo2()
    };
    // Large blocks are mapped one by one, beside the arenas.
    Ok(info.uordblks + info.hblkhd)
}

#[cfg(not(target_env = "gnu"))]
pub(crate) fn in_use() -> Result<usize, String> {
    Err("this C library does not tell what is allocated: glibc does".to_owned())
}
