//! The encryption context.

use serde_json::Value;

use crate::model::{EncryptionAlgorithm, Invalid};
use crate::service::EncryptionContext;

/// The most bytes of names and values together: what the reference's clients keep to.
const MAX_BYTES: usize = 8192;

/// Checks that it is not too long, and that there is something that authenticates it.
pub(super) fn checked(
    field: &'static str,
    context: EncryptionContext,
    algorithm: EncryptionAlgorithm,
) -> Result<EncryptionContext, Invalid> {
    let bytes: usize = context.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_BYTES {
        let message = format!("{field} has {bytes} bytes of names and values, expected at most {MAX_BYTES}");
        return Err(Invalid::new(field, message));
    }
    if algorithm != EncryptionAlgorithm::SymmetricDefault && !context.is_empty() {
        let message = format!("{field} goes with SYMMETRIC_DEFAULT only: {algorithm} authenticates none");
        return Err(Invalid::new(field, message));
    }
    Ok(context)
}

/// As the audit log shows it; null where there is none.
pub(super) fn shown(context: &EncryptionContext) -> Value {
    if context.is_empty() { Value::Null } else { serde_json::json!(context) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(bytes: usize) -> EncryptionContext {
        [("n".to_owned(), "v".repeat(bytes - 1))].into_iter().collect()
    }

    #[test]
    fn a_context_is_short_and_goes_with_what_authenticates_it() {
        let check = |context, algorithm| checked("encryptionContext", context, algorithm).map_err(|e| e.message);
        assert!(check(context(8192), EncryptionAlgorithm::SymmetricDefault).is_ok());
        assert_eq!(
            check(context(8193), EncryptionAlgorithm::SymmetricDefault).unwrap_err(),
            "encryptionContext has 8193 bytes of names and values, expected at most 8192"
        );
        assert!(check(EncryptionContext::new(), EncryptionAlgorithm::RsaesOaepSha1).is_ok());
        assert_eq!(
            check(context(1), EncryptionAlgorithm::RsaesOaepSha1).unwrap_err(),
            "encryptionContext goes with SYMMETRIC_DEFAULT only: RSAES_OAEP_SHA_1 authenticates none"
        );
    }
}
