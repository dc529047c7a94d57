//! A place for secrets: pages of its own, kept from the swap where the system lets it, wiped before they are given back.

use std::io::{self, ErrorKind, Read};
use std::ops::{Deref, DerefMut};

use region::LockGuard;
use zeroize::Zeroize;

/// Secret bytes of a fixed length. Prints nothing of itself.
///
/// The pages are nobody else's: what is locked and unlocked here is never part of what another holds. A system that locks no
/// memory for its users (`ulimit -l`) is no reason to wrap nothing: [`Locked::is_locked`] tells.
pub struct Locked {
    // Unlocked before the allocation goes, and wiped before either: fields are dropped in this order, after `drop`.
    lock: Option<LockGuard>,
    allocation: Vec<u8>,
    start: usize,
    length: usize,
}

impl Locked {
    /// That many zeros.
    pub(super) fn zeroed(length: usize) -> Self {
        let page = region::page::size();
        let room = length.max(1).next_multiple_of(page);
        // One page to spare: somewhere in it the first whole page begins.
        let allocation = vec![0; room + page];
        let start = allocation.as_ptr().align_offset(page);
        match allocation.get(start..start.saturating_add(room)) {
            Some(pages) => {
                let lock = region::lock(pages.as_ptr(), pages.len()).ok();
                Self { lock, allocation, start, length }
            }
            None => Self { lock: None, allocation, start: 0, length },
        }
    }

    /// Reads to the end.
    ///
    /// Hand it a file and not a buffered reader: that would keep a copy of its own.
    ///
    /// # Errors
    /// Those of the reader, and [`ErrorKind::FileTooLarge`] where it has more than `limit` bytes.
    pub fn read(mut reader: impl Read, limit: usize) -> io::Result<Self> {
        let mut buffer = Self::zeroed(region::page::size());
        let mut filled = 0;
        loop {
            if filled == buffer.len() {
                // What held the first half is wiped when it goes.
                let mut larger = Self::zeroed(buffer.len() * 2);
                larger[..filled].copy_from_slice(&buffer);
                buffer = larger;
            }
            match reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if filled > limit {
                return Err(io::Error::new(ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
            }
        }
        buffer.truncate(filled);
        Ok(buffer)
    }

    /// Whether the bytes are kept out of the swap.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// Gives up, and wipes, what follows the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        if length < self.length {
            self[length..].zeroize();
            self.length = length;
        }
    }
}

impl From<&[u8]> for Locked {
    fn from(bytes: &[u8]) -> Self {
        let mut locked = Self::zeroed(bytes.len());
        locked.copy_from_slice(bytes);
        locked
    }
}

impl Deref for Locked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.allocation[self.start..self.start + self.length]
    }
}

impl AsRef<[u8]> for Locked {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.allocation[self.start..self.start + self.length]
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.allocation.as_mut_slice().zeroize();
    }
}

impl std::fmt::Debug for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locked(redacted)")
    }
}

#[cfg(test)]
mod tests;
