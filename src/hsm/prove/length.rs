//! The length of a secret key that nobody can read.
//!
//! SoftHSM answers CKA_VALUE_LEN = 0 after an unwrap. But SHA-256 can be extended: from d = SHA-256(K) alone the host computes
//! SHA-256(K ‖ pad(n) ‖ x) for the length n it expects, and the token computes the same from K. They agree only if K has n bytes.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use sha2::block_api::compress256;

use super::super::{Error, Token};

/// What the extension appends. Short enough to fit one block with its padding.
const SUFFIX: &[u8] = b"keyferry length proof";

impl Token {
    /// Checks that a secret key has exactly `expected` bytes.
    ///
    /// # Errors
    /// [`Error::Rejected`] where it has not; another error where the token can neither say nor prove it.
    pub(in crate::hsm) fn require_length(&self, key: ObjectHandle, expected: usize) -> Result<(), Error> {
        let claimed = self.session.get_attributes(key, &[AttributeType::ValueLen]).unwrap_or_default();
        let claimed = claimed.into_iter().find_map(|attribute| match attribute {
            Attribute::ValueLen(length) => Some(u64::from(length)),
            _ => None,
        });
        let proved = match claimed {
            Some(length) if length != 0 => length == expected as u64,
            _ => {
                let digest = self.digest_of_key(key, &[])?;
                let mut tail = padding(expected);
                tail.extend_from_slice(SUFFIX);
                self.digest_of_key(key, &tail)? == extended(digest, expected)
            }
        };
        if proved { Ok(()) } else { Err(Error::Rejected) }
    }

    fn digest_of_key(&self, key: ObjectHandle, tail: &[u8]) -> Result<[u8; 32], Error> {
        self.session.digest_init(&Mechanism::Sha256)?;
        self.session.digest_key(key)?;
        if !tail.is_empty() {
            self.session.digest_update(tail)?;
        }
        let digest = self.session.digest_final()?;
        digest.try_into().map_err(|_| Error::Misbehaved("a SHA-256 of another length than 32".to_owned()))
    }
}

/// SHA-256's padding of a message of `length` bytes (FIPS 180-4 §5.1.1).
fn padding(length: usize) -> Vec<u8> {
    let mut padding = vec![0x80];
    padding.resize(1 + (119 - length % 64) % 64, 0);
    padding.extend_from_slice(&(length as u64 * 8).to_be_bytes());
    padding
}

/// SHA-256 of (a message of `length` bytes whose digest is `digest`) ‖ its padding ‖ [`SUFFIX`].
fn extended(digest: [u8; 32], length: usize) -> [u8; 32] {
    let mut state = [0u32; 8];
    for (word, bytes) in state.iter_mut().zip(digest.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    let mut block = [0; 64];
    let before = length + padding(length).len();
    let tail = padding(before + SUFFIX.len());
    for (byte, value) in block.iter_mut().zip(SUFFIX.iter().chain(&tail)) {
        *byte = *value;
    }
    compress256(&mut state, &[block]);
    let mut extended = [0; 32];
    for (bytes, word) in extended.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    extended
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn an_extension_agrees_with_the_hash_for_the_true_length_and_for_no_other() {
        for length in 1..=190usize {
            let key = vec![0x5a; length];
            let digest: [u8; 32] = Sha256::digest(&key).into();
            for claimed in length.saturating_sub(2).max(1)..=length + 2 {
                let whole: [u8; 32] =
                    Sha256::new().chain_update(&key).chain_update(padding(claimed)).chain_update(SUFFIX).finalize().into();
                assert_eq!(extended(digest, claimed) == whole, claimed == length, "{length} claimed {claimed}");
            }
        }
    }
}
