//! GenerateDataKey and GenerateDataKeyWithoutPlaintext.

use serde_json::json;

use super::encryption::{purpose, written};
use super::{broken, context, secret};
use crate::ciphertext::Header;
use crate::model::invalid::{member, within};
use crate::model::{Action, DataKeySpec, EncryptionAlgorithm, Invalid};
use crate::service::{Call, DataKey, Error, GenerateDataKey, Service};

/// The most bytes of a data key (KMS API Reference, GenerateDataKey).
const MAX_BYTES: i32 = 1024;

impl Service {
    /// GenerateDataKey.
    ///
    /// # Errors
    /// Where the key is not for it, its state does not allow it, or the token does not do it.
    pub async fn generate_data_key(&self, call: &Call, request: GenerateDataKey) -> Result<DataKey, Error> {
        self.data_key(call, request, Action::GenerateDataKey).await
    }

    /// GenerateDataKeyWithoutPlaintext.
    ///
    /// # Errors
    /// As GenerateDataKey.
    pub async fn generate_data_key_without_plaintext(
        &self,
        call: &Call,
        request: GenerateDataKey,
    ) -> Result<DataKey, Error> {
        let made = self.data_key(call, request, Action::GenerateDataKeyWithoutPlaintext).await?;
        Ok(DataKey { plaintext: None, ..made })
    }

    async fn data_key(&self, call: &Call, request: GenerateDataKey, action: Action) -> Result<DataKey, Error> {
        call.trail.asks(json!({
            "keyId": request.key_id,
            "encryptionContext": context::shown(&request.encryption_context),
            "keySpec": request.key_spec,
            "numberOfBytes": request.number_of_bytes,
        }));
        let GenerateDataKey { key_id, encryption_context, key_spec, number_of_bytes, options } = request;
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let context = context::checked("encryptionContext", encryption_context, algorithm)?;
        let bytes = length(key_spec, number_of_bytes)?;
        options.require_plain()?;
        let key = self.key_for(call, key_id, purpose(action, algorithm)).await?;
        let material = self.at_hand(&key)?;
        let (object, header) = (material.object, Header { key: key.id.clone(), material: material.id });
        options.require_earnest()?;
        let additional = header.additional_data(&context).map_err(|error| broken("an encryption context", error))?;
        let made = self.put_to_work(&key, object, move |token, object| {
            let plaintext = token.random(bytes)?;
            let sealed = token.encrypt(object, &plaintext, &additional)?;
            Ok((plaintext, sealed))
        });
        let (plaintext, sealed) = made.await?;
        let material = header.material;
        call.trail.adds("keyMaterialId", material.to_string());
        let (plaintext, ciphertext) = (Some(secret(&plaintext)), written(header, sealed)?);
        Ok(DataKey { arn: self.arn(&key), plaintext, ciphertext, material })
    }
}

/// How many bytes a data key is to have.
fn length(spec: Option<String>, number_of_bytes: Option<i32>) -> Result<usize, Invalid> {
    let spec = spec.map(|name| member("keySpec", &name, DataKeySpec::ALL)).transpose()?;
    let number = number_of_bytes.map(|number| within("numberOfBytes", number, 1, MAX_BYTES)).transpose()?;
    match (spec, number) {
        (Some(spec), None) => Ok(spec.bytes()),
        (None, Some(number)) => Ok(number.unsigned_abs() as usize),
        (None, None) | (Some(_), Some(_)) => {
            Err(Invalid::new("numberOfBytes", "Please specify either number of bytes or key spec."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_key_is_as_long_as_its_spec_or_its_number_says_and_only_one_of_them() {
        let either = "Please specify either number of bytes or key spec.";
        let length = |spec: Option<&str>, number| length(spec.map(str::to_owned), number).map_err(|e| e.message);
        assert_eq!(length(Some("AES_256"), None), Ok(32));
        assert_eq!(length(Some("AES_128"), None), Ok(16));
        assert_eq!(length(None, Some(1)), Ok(1));
        assert_eq!(length(None, Some(1024)), Ok(1024));
        assert_eq!(length(None, None), Err(either.to_owned()));
        assert_eq!(length(Some("AES_256"), Some(32)), Err(either.to_owned()));
        assert!(length(None, Some(0)).unwrap_err().contains("greater than or equal to 1"));
        assert!(length(None, Some(1025)).unwrap_err().contains("less than or equal to 1024"));
        assert!(length(Some("AES_192"), None).unwrap_err().ends_with("[AES_256, AES_128]"));
    }
}
