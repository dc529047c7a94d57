//! A SoftHSM2 token in the test process itself, for tests of the layers below the wire.
//!
//! A process loads a PKCS#11 module once, so all such tests share one token directory (`.cargo/config.toml` says which) and
//! each makes tokens of its own in it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use keyferry::hsm::{Hsm, Settings, TokenName, initialise_token};
use keyferry::model::HostAssisted;
use secrecy::SecretString;

/// The user PIN of every test token.
pub const PIN: &str = "648219";

/// Where distributions put SoftHSM2.
pub fn module() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
    ];
    let found = places.iter().map(Path::new).find(|path| path.exists());
    found.expect("SoftHSM2 is not installed: run the tests by `make test`, which installs it").to_owned()
}

/// A new token of this label, opened.
pub fn open(label: &str, host_assisted: HostAssisted) -> Hsm {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    prepare();
    let pin = || SecretString::from(PIN);
    initialise_token(&module(), label, &SecretString::from("12345678"), &pin()).unwrap();
    let settings = Settings {
        module: module(),
        token: TokenName::Label(label.to_owned()),
        pin: pin(),
        sessions: 2,
        queue: 64,
        host_assisted,
    };
    Hsm::open(settings).unwrap()
}

fn prepare() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let conf = PathBuf::from(std::env::var_os("SOFTHSM2_CONF").expect("cargo sets SOFTHSM2_CONF"));
        let folder = conf.parent().unwrap();
        let _first_time = std::fs::remove_dir_all(folder);
        let tokens = folder.join("tokens");
        std::fs::create_dir_all(&tokens).unwrap();
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        std::fs::write(&conf, text).unwrap();
    });
}
