//! Files that hold secrets are their owner's alone, or are not used.
//!
//! The group may read them, for that is how a service's user is let in; others may do nothing, and nobody but the owner may write.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Anything for others, and writing for the group.
const TOO_MUCH: u32 = 0o027;

/// A file that others can read or change, and what to do about it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {}: {}", path.display(), self.problem())]
pub struct Exposed {
    pub(super) key: &'static str,
    /// After all symbolic links.
    pub(super) path: PathBuf,
    mode: u32,
    too_much: u32,
}

impl Exposed {
    pub(super) fn problem(&self) -> String {
        let Self { key: _, path, mode, too_much } = self;
        format!("mode {mode:04o} lets others read or change it: run chmod {:04o} {}", mode & !too_much, path.display())
    }
}

/// Refuses a file that others can read or write, or that its group can write. Links are followed.
///
/// One that is not there, or cannot be looked at, is left to whoever reads it.
///
/// # Errors
/// Where it is exposed; the message names `key`, the file, its mode and what to run.
pub fn require_private(key: &'static str, path: &Path) -> Result<(), Exposed> {
    refuse(key, path, TOO_MUCH)
}

/// Refuses a folder that the group or others can write: they could take a file out of it. Links are followed.
///
/// # Errors
/// As [`require_private`].
pub(super) fn require_unchanged(key: &'static str, path: &Path) -> Result<(), Exposed> {
    refuse(key, path, 0o022)
}

fn refuse(key: &'static str, path: &Path, too_much: u32) -> Result<(), Exposed> {
    let found = path.canonicalize().and_then(|path| Ok((std::fs::metadata(&path)?.permissions().mode() & 0o7777, path)));
    match found {
        Ok((mode, path)) if mode & too_much != 0 => Err(Exposed { key, path, mode, too_much }),
        Ok(_) => Ok(()),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::debug!(key, path = %path.display(), %error, "cannot be looked at");
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn only_what_others_cannot_touch_is_private_whatever_link_leads_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let (file, link) = (path.join("pin"), path.join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        #[rustfmt::skip]
        let cases = [
            (0o400, None), (0o600, None), (0o440, None), (0o640, None), (0o700, None),
            (0o644, Some("0640")), (0o604, Some("0600")), (0o602, Some("0600")), (0o601, Some("0600")),
            (0o660, Some("0640")), (0o666, Some("0640")), (0o620, Some("0600")), (0o777, Some("0750")),
        ];
        for (mode, wanted) in cases {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            for named in [&file, &link] {
                let refusal = require_private("hsm.pin_file", named).err().map(|exposed| exposed.to_string());
                let expected = wanted.map(|wanted| {
                    let file = file.display();
                    format!("hsm.pin_file: {file}: mode {mode:04o} lets others read or change it: run chmod {wanted} {file}")
                });
                assert_eq!(refusal, expected);
            }
        }
        assert_eq!(require_private("hsm.pin_file", &path.join("nowhere")), Ok(()));
    }
}
