//! Material at work in SoftHSM2, each answer checked outside, by OpenSSL or AWS-LC with the plaintext that the test knows.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use keyferry::hsm::{Error, Sealed, Unpadding};
use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{
    HostAssisted, KeySpec, KeyUsage, MaterialKind, OaepHash, ObjectId, SignatureHash, SignatureScheme, WrappingAlgorithm,
};
use keyferry::wrap::spki;

use super::Pairs;
use crate::harness::{Plaintext, inprocess, openssl};

const MESSAGE: &[u8] = b"what the key is put to work on";
const CONTEXT: &[u8] = b"what is authenticated with it";

impl Pairs {
    /// Fresh material for a key of this spec, and the object that it became.
    async fn bring(&self, spec: KeySpec, usage: KeyUsage) -> (Plaintext, ObjectId) {
        let material = Plaintext::for_spec(spec);
        let object = ObjectId::random();
        let algorithm = match spec.material().unwrap() {
            MaterialKind::Rsa(_) => WrappingAlgorithm::RsaAesKeyWrapSha256,
            _ => WrappingAlgorithm::RsaesOaepSha256,
        };
        let algorithm = if spec == KeySpec::EccNistP521 { WrappingAlgorithm::RsaAesKeyWrapSha256 } else { algorithm };
        self.import_as(object, spec, usage, algorithm, &material.bytes).await.unwrap();
        (material, object)
    }
}

#[tokio::test]
async fn what_a_key_encrypts_opens_outside_and_nothing_else_opens_inside() {
    let pairs = Pairs::make("gcm").await;
    let (material, object) = pairs.bring(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let seal = async || pairs.hsm.call(move |token| token.encrypt(&object, MESSAGE, CONTEXT)).await.unwrap();
    let sealed = seal().await;
    assert_ne!(seal().await.iv, sealed.iv);

    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &material.bytes).unwrap());
    let mut outside = sealed.ciphertext.clone();
    let nonce = Nonce::assume_unique_for_key(sealed.iv);
    assert_eq!(key.open_in_place(nonce, Aad::from(CONTEXT), &mut outside).unwrap(), MESSAGE);

    let open = async |sealed: Sealed, context: &'static [u8]| {
        pairs.hsm.call(move |token| token.decrypt(&object, &sealed, context)).await.unwrap()
    };
    assert_eq!(open(sealed.clone(), CONTEXT).await.unwrap().as_slice(), MESSAGE);
    assert_eq!(open(sealed.clone(), b"another context").await, None);
    for at in [0, MESSAGE.len(), sealed.ciphertext.len() - 1] {
        let mut altered = sealed.clone();
        altered.ciphertext[at] ^= 1;
        assert_eq!(open(altered, CONTEXT).await, None, "byte {at}");
    }
    for length in [0, 1, 15, 16] {
        let short = Sealed { ciphertext: sealed.ciphertext[..length].to_vec(), ..sealed.clone() };
        assert_eq!(open(short, CONTEXT).await, None, "{length} bytes");
    }
    let other_iv = Sealed { iv: [7; 12], ..sealed.clone() };
    assert_eq!(open(other_iv, CONTEXT).await, None);
    assert_eq!(open(sealed, CONTEXT).await.unwrap().as_slice(), MESSAGE, "the session goes on");
}

#[tokio::test]
async fn a_mac_is_openssls_and_only_that_is_taken() {
    let pairs = Pairs::make("mac").await;
    #[rustfmt::skip]
    let cases = [
        (KeySpec::Hmac224, HmacHash::Sha224),
        (KeySpec::Hmac256, HmacHash::Sha256),
        (KeySpec::Hmac384, HmacHash::Sha384),
        (KeySpec::Hmac512, HmacHash::Sha512),
    ];
    for (spec, hash) in cases {
        let (material, object) = pairs.bring(spec, KeyUsage::GenerateVerifyMac).await;
        let mac = pairs.hsm.call(move |token| token.make_mac(&object, hash, MESSAGE)).await.unwrap();
        assert_eq!(mac, openssl::hmac(hash, &material.bytes, MESSAGE), "{spec}");
        let taken =
            async |mac: Vec<u8>| pairs.hsm.call(move |token| token.is_mac_of(&object, hash, MESSAGE, &mac)).await.unwrap();
        assert!(taken(mac.clone()).await, "{spec}");
        let mut altered = mac.clone();
        altered[0] ^= 1;
        assert!(!taken(altered).await, "{spec}");
        assert!(!taken(mac[..mac.len() - 1].to_vec()).await, "{spec}: a byte short");
        assert!(!taken([&mac[..], &[0]].concat()).await, "{spec}: a byte long");
    }
}

#[tokio::test]
async fn every_signature_verifies_under_openssl() {
    use SignatureHash::{Sha256, Sha384, Sha512};
    let pairs = Pairs::make("signatures").await;
    let (rsa, rsa_object) = pairs.bring(KeySpec::Rsa2048, KeyUsage::SignVerify).await;
    let rsa_spki = rsa.spki().unwrap();
    for hash in [Sha256, Sha384, Sha512] {
        for scheme in [SignatureScheme::Pkcs1, SignatureScheme::Pss] {
            let digest = hash.digest(MESSAGE);
            let signed = pairs.hsm.call(move |token| token.sign_digest(&rsa_object, scheme, hash, &digest)).await;
            assert!(openssl::rsa_verifies_with(&rsa_spki, scheme, hash, MESSAGE, &signed.unwrap()), "{scheme:?} {hash:?}");
        }
    }
    #[rustfmt::skip]
    let curves = [
        (KeySpec::EccNistP256,   Sha256),
        (KeySpec::EccSecgP256k1, Sha256),
        (KeySpec::EccNistP384,   Sha384),
        (KeySpec::EccNistP521,   Sha512),
    ];
    for (spec, hash) in curves {
        let (material, object) = pairs.bring(spec, KeyUsage::SignVerify).await;
        let digest = hash.digest(MESSAGE);
        let signed =
            pairs.hsm.call(move |token| token.sign_digest(&object, SignatureScheme::Ecdsa, hash, &digest)).await.unwrap();
        assert!(openssl::ecdsa_verifies(&material.spki().unwrap(), hash.bytes() * 8, MESSAGE, &signed), "{spec}");
    }
}

