//! A Kryoptic token of one's own, in a folder that goes when the token does: unlike SoftHSM2, it unwraps OAEP with SHA-256, has no
//! raw RSA that can be used, and locks after ten wrong PINs. One process at a time: it keeps what it has read.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::softhsm::{LABEL, PIN, SO_PIN};

/// An initialised token.
pub struct Kryoptic {
    folder: TempDir,
}

impl Kryoptic {
    /// Makes one, as an operator would who has no tool of the token's own.
    pub fn new() -> Self {
        let kryoptic = Self { folder: TempDir::new().unwrap() };
        let database = kryoptic.folder.path().join("token.sql");
        let conf = format!("[[slots]]\nslot = 1\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n", database.display());
        std::fs::write(kryoptic.conf(), conf).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyferryd"));
        command.args(["init-token", "--label", LABEL, "--module"]).arg(module());
        for (option, pin) in [("--so-pin-file", SO_PIN), ("--pin-file", PIN)] {
            let file = kryoptic.folder.path().join(option);
            std::fs::write(&file, pin).unwrap();
            command.arg(option).arg(file);
        }
        let made = command.env("KRYOPTIC_CONF", kryoptic.conf()).output().unwrap();
        assert!(made.status.success(), "keyferryd init-token: {}", String::from_utf8_lossy(&made.stderr));
        kryoptic
    }

    /// Where the token has its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What KRYOPTIC_CONF must say.
    pub fn conf(&self) -> PathBuf {
        self.folder.path().join("kryoptic.conf")
    }
}

/// The PKCS#11 module, which `.ci/kryoptic` builds.
pub fn module() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("kryoptic/libkryoptic_pkcs11.so");
    assert!(module.exists(), "{} is not built: `make test` says how, .ci/kryoptic does it", module.display());
    module
}
