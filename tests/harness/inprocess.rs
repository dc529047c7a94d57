//! A SoftHSM2 token in the test process itself, for tests of the layers below the wire.
//!
//! A process loads a PKCS#11 module once, so all such tests share one token directory (`.cargo/config.toml` says which) and
//! each makes tokens of its own in it.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use keyferry::hsm::{Hsm, Settings, TokenName, initialise_token};
use keyferry::model::HostAssisted;
use secrecy::SecretString;

use super::softhsm::module;

/// The user PIN of every test token.
pub const PIN: &str = "648219";

/// A new token of this label.
pub fn initialise(label: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    context();
    initialise_token(module(), label, &SecretString::from("12345678"), &SecretString::from(PIN)).unwrap();
}

/// A new token of this label, opened.
pub fn open(label: &str, host_assisted: HostAssisted) -> Hsm {
    initialise(label);
    let settings = Settings {
        module: module().to_owned(),
        token: TokenName::Label(label.to_owned()),
        pin: SecretString::from(PIN),
        sessions: 2,
        fillers: 2,
        queue: 64,
        longest_call: std::time::Duration::from_secs(30),
        host_assisted,
        sm2: true,
    };
    Hsm::open(settings).unwrap()
}

/// Ends the login to this token behind everyone's back: it is the process's, not a session's, and with it go all handles.
pub fn lose_the_login(label: &str) {
    let ours = |slot: &_| context().get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == label);
    let slot = context().get_slots_with_initialized_token().unwrap().into_iter().find(ours).unwrap();
    context().open_rw_session(slot).unwrap().logout().unwrap();
}

/// The module, initialised before anything else of the process can do it at the same moment, and never unloaded.
pub fn context() -> &'static Pkcs11 {
    static ONCE: OnceLock<Pkcs11> = OnceLock::new();
    ONCE.get_or_init(|| {
        let conf = PathBuf::from(std::env::var_os("SOFTHSM2_CONF").expect("cargo sets SOFTHSM2_CONF"));
        let folder = conf.parent().unwrap();
        let _first_time = std::fs::remove_dir_all(folder);
        let tokens = folder.join("tokens");
        std::fs::create_dir_all(&tokens).unwrap();
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        std::fs::write(&conf, text).unwrap();
        let context = Pkcs11::new(module()).unwrap();
        context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        context
    })
}
