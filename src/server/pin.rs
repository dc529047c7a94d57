//! The token's PIN, from where the operator says. In this program it is where the system never swaps, and nowhere longer than needed.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::private::{Exposed, require_private};
use crate::config::Pin;
use crate::wrap::Locked;

/// PKCS#11 leaves the length to the token; none takes more.
const MOST_BYTES: usize = 4096;

/// Why there is no PIN, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others can read it.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// Not started by systemd, or with another credential.
    #[error(
        "hsm.pin_credential: there are no credentials here: start by systemd with LoadCredential={0}:<file>, or set hsm.pin_file"
    )]
    NoCredentials(String),
    /// Nobody to ask.
    #[error("hsm.pin_prompt: there is no terminal to ask on: start it on one, or set hsm.pin_file or hsm.pin_credential")]
    NoTerminal(#[source] std::io::Error),
    /// No text.
    #[error("{0}: the PIN is no UTF-8 text")]
    NoText(&'static str),
    /// It cannot be read.
    #[error("the PIN cannot be read from {path:?}: check {key} and who may read it")]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Reads the PIN. Blocks, and asks where it is to be asked for.
pub(super) fn read(source: &Pin) -> Result<SecretString, Error> {
    let pin = match file(source, std::env::var_os("CREDENTIALS_DIRECTORY"))? {
        Some((key, path)) => {
            require_private(key, &path)?;
            let unreadable = |source| Error::Unreadable { key, path: path.clone(), source };
            let bytes = File::open(&path).and_then(|file| Locked::read(file, MOST_BYTES)).map_err(unreadable)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| Error::NoText(key))?;
            SecretString::from(text.trim_end_matches(['\r', '\n']))
        }
        None => {
            let typed = rpassword::prompt_password("PIN of the token: ").map(Zeroizing::new).map_err(Error::NoTerminal)?;
            // Copied once, into what is wiped: a `String` would be made to fit, and leave its first place as it was.
            SecretString::from(typed.as_str())
        }
    };
    keep_from_swap(&pin);
    Ok(pin)
}

/// Refuses a file of the PIN that others can read.
pub(super) fn check(source: &Pin) -> Result<(), Exposed> {
    match file(source, std::env::var_os("CREDENTIALS_DIRECTORY")) {
        Ok(Some((key, path))) => require_private(key, &path),
        // Where it is checked there need not be what there is at the start.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// Which file holds it, and the key that says so; `None` where it is asked for.
fn file(source: &Pin, credentials: Option<OsString>) -> Result<Option<(&'static str, PathBuf)>, Error> {
    match source {
        Pin::File(path) => Ok(Some(("hsm.pin_file", path.clone()))),
        Pin::Credential(name) => {
            let folder = credentials.ok_or_else(|| Error::NoCredentials(name.clone()))?;
            Ok(Some(("hsm.pin_credential", Path::new(&folder).join(name))))
        }
        Pin::Prompt => Ok(None),
    }
}

/// Locks the page that the PIN is on where the whole process is not locked.
fn keep_from_swap(pin: &SecretString) {
    let text = pin.expose_secret();
    if text.is_empty() {
        return;
    }
    match region::lock(text.as_ptr(), text.len()) {
        // For as long as the process lives: sessions that were lost log in with it again.
        Ok(lock) => std::mem::forget(lock),
        Err(error) => {
            tracing::warn!(%error, "the PIN is not kept out of the swap: raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_read_to_its_last_line_end_and_only_where_it_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for (content, expected) in [("1234", "1234"), ("1234\n", "1234"), ("12 34 \r\n", "12 34 "), ("", "")] {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
            assert_eq!(read(&Pin::File(path.clone())).unwrap().expose_secret(), expected);
            std::fs::remove_file(&path).unwrap();
        }
        assert!(matches!(read(&Pin::File(path.clone())), Err(Error::Unreadable { key: "hsm.pin_file", .. })));
        std::fs::write(&path, [0xFF]).unwrap();
        assert!(matches!(check(&Pin::File(path.clone())), Err(Exposed { key: "hsm.pin_file", .. })));
        assert!(matches!(read(&Pin::File(path.clone())), Err(Error::Exposed(_))));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(&Pin::File(path)), Err(Error::NoText("hsm.pin_file"))));
    }

    #[test]
    fn a_credential_is_a_file_of_its_folder() {
        let source = Pin::Credential("pin".to_owned());
        let found = file(&source, Some("/run/credentials/keyferryd.service".into())).unwrap();
        assert_eq!(found, Some(("hsm.pin_credential", "/run/credentials/keyferryd.service/pin".into())));
        let refusal = file(&source, None).unwrap_err().to_string();
        assert!(refusal.contains("LoadCredential=pin:<file>"), "{refusal}");
    }
}
