//! A SoftHSM2 token of one's own, in a folder that goes when the token does.

use std::path::{Path, PathBuf};
use std::process::Command;

use keyferry::hsm::SOFTHSM2_PLACES;
use tempfile::TempDir;

/// The user PIN of every token of the tests. Longer than chance would find in a log.
pub const PIN: &str = "9160-5541-user";
/// The security officer's.
pub const SO_PIN: &str = "4402-7719-officer";
/// CK_TOKEN_INFO.label of every token of the tests.
pub const LABEL: &str = "keyferry";

/// An initialised token.
pub struct SoftHsm {
    folder: TempDir,
}

impl SoftHsm {
    /// Makes one.
    pub fn new() -> Self {
        let softhsm = Self { folder: TempDir::new().unwrap() };
        let tokens = softhsm.folder();
        std::fs::create_dir(&tokens).unwrap();
        let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        std::fs::write(softhsm.conf(), conf).unwrap();
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", LABEL, "--so-pin", SO_PIN, "--pin", PIN])
            .env("SOFTHSM2_CONF", softhsm.conf())
            .output()
            .expect("softhsm2-util is not installed: `make test` says how to get it");
        assert!(made.status.success(), "softhsm2-util: {}", String::from_utf8_lossy(&made.stderr));
        softhsm
    }

    /// Where the token has its files.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// What SOFTHSM2_CONF must say.
    pub fn conf(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }
}

/// The PKCS#11 module.
pub fn module() -> &'static Path {
    let found = SOFTHSM2_PLACES.iter().map(Path::new).find(|place| place.exists());
    found.expect("libsofthsm2.so is not installed: `make test` says how to get it")
}
