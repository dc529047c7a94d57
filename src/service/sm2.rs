//! What SM2 asks of the settings: that the region offers it, and that the host may see what it decrypts.

use super::homes::Home;
use super::{Error, Service};

impl Service {
    /// The reference offers SM2 in some Regions only.
    ///
    /// # Errors
    /// Where this is none of them.
    pub(super) fn require_sm2(&self, refusal: String) -> Result<(), Error> {
        if self.settings.sm2 {
            return Ok(());
        }
        let region = &self.settings.realm.region;
        Err(Error::Unsupported(format!("{refusal} in {region}: it is served where kms.sm2 = true.")))
    }
}

impl Home {
    /// Of SM2's decryption the token does a part alone.
    ///
    /// # Errors
    /// Where the rest must not be done on the host.
    pub(super) fn require_sm2_decryption(&self, refusal: impl FnOnce() -> String) -> Result<(), Error> {
        if self.profile().may_decrypt_sm2() {
            return Ok(());
        }
        let why = "decryption shows the plaintext to the host, which needs hsm.host_assisted = \"material\"";
        Err(Error::Unsupported(format!("{}: {why}.", refusal())))
    }
}