#[tokio::test]
async fn a_ciphertext_made_by_openssl_decrypts_and_a_broken_one_is_an_answer() {
    let pairs = Pairs::make("oaep").await;
    let (material, object) = pairs.bring(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let public = material.spki().unwrap();
    let modulus = spki::rsa_parts(&public).unwrap().0;
    for hash in [OaepHash::Sha1, OaepHash::Sha256] {
        let by = pairs.hsm.profile().unpadding(hash).unwrap();
        assert_eq!(by, if hash == OaepHash::Sha1 { Unpadding::Token } else { Unpadding::Host });
        let decrypt = async |ciphertext: Vec<u8>| {
            let modulus = modulus.clone();
            let decrypt = pairs.hsm.call(move |token| token.decrypt_oaep(&object, &modulus, hash, by, &ciphertext)).await;
            decrypt.unwrap().map(|plaintext| plaintext.to_vec())
        };
        let ciphertext = openssl::oaep(&public, hash, MESSAGE);
        assert_eq!(decrypt(ciphertext.clone()).await.as_deref(), Some(MESSAGE), "{hash:?}");
        let mut altered = ciphertext.clone();
        altered[100] ^= 1;
        let other = if hash == OaepHash::Sha1 { OaepHash::Sha256 } else { OaepHash::Sha1 };
        let refused =
            [altered, openssl::oaep(&public, other, MESSAGE), ciphertext[1..].to_vec(), modulus.clone(), vec![0; 256]];
        for (index, ciphertext) in refused.into_iter().enumerate() {
            assert_eq!(decrypt(ciphertext).await, None, "{hash:?} {index}");
        }
    }
}

#[tokio::test]
async fn where_the_host_may_see_nothing_a_token_without_the_hash_is_said_to_lack_it() {
    let hsm = inprocess::open("no unpadding", HostAssisted::Kek);
    assert_eq!(hsm.profile().unpadding(OaepHash::Sha1).unwrap(), Unpadding::Token);
    let lacks = hsm.profile().unpadding(OaepHash::Sha256).unwrap_err();
    assert_eq!(lacks.to_string(), "the token does not support CKM_RSA_PKCS_OAEP with SHA-256");
}

#[tokio::test]
async fn a_mechanism_that_the_token_lacks_is_named_and_the_session_goes_on() {
    let pairs = Pairs::make("lacks").await;
    let (material, object) = pairs.bring(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let modulus = spki::rsa_parts(&material.spki().unwrap()).unwrap().0;
    // SoftHSM2 has OAEP with SHA-1 only, and says so as it is asked to begin.
    for _ in 0..4 {
        let (modulus, ciphertext) = (modulus.clone(), vec![1; 256]);
        let decrypted = pairs
            .hsm
            .call(move |token| token.decrypt_oaep(&object, &modulus, OaepHash::Sha256, Unpadding::Token, &ciphertext));
        assert!(matches!(decrypted.await, Err(Error::Lacks("CKM_RSA_PKCS_OAEP with SHA-256"))));
        pairs.hsm.call(|token| token.random(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_secret_agreed_on_is_openssls() {
    let pairs = Pairs::make("ecdh").await;
    #[rustfmt::skip]
    let curves = [
        (KeySpec::EccNistP256, Curve::P256),
        (KeySpec::EccNistP384, Curve::P384),
        (KeySpec::EccNistP521, Curve::P521),
    ];
    for (spec, curve) in curves {
        let (material, object) = pairs.bring(spec, KeyUsage::KeyAgreement).await;
        let peer = openssl::public_key(&openssl::private_key(MaterialKind::Ec(curve)));
        let point = peer[peer.len() - (1 + 2 * curve.field_bytes())..].to_vec();
        let secret = pairs.hsm.call(move |token| token.agree(&object, curve, &point)).await.unwrap();
        assert_eq!(secret.as_slice(), openssl::ecdh(&material.bytes, &peer), "{spec}");
    }
}

#[tokio::test]
async fn material_that_is_gone_is_missing_and_not_a_bad_ciphertext() {
    let pairs = Pairs::make("gone").await;
    let (_, object) = pairs.bring(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let sealed = pairs.hsm.call(move |token| token.encrypt(&object, MESSAGE, CONTEXT)).await.unwrap();
    pairs.hsm.call(move |token| token.destroy(&object)).await.unwrap();
    let opened = pairs.hsm.call(move |token| token.decrypt(&object, &sealed, CONTEXT)).await;
    assert!(matches!(opened, Err(Error::Missing(id)) if id == object), "{opened:?}");
}

#[tokio::test]
async fn random_bytes_are_as_many_as_asked_for_and_never_the_same() {
    let hsm = inprocess::open("random", HostAssisted::None);
    let draw = async |bytes| hsm.call(move |token| token.random(bytes)).await.unwrap();
    for bytes in [1, 32, 1024] {
        assert_eq!(draw(bytes).await.len(), bytes);
    }
    assert_ne!(draw(32).await, draw(32).await);
}
