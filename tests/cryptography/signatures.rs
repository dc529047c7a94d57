//! Sign and Verify: each takes what OpenSSL makes and makes what OpenSSL takes.

use keyferry::model::{KeySpec, KeyUsage, SignatureScheme, SigningAlgorithm};
use keyferry::service::{Kind, Options, Sign, Verify};

use super::{MESSAGE, call, known_key, openssl, said, secret, start};

pub(super) fn ask(key_id: &str, algorithm: &str, message_type: Option<&str>, message: &[u8]) -> Sign {
    Sign {
        key_id: key_id.to_owned(),
        message: secret(message),
        message_type: message_type.map(str::to_owned),
        signing_algorithm: Some(algorithm.to_owned()),
        options: Options::default(),
    }
}

#[tokio::test]
async fn every_signature_verifies_under_openssl_and_here_whether_of_the_message_or_its_digest() {
    let house = start("signs").await;
    let specs = [KeySpec::Rsa2048, KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521, KeySpec::EccSecgP256k1];
    for spec in specs {
        let (key_id, material) = known_key(&house, spec, KeyUsage::SignVerify).await;
        let spki = material.spki().unwrap();
        for name in spec.algorithms(KeyUsage::SignVerify) {
            let (scheme, hash) = name.parse::<SigningAlgorithm>().unwrap().parts().unwrap();
            let digest = hash.digest(MESSAGE);
            for (message_type, message) in [(None, MESSAGE), (Some("RAW"), MESSAGE), (Some("DIGEST"), &digest)] {
                let signed = house.service.sign(&call(), ask(&key_id, name, message_type, message)).await.unwrap();
                assert_eq!(signed.algorithm, *name);
                let verified = match scheme {
                    SignatureScheme::Ecdsa => openssl::ecdsa_verifies(&spki, hash.bytes() * 8, MESSAGE, &signed.signature),
                    _ => openssl::rsa_verifies_with(&spki, scheme, hash, MESSAGE, &signed.signature),
                };
                assert!(verified, "{spec} {name} {message_type:?}");
                let verify = async |message: &[u8], signature: Vec<u8>| {
                    let request = Verify { of: ask(&key_id, name, None, message), signature };
                    house.service.verify(&call(), request).await.map_err(|error| error.kind())
                };
                assert!(verify(MESSAGE, signed.signature.clone()).await.unwrap().signature.is_empty());
                let wrong = Kind::KmsInvalidSignature;
                assert_eq!(verify(b"another message", signed.signature.clone()).await.unwrap_err(), wrong);
                let mut altered = signed.signature.clone();
                *altered.last_mut().unwrap() ^= 1;
                let longer = [&signed.signature[..], &[0]].concat();
                for signature in [altered, longer, signed.signature[1..].to_vec(), vec![0]] {
                    assert_eq!(verify(MESSAGE, signature).await.unwrap_err(), wrong, "{spec} {name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_signed_so_is_refused_in_the_references_words() {
    let house = start("cannot sign").await;
    let (key_id, _) = known_key(&house, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let sign = async |algorithm: &str, message_type: Option<&str>, message: &[u8]| {
        said(house.service.sign(&call(), ask(&key_id, algorithm, message_type, message)).await)
    };
    let (kind, message) = sign("ECDSA_SHA_256", Some("DIGEST"), &[7; 31]).await;
    assert_eq!((kind, message.as_str()), (Kind::Validation, "Digest is invalid length for algorithm ECDSA_SHA_256."));
    let (kind, message) = sign("ECDSA_SHA_384", None, MESSAGE).await;
    let incompatible = "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.";
    assert_eq!((kind, message.as_str()), (Kind::InvalidKeyUsage, incompatible));
    assert_eq!(sign("ML_DSA_SHAKE_256", Some("EXTERNAL_MU"), &[7; 64]).await.0, Kind::InvalidKeyUsage);
    assert_eq!(sign("ECDSA_SHA_256", Some("EXTERNAL_MU"), &[7; 64]).await.0, Kind::Validation);
    assert_eq!(sign("ECDSA_SHA_1", None, MESSAGE).await.0, Kind::Validation);
    assert_eq!(sign("ECDSA_SHA_256", None, &[]).await.0, Kind::Validation);
    assert_eq!(sign("ECDSA_SHA_256", None, &[7; 4097]).await.0, Kind::Validation);
}
