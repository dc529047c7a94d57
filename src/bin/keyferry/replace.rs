//! Files that are written anew beside what is there and put in its place, so that nobody ever reads half of one.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Puts `content` at `path`, for its owner alone, or with the `mode` that is given. What is no file, such as a pipe, is written to;
/// what is a link stays one.
pub(crate) fn put(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let path = match path.metadata() {
        Ok(old) if !old.is_file() => return OpenOptions::new().write(true).open(path)?.write_all(content),
        Ok(_) => path.canonicalize()?,
        Err(_) => path.to_owned(),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Said of the folder, and not of a name that nobody gave.
    folder.join(".").metadata()?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(content)?;
    new.as_file().set_permissions(Permissions::from_mode(mode))?;
    new.as_file().sync_all()?;
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Which file of which file system something is, whatever it is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    /// Of what was opened, or would be.
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_is_replaced_whole_and_a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("old"), [7; 9000]).unwrap();
        std::fs::hard_link(at("old"), at("other")).unwrap();
        symlink("old", at("link")).unwrap();
        put(&at("link"), b"new", 0o600).unwrap();
        assert_eq!(std::fs::read(at("old")).unwrap(), b"new");
        assert_eq!(std::fs::metadata(at("old")).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(at("link").is_symlink());
        assert_eq!(std::fs::read(at("other")).unwrap(), [7; 9000], "what has another name keeps what it holds");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left lying about");
    }
}
