//! GenerateRandom.

use secrecy::SecretSlice;
use serde_json::json;

use super::{require_no_recipient, secret};
use crate::model::invalid::within;
use crate::model::{Action, Invalid};
use crate::policy::Circumstances;
use crate::service::{Call, Error, GenerateRandom, Service};

/// The most bytes at once (KMS API Reference, GenerateRandom).
const MAX_BYTES: i32 = 1024;

impl Service {
    /// GenerateRandom: from the token's own generator.
    ///
    /// # Errors
    /// Where the number is missing or out of range, the caller may not, or the token gives none.
    pub async fn generate_random(&self, call: &Call, request: GenerateRandom) -> Result<SecretSlice<u8>, Error> {
        call.trail.asks(json!({
            "numberOfBytes": request.number_of_bytes,
            "customKeyStoreId": request.custom_key_store_id,
        }));
        let GenerateRandom { number_of_bytes, custom_key_store_id, for_recipient } = request;
        let bytes = number_of_bytes.ok_or_else(|| Invalid::missing("numberOfBytes"))?;
        let bytes = within("numberOfBytes", bytes, 1, MAX_BYTES)?.unsigned_abs() as usize;
        if custom_key_store_id.is_some() {
            return Err(Error::Unsupported("CustomKeyStoreId is not supported: there are no custom key stores".to_owned()));
        }
        require_no_recipient(for_recipient)?;
        call.require_in_account(&self.gate, Action::GenerateRandom, Circumstances::default())?;
        let random = self.own().call(move |token| token.random(bytes)).await?;
        Ok(secret(&random))
    }
}
