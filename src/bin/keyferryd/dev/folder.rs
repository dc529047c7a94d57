//! The folder of a development service: for its owner alone, and never with half a file in it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

/// A folder with an absolute path and mode 0700.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes it where it is not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("the folder {} cannot be made", path.display()))?;
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o700))
            .with_context(|| format!("the folder {} is not yours", path.display()))?;
        Ok(Self(path))
    }

    /// A folder in this one.
    pub(crate) fn subfolder(&self, name: &str) -> anyhow::Result<Self> {
        Self::open(&self.path(name))
    }

    /// The absolute path of something in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Keeps other first starts in this folder away until it is dropped.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let path = self.path("lock");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!("another keyferryd dev is at work in {}", self.0.display()),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Writes a file for its owner alone: wholly, or not at all.
    pub(crate) fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let (path, unfinished) = (self.path(name), self.path(&format!("{name}.new")));
        let write = || {
            let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &path)
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Removes a file, or a folder with all that is in it, if it is there.
    pub(crate) fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// 128 random bits, as text.
pub(crate) fn random_pin() -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 16]);
    getrandom::fill(bytes.as_mut_slice()).context("the system has no random numbers")?;
    Ok(Zeroizing::new(base16ct::lower::encode_string(bytes.as_slice())))
}

/// A path as a POSIX shell takes it for one word.
pub(crate) fn quoted(path: &Path) -> anyhow::Result<String> {
    let path = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(format!("'{}'", path.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_in_it_is_for_its_owner_alone() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("a/b")).unwrap();
        folder.write("pin", "1234").unwrap();
        assert_eq!((mode(&folder.0), mode(&folder.path("pin"))), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1, "nothing unfinished is left");
    }

    #[test]
    fn two_first_starts_do_not_meet() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(outer.path()).unwrap();
        let lock = folder.lock().unwrap();
        assert!(folder.lock().unwrap_err().to_string().contains("another keyferryd dev"));
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn removing_what_is_not_there_is_no_error() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(outer.path()).unwrap();
        folder.subfolder("x").unwrap().write("y", "").unwrap();
        for _ in 0..2 {
            folder.remove("x").unwrap();
            assert!(!folder.has("x"));
        }
    }
}
