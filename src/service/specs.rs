//! Which kinds of keys are served.

use super::{Error, Service};
use crate::model::{KeySpec, KeyUsage, MaterialKind, Origin};

impl Service {
    /// What the material of such a key is.
    ///
    /// # Errors
    /// Where no such key is served.
    pub(super) fn require_spec(&self, spec: KeySpec, usage: KeyUsage, origin: Origin) -> Result<MaterialKind, Error> {
        if matches!(origin, Origin::AwsCloudhsm | Origin::ExternalKeyStore) {
            return Err(Error::Unsupported(format!("Origin {origin} is not supported: use AWS_KMS or EXTERNAL.")));
        }
        let unsupported = || format!("KeySpec {spec} is not supported for Origin {origin}");
        let kind = spec.material().ok_or_else(|| Error::Unsupported(unsupported()))?;
        if spec == KeySpec::Sm2 {
            self.require_sm2(unsupported())?;
        }
        if spec.algorithms(usage).is_empty() {
            return Err(Error::Unsupported(format!(
                "KeyUsage {usage} is not supported for KeySpec {spec}: no token signs so."
            )));
        }
        Ok(kind)
    }
}
