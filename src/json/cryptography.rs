//! Uses of keys. What is plain is under lock from here to the token, and wiped when the answer is written.

use secrecy::{ExposeSecret, SecretSlice};

use super::answer::{Answer, blob};
use super::keys::key_id;
use super::members::Members;
use crate::service::{
    DataKey, Decrypt, Decrypted, DeriveSharedSecret, Encrypt, Encrypted, Error, GenerateDataKey, GenerateMac,
    GenerateRandom, Mac, ReEncrypt, ReEncrypted, SharedSecret, Sign, Signed, Verify, VerifyMac,
};

pub(super) fn encrypt(members: &mut Members) -> Result<Encrypt, Error> {
    Ok(Encrypt {
        key_id: key_id(members)?,
        plaintext: members.required_secret("plaintext")?,
        encryption_context: members.context("encryptionContext")?,
        encryption_algorithm: members.text("encryptionAlgorithm")?,
        options: members.options()?,
    })
}

pub(super) fn encrypted(encrypted: Encrypted) -> Answer {
    let Encrypted { arn, ciphertext, algorithm } = encrypted;
    Answer::of([
        ("CiphertextBlob", blob(&ciphertext)),
        ("KeyId", arn.as_str().into()),
        ("EncryptionAlgorithm", algorithm.into()),
    ])
}

pub(super) fn decrypt(members: &mut Members) -> Result<Decrypt, Error> {
    Ok(Decrypt {
        ciphertext: members.required_blob("ciphertextBlob")?,
        encryption_context: members.context("encryptionContext")?,
        key_id: members.text("keyId")?,
        encryption_algorithm: members.text("encryptionAlgorithm")?,
        options: members.options()?,
    })
}

pub(super) fn decrypted(decrypted: Decrypted) -> Answer {
    let Decrypted { arn, plaintext, algorithm, material } = decrypted;
    Answer::of([
        ("KeyId", arn.as_str().into()),
        ("Plaintext", blob(plaintext.expose_secret())),
        ("EncryptionAlgorithm", algorithm.into()),
        ("KeyMaterialId", material.map(|id| id.to_string()).into()),
    ])
}

pub(super) fn re_encrypt(members: &mut Members) -> Result<ReEncrypt, Error> {
    Ok(ReEncrypt {
        ciphertext: members.required_blob("ciphertextBlob")?,
        source_encryption_context: members.context("sourceEncryptionContext")?,
        source_key_id: members.text("sourceKeyId")?,
        source_encryption_algorithm: members.text("sourceEncryptionAlgorithm")?,
        destination_key_id: members.required_text("destinationKeyId")?,
        destination_encryption_context: members.context("destinationEncryptionContext")?,
        destination_encryption_algorithm: members.text("destinationEncryptionAlgorithm")?,
        options: members.options()?,
    })
}

pub(super) fn re_encrypted(re_encrypted: ReEncrypted) -> Answer {
    Answer::of([
        ("CiphertextBlob", blob(&re_encrypted.ciphertext)),
        ("SourceKeyId", re_encrypted.source.as_str().into()),
        ("KeyId", re_encrypted.destination.as_str().into()),
        ("SourceEncryptionAlgorithm", re_encrypted.source_algorithm.into()),
        ("DestinationEncryptionAlgorithm", re_encrypted.destination_algorithm.into()),
        ("SourceKeyMaterialId", re_encrypted.source_material.map(|id| id.to_string()).into()),
        ("DestinationKeyMaterialId", re_encrypted.destination_material.map(|id| id.to_string()).into()),
    ])
}

pub(super) fn data_key(members: &mut Members) -> Result<GenerateDataKey, Error> {
    Ok(GenerateDataKey {
        key_id: key_id(members)?,
        encryption_context: members.context("encryptionContext")?,
        key_spec: members.text("keySpec")?,
        number_of_bytes: members.integer("numberOfBytes")?,
        options: members.options()?,
    })
}

pub(super) fn data_key_made(made: DataKey) -> Answer {
    let DataKey { arn, plaintext, ciphertext, material } = made;
    Answer::of([
        ("CiphertextBlob", blob(&ciphertext)),
        ("Plaintext", plaintext.map(|plaintext| blob(plaintext.expose_secret())).into()),
        ("KeyId", arn.as_str().into()),
        ("KeyMaterialId", material.to_string().into()),
    ])
}

pub(super) fn mac(members: &mut Members) -> Result<GenerateMac, Error> {
    Ok(GenerateMac {
        key_id: key_id(members)?,
        message: members.required_secret("message")?,
        mac_algorithm: members.text("macAlgorithm")?,
        options: members.options()?,
    })
}

pub(super) fn mac_made(made: Mac) -> Answer {
    let Mac { arn, algorithm, mac } = made;
    Answer::of([("Mac", blob(&mac)), ("MacAlgorithm", algorithm.into()), ("KeyId", arn.as_str().into())])
}

pub(super) fn verify_mac(members: &mut Members) -> Result<VerifyMac, Error> {
    Ok(VerifyMac { mac: members.required_blob("mac")?, of: mac(members)? })
}

pub(super) fn mac_verified(verified: Mac) -> Answer {
    let Mac { arn, algorithm, mac: _ } = verified;
    Answer::of([("KeyId", arn.as_str().into()), ("MacValid", true.into()), ("MacAlgorithm", algorithm.into())])
}

pub(super) fn sign(members: &mut Members) -> Result<Sign, Error> {
    Ok(Sign {
        key_id: key_id(members)?,
        message: members.required_secret("message")?,
        message_type: members.text("messageType")?,
        signing_algorithm: members.text("signingAlgorithm")?,
        options: members.options()?,
    })
}

pub(super) fn signed(signed: Signed) -> Answer {
    let Signed { arn, algorithm, signature } = signed;
    Answer::of([("KeyId", arn.as_str().into()), ("Signature", blob(&signature)), ("SigningAlgorithm", algorithm.into())])
}

pub(super) fn verify(members: &mut Members) -> Result<Verify, Error> {
    Ok(Verify { signature: members.required_blob("signature")?, of: sign(members)? })
}

pub(super) fn verified(verified: Signed) -> Answer {
    let Signed { arn, algorithm, signature: _ } = verified;
    Answer::of([("KeyId", arn.as_str().into()), ("SignatureValid", true.into()), ("SigningAlgorithm", algorithm.into())])
}

pub(super) fn agreement(members: &mut Members) -> Result<DeriveSharedSecret, Error> {
    Ok(DeriveSharedSecret {
        key_id: key_id(members)?,
        key_agreement_algorithm: members.text("keyAgreementAlgorithm")?,
        public_key: members.required_blob("publicKey")?,
        options: members.options()?,
    })
}

pub(super) fn agreed(agreed: SharedSecret) -> Answer {
    let SharedSecret { arn, secret, origin } = agreed;
    Answer::of([
        ("KeyId", arn.as_str().into()),
        ("SharedSecret", blob(secret.expose_secret())),
        ("KeyAgreementAlgorithm", "ECDH".into()),
        ("KeyOrigin", origin.as_str().into()),
    ])
}

pub(super) fn random(members: &mut Members) -> Result<GenerateRandom, Error> {
    Ok(GenerateRandom {
        number_of_bytes: members.integer("numberOfBytes")?,
        custom_key_store_id: members.text("customKeyStoreId")?,
        for_recipient: members.has("recipient"),
    })
}

pub(super) fn random_bytes(bytes: SecretSlice<u8>) -> Answer {
    Answer::of([("Plaintext", blob(bytes.expose_secret()))])
}
