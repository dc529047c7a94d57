//! What the token's vendor attests: opaque here, handed out as it is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::StartError;

/// It goes out with every wrapping key.
const MOST_BYTES: u64 = 64 * 1024;

/// Reads it.
///
/// # Errors
/// Where the file cannot be read, is empty or too long.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    bounded(path).map_err(|source| StartError::VendorAttestation { path: path.to_owned(), source })
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        0 => Err(io::Error::other("it is empty")),
        1..=MOST_BYTES => Ok(bytes),
        _ => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_or_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vendor");
        for (length, fits) in [(0, false), (1, true), (64 * 1024, true), (64 * 1024 + 1, false)] {
            std::fs::write(&path, vec![7; length]).unwrap();
            assert_eq!(read(&path).is_ok_and(|bytes| bytes.len() == length), fits, "{length}");
        }
        assert!(read(&folder.path().join("absent")).is_err());
    }
}
