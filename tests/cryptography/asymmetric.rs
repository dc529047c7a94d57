//! RSA-OAEP and ECDH, with OpenSSL at the other end.

use keyferry::model::{KeySpec, KeyUsage, MaterialKind, OaepHash};
use keyferry::service::{Decrypt, DeriveSharedSecret, Encrypt, Kind, Options};
use rsa::pkcs8::DecodePrivateKey;

use super::decryption::decrypt;
use super::encryption::{context, encrypt};
use super::{MESSAGE, call, known_key, openssl, said, shown, start};

const HASHES: [(&str, OaepHash); 2] = [("RSAES_OAEP_SHA_1", OaepHash::Sha1), ("RSAES_OAEP_SHA_256", OaepHash::Sha256)];

#[tokio::test]
async fn a_ciphertext_made_offline_decrypts_here_and_one_made_here_offline() {
    let house = start("offline").await;
    let (key_id, material) = known_key(&house, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let spki = material.spki().unwrap();
    let private = rsa::PrivateKey::from_pkcs8_der(&material.bytes).unwrap();
    let mut refusals = Vec::new();
    for (algorithm, hash) in HASHES {
        let ask = |ciphertext: &[u8]| Decrypt {
            encryption_algorithm: Some(algorithm.to_owned()),
            ..decrypt(ciphertext, Some(&key_id), context(&[]))
        };
        let ciphertext = openssl::oaep(&spki, hash, MESSAGE);
        let answer = house.service.decrypt(&call(), ask(&ciphertext)).await.unwrap();
        assert_eq!((shown(&answer.plaintext), answer.algorithm, answer.material), (MESSAGE, algorithm, None));

        let request =
            Encrypt { encryption_algorithm: Some(algorithm.to_owned()), ..encrypt(&key_id, MESSAGE, context(&[])) };
        let encrypted = house.service.encrypt(&call(), request).await.unwrap().ciphertext;
        let opened = match hash {
            OaepHash::Sha1 => private.oaep_decrypt::<sha1::Sha1>(&encrypted),
            OaepHash::Sha256 => private.oaep_decrypt::<sha2::Sha256>(&encrypted),
        };
        assert_eq!(opened.unwrap(), MESSAGE);

        let mut altered = ciphertext.clone();
        altered[9] ^= 1;
        let of_the_other =
            openssl::oaep(&spki, if hash == OaepHash::Sha1 { OaepHash::Sha256 } else { OaepHash::Sha1 }, MESSAGE);
        for wrong in [altered, of_the_other, ciphertext[1..].to_vec(), vec![0xff; 256], vec![0; 256]] {
            refusals.push(said(house.service.decrypt(&call(), ask(&wrong)).await));
        }
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "a broken padding reads as anything else that is wrong: {refusals:?}");
    assert_eq!(refusals[0].0, Kind::InvalidCiphertext);
}

#[tokio::test]
async fn what_does_not_fit_or_belong_is_refused_in_the_references_words() {
    let house = start("does not fit").await;
    let (key_id, _) = known_key(&house, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    for (algorithm, most) in [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)] {
        let ask = |bytes: usize| Encrypt {
            encryption_algorithm: Some(algorithm.to_owned()),
            ..encrypt(&key_id, &vec![7; bytes], context(&[]))
        };
        assert_eq!(house.service.encrypt(&call(), ask(most)).await.unwrap().ciphertext.len(), 256);
        let message = format!("Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} bytes.");
        assert_eq!(said(house.service.encrypt(&call(), ask(most + 1)).await), (Kind::Validation, message));
    }
    let (kind, message) = said(house.service.encrypt(&call(), encrypt(&key_id, MESSAGE, context(&[]))).await);
    assert_eq!(kind, Kind::InvalidKeyUsage);
    assert_eq!(message, "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.");
    let unnamed =
        Decrypt { encryption_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()), ..decrypt(&[7; 256], None, context(&[])) };
    let (kind, message) = said(house.service.decrypt(&call(), unnamed).await);
    assert_eq!(kind, Kind::Validation);
    assert_eq!(
        message,
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
    );
    let in_context = Decrypt {
        encryption_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()),
        ..decrypt(&[7; 256], Some(&key_id), context(&[("a", "1")]))
    };
    assert_eq!(said(house.service.decrypt(&call(), in_context).await).0, Kind::Validation);
}

#[tokio::test]
async fn a_secret_agreed_on_is_openssls_and_a_peer_off_the_curve_is_refused() {
    let house = start("agrees").await;
    let ask = |key_id: &str, public_key: Vec<u8>| DeriveSharedSecret {
        key_id: key_id.to_owned(),
        key_agreement_algorithm: Some("ECDH".to_owned()),
        public_key,
        options: Options::default(),
    };
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521] {
        let (key_id, material) = known_key(&house, spec, KeyUsage::KeyAgreement).await;
        let peer = openssl::public_key(&openssl::private_key(spec.material().unwrap()));
        let answer = house.service.derive_shared_secret(&call(), ask(&key_id, peer.clone())).await.unwrap();
        assert_eq!(shown(&answer.secret), openssl::ecdh(&material.bytes, &peer), "{spec}");

        let other = if spec == KeySpec::EccNistP256 { KeySpec::EccSecgP256k1 } else { KeySpec::EccNistP256 };
        let mut off = peer.clone();
        *off.last_mut().unwrap() ^= 1;
        let foreign = openssl::public_key(&openssl::private_key(other.material().unwrap()));
        let rsa = openssl::public_key(&openssl::private_key(MaterialKind::Rsa(2048)));
        for wrong in [off, foreign, rsa, peer[1..].to_vec(), vec![7]] {
            let error = house.service.derive_shared_secret(&call(), ask(&key_id, wrong)).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (Kind::Validation, Some("publicKey")), "{spec}: {error}");
        }
    }
}
