//! Uses of keys, inside the token.

use super::{
    Call, DataKey, Decrypt, Decrypted, DeriveSharedSecret, Encrypt, Encrypted, Error, GenerateDataKey, GenerateMac,
    GenerateRandom, Mac, ReEncrypt, ReEncrypted, Service, SharedSecret, Sign, Signed, Verify, VerifyMac,
};
use secrecy::SecretSlice;

impl Service {
    /// Encrypt.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn encrypt(&self, call: &Call, request: Encrypt) -> Result<Encrypted, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("Encrypt is not served yet".to_owned()))
    }

    /// Decrypt.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn decrypt(&self, call: &Call, request: Decrypt) -> Result<Decrypted, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("Decrypt is not served yet".to_owned()))
    }

    /// ReEncrypt.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn re_encrypt(&self, call: &Call, request: ReEncrypt) -> Result<ReEncrypted, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("ReEncrypt is not served yet".to_owned()))
    }

    /// GenerateDataKey.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn generate_data_key(&self, call: &Call, request: GenerateDataKey) -> Result<DataKey, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("GenerateDataKey is not served yet".to_owned()))
    }

    /// GenerateDataKeyWithoutPlaintext.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn generate_data_key_without_plaintext(
        &self,
        call: &Call,
        request: GenerateDataKey,
    ) -> Result<DataKey, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("GenerateDataKeyWithoutPlaintext is not served yet".to_owned()))
    }

    /// GenerateMac.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn generate_mac(&self, call: &Call, request: GenerateMac) -> Result<Mac, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("GenerateMac is not served yet".to_owned()))
    }

    /// VerifyMac.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn verify_mac(&self, call: &Call, request: VerifyMac) -> Result<Mac, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("VerifyMac is not served yet".to_owned()))
    }

    /// Sign.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn sign(&self, call: &Call, request: Sign) -> Result<Signed, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("Sign is not served yet".to_owned()))
    }

    /// Verify.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn verify(&self, call: &Call, request: Verify) -> Result<Signed, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("Verify is not served yet".to_owned()))
    }

    /// DeriveSharedSecret.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn derive_shared_secret(&self, call: &Call, request: DeriveSharedSecret) -> Result<SharedSecret, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("DeriveSharedSecret is not served yet".to_owned()))
    }

    /// GenerateRandom.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn generate_random(&self, call: &Call, request: GenerateRandom) -> Result<SecretSlice<u8>, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("GenerateRandom is not served yet".to_owned()))
    }
}
