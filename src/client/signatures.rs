//! MACs, signatures, shared secrets and random bytes of the token's.

use secrecy::SecretSlice;

use super::connection::Client;
use super::error::{Error, Local};
use super::wire::Wire;
use crate::model::key_spec::HmacHash;
use crate::model::{KeyAgreementAlgorithm, MessageType, SigningAlgorithm};
use crate::proto;

/// Keys are named by their ids, ARNs, aliases or the ARNs of these; messages have 1 to 4096 bytes. Each fails as [`Client::call`]
/// does, or with [`Error::Local`] where it does not understand the answer.
impl Client {
    /// GenerateMac; answers the MAC.
    pub async fn generate_mac(&self, key_id: &str, message: &[u8], algorithm: HmacHash) -> Result<Vec<u8>, Error> {
        let question = proto::GenerateMacRequest {
            key_id: key_id.to_owned(),
            message: message.to_vec(),
            mac_algorithm: algorithm.number(),
            ..Default::default()
        };
        let made: proto::GenerateMacResponse = self.ask("/keyferry.v1.CryptographyService/GenerateMac", &question).await?;
        Ok(made.mac)
    }

    /// VerifyMac: refused with KMSInvalidMacException where the MAC is not that of the message.
    pub async fn verify_mac(&self, key_id: &str, message: &[u8], algorithm: HmacHash, mac: &[u8]) -> Result<(), Error> {
        let question = proto::VerifyMacRequest {
            key_id: key_id.to_owned(),
            message: message.to_vec(),
            mac_algorithm: algorithm.number(),
            mac: mac.to_vec(),
            ..Default::default()
        };
        let verified: proto::VerifyMacResponse = self.ask("/keyferry.v1.CryptographyService/VerifyMac", &question).await?;
        valid("MacValid", verified.mac_valid)
    }

    /// Sign: a message, or its digest; answers the signature, DER where it is ECDSA.
    pub async fn sign(
        &self,
        key_id: &str,
        (message, message_type): (&[u8], MessageType),
        algorithm: SigningAlgorithm,
    ) -> Result<Vec<u8>, Error> {
        let question = proto::SignRequest {
            key_id: key_id.to_owned(),
            message: message.to_vec(),
            message_type: message_type.number(),
            signing_algorithm: algorithm.number(),
            ..Default::default()
        };
        let signed: proto::SignResponse = self.ask("/keyferry.v1.CryptographyService/Sign", &question).await?;
        Ok(signed.signature)
    }

    /// Verify: refused with KMSInvalidSignatureException where the signature is not that of the message.
    pub async fn verify(
        &self,
        key_id: &str,
        (message, message_type): (&[u8], MessageType),
        algorithm: SigningAlgorithm,
        signature: &[u8],
    ) -> Result<(), Error> {
        let question = proto::VerifyRequest {
            key_id: key_id.to_owned(),
            message: message.to_vec(),
            message_type: message_type.number(),
            signature: signature.to_vec(),
            signing_algorithm: algorithm.number(),
            ..Default::default()
        };
        let verified: proto::VerifyResponse = self.ask("/keyferry.v1.CryptographyService/Verify", &question).await?;
        valid("SignatureValid", verified.signature_valid)
    }

    /// DeriveSharedSecret, with the holder of `public_key`, DER SubjectPublicKeyInfo on the key's curve. Not yet a key: derive one.
    pub async fn derive_shared_secret(&self, key_id: &str, public_key: &[u8]) -> Result<SecretSlice<u8>, Error> {
        let question = proto::DeriveSharedSecretRequest {
            key_id: key_id.to_owned(),
            key_agreement_algorithm: KeyAgreementAlgorithm::Ecdh.number(),
            public_key: public_key.to_vec(),
            ..Default::default()
        };
        let agreed: proto::DeriveSharedSecretResponse =
            self.ask_secret("/keyferry.v1.CryptographyService/DeriveSharedSecret", &question).await?;
        Ok(agreed.shared_secret.into())
    }

    /// GenerateRandom: so many bytes, 1 to 1024.
    pub async fn generate_random(&self, bytes: i32) -> Result<SecretSlice<u8>, Error> {
        let question = proto::GenerateRandomRequest { number_of_bytes: Some(bytes) };
        let random: proto::GenerateRandomResponse =
            self.ask_secret("/keyferry.v1.CryptographyService/GenerateRandom", &question).await?;
        if usize::try_from(bytes).ok() != Some(random.plaintext.len()) {
            return Err(Local::Answer(format!("Plaintext has {} bytes", random.plaintext.len())).into());
        }
        Ok(random.plaintext.into())
    }
}

/// What is not valid is refused; an answer that says otherwise is none that is understood.
fn valid(member: &str, is_valid: bool) -> Result<(), Error> {
    match is_valid {
        true => Ok(()),
        false => Err(Local::Answer(format!("{member} is false")).into()),
    }
}
