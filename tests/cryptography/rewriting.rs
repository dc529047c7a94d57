//! ReEncrypt: from every kind of key to every kind.

use keyferry::model::{KeySpec, KeyUsage, OaepHash};
use keyferry::service::{Decrypt, Encrypt, Kind, Options, ReEncrypt};

use super::decryption::decrypt;
use super::encryption::{context, encrypt};
use super::{MESSAGE, call, dry, known_key, said, shown, start, symmetric_key};
use crate::harness::openssl;

#[tokio::test]
async fn what_is_encrypted_anew_decrypts_under_the_destination_only() {
    let house = start("rewrites").await;
    let (symmetric, material) = symmetric_key(&house).await;
    let (another, another_material) = symmetric_key(&house).await;
    let (rsa, _) = known_key(&house, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let ends = [(&symmetric, None), (&another, None), (&rsa, Some("RSAES_OAEP_SHA_256")), (&rsa, Some("RSAES_OAEP_SHA_1"))];
    let of = |algorithm: Option<&str>| if algorithm.is_none() { context(&[("a", "1")]) } else { context(&[]) };
    for (from, read_by) in ends {
        let request = Encrypt { encryption_algorithm: read_by.map(str::to_owned), ..encrypt(from, MESSAGE, of(read_by)) };
        let ciphertext = house.service.encrypt(&call(), request).await.unwrap().ciphertext;
        for (to, written_by) in ends {
            let request = ReEncrypt {
                ciphertext: ciphertext.clone(),
                source_encryption_context: of(read_by),
                source_key_id: read_by.map(|_| from.clone()),
                source_encryption_algorithm: read_by.map(str::to_owned),
                destination_key_id: to.clone(),
                destination_encryption_context: of(written_by),
                destination_encryption_algorithm: written_by.map(str::to_owned),
                options: Options::default(),
            };
            let answer = house.service.re_encrypt(&call(), request).await.unwrap();
            assert!(answer.source.as_str().ends_with(from.as_str()) && answer.destination.as_str().ends_with(to.as_str()));
            assert_eq!(answer.source_algorithm, read_by.unwrap_or("SYMMETRIC_DEFAULT"));
            assert_eq!(answer.destination_algorithm, written_by.unwrap_or("SYMMETRIC_DEFAULT"));
            assert_eq!(answer.source_material.is_some(), read_by.is_none());
            assert_eq!(answer.destination_material.is_some(), written_by.is_none());
            let request = Decrypt {
                encryption_algorithm: written_by.map(str::to_owned),
                ..decrypt(&answer.ciphertext, Some(to), of(written_by))
            };
            assert_eq!(shown(&house.service.decrypt(&call(), request).await.unwrap().plaintext), MESSAGE);
        }
    }
    assert_ne!(material.bytes, another_material.bytes);
}

#[tokio::test]
async fn both_keys_are_asked_before_anything_is_decrypted() {
    let house = start("both ends").await;
    let (from, _) = symmetric_key(&house).await;
    let (rsa, _) = known_key(&house, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let (signs, _) = known_key(&house, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let encrypted = house.service.encrypt(&call(), encrypt(&from, &[7; 191], context(&[]))).await.unwrap().ciphertext;
    let ask = |to: &str, algorithm: Option<&str>, options| ReEncrypt {
        ciphertext: encrypted.clone(),
        source_encryption_context: context(&[]),
        source_key_id: None,
        source_encryption_algorithm: None,
        destination_key_id: to.to_owned(),
        destination_encryption_context: context(&[]),
        destination_encryption_algorithm: algorithm.map(str::to_owned),
        options,
    };
    let re_encrypt = async |request| said(house.service.re_encrypt(&call(), request).await);
    let (kind, message) = re_encrypt(ask(&signs, None, Options::default())).await;
    assert_eq!(kind, Kind::InvalidKeyUsage);
    assert!(message.ends_with("key usage is SIGN_VERIFY which is not valid for ReEncrypt."), "{message}");
    let (kind, message) = re_encrypt(ask(&rsa, None, Options::default())).await;
    assert_eq!(kind, Kind::InvalidKeyUsage);
    assert_eq!(message, "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.");
    assert_eq!(re_encrypt(ask(&from, None, dry())).await.0, Kind::DryRun);
    let (kind, message) = re_encrypt(ask(&rsa, Some("RSAES_OAEP_SHA_256"), Options::default())).await;
    assert_eq!(kind, Kind::Validation);
    assert_eq!(message, "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.");
}

#[tokio::test]
async fn nothing_is_not_encrypted_anew() {
    let house = start("rewrites nothing").await;
    let (symmetric, _) = symmetric_key(&house).await;
    let (rsa, material) = known_key(&house, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let spki = openssl::public_key(&material.bytes);
    let request = ReEncrypt {
        ciphertext: openssl::oaep(&spki, OaepHash::Sha1, b""),
        source_encryption_context: context(&[]),
        source_key_id: Some(rsa),
        source_encryption_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()),
        destination_key_id: symmetric,
        destination_encryption_context: context(&[]),
        destination_encryption_algorithm: None,
        options: Options::default(),
    };
    let (kind, message) = said(house.service.re_encrypt(&call(), request).await);
    assert_eq!(
        (kind, message.as_str()),
        (Kind::Validation, "What was encrypted has no bytes, which cannot be encrypted anew.")
    );
}

/// SM2 encrypts by the public half alone, and OpenSSL more than the reference does.
#[tokio::test]
async fn what_is_longer_than_a_plaintext_may_be_neither_comes_out_of_sm2_nor_is_encrypted_anew() {
    let house = start("rewrites much").await;
    let (symmetric, _) = symmetric_key(&house).await;
    let (sm2, material) = known_key(&house, KeySpec::Sm2, KeyUsage::EncryptDecrypt).await;
    let spki = openssl::public_key(&material.bytes);
    let of = |length: usize| openssl::sm2pke(&spki, &vec![7; length]);
    let by_sm2 = || Some("SM2PKE".to_owned());
    let opens =
        |ciphertext: &[u8]| Decrypt { encryption_algorithm: by_sm2(), ..decrypt(ciphertext, Some(&sm2), context(&[])) };
    let anew = |ciphertext: &[u8], to: &str, algorithm: Option<String>| ReEncrypt {
        ciphertext: ciphertext.to_vec(),
        source_encryption_context: context(&[]),
        source_key_id: Some(sm2.clone()),
        source_encryption_algorithm: by_sm2(),
        destination_key_id: to.to_owned(),
        destination_encryption_context: context(&[]),
        destination_encryption_algorithm: algorithm,
        options: Options::default(),
    };
    let longest = of(4096);
    assert_eq!(shown(&house.service.decrypt(&call(), opens(&longest)).await.unwrap().plaintext), [7; 4096]);
    let rewritten = house.service.re_encrypt(&call(), anew(&longest, &symmetric, None)).await.unwrap().ciphertext;
    let reread = house.service.decrypt(&call(), decrypt(&rewritten, None, context(&[]))).await.unwrap();
    assert_eq!(shown(&reread.plaintext), [7; 4096]);

    let longer = of(4097);
    let altered = [&longer[..longer.len() - 1], &[!longer[longer.len() - 1]]].concat();
    let refused = said(house.service.decrypt(&call(), opens(&altered)).await);
    assert_eq!(said(house.service.decrypt(&call(), opens(&longer)).await), refused);
    assert_eq!(said(house.service.re_encrypt(&call(), anew(&altered, &symmetric, None)).await), refused);
    let (kind, message) = said(house.service.re_encrypt(&call(), anew(&longer, &symmetric, None)).await);
    assert_eq!(kind, Kind::Validation);
    assert_eq!(
        message,
        "Algorithm SYMMETRIC_DEFAULT and key spec SYMMETRIC_DEFAULT cannot encrypt data larger than 4096 bytes."
    );
    let (kind, message) = said(house.service.re_encrypt(&call(), anew(&of(1025), &sm2, by_sm2())).await);
    assert_eq!(kind, Kind::Validation);
    assert_eq!(message, "Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes.");
}
