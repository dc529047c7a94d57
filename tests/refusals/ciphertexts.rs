//! Wrapped blobs that are wrong: by their length, which is said, and by anything that RSA touched, which is not.
//!
//! Every refusal after RSA must read the same, byte for byte: a difference is a padding oracle.

use keyferry::model::{KeySpec, KeyUsage, MaterialKind, OaepHash, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::harness::client::import_request;
use crate::harness::material::{Wrapper, wrap};
use crate::harness::{Client, Daemon, Plaintext, Refusal, Settings, audit, der, openssl};

use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};

const K: usize = 256;
const SECRET: &str = "the encrypted key material could not be unwrapped, or is not material of this key's spec";

#[tokio::test]
async fn a_ciphertext_of_a_wrong_length_is_refused_by_arithmetic() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let hybrid_lengths = [1, 8, K - 1, K, K + 1, K + 8, K + 15, K + 17, K + 23, K + 25, 6143];
    let cases = [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, RsaesOaepSha1, &[1, K - 1, K + 1, 2 * K, 6144][..]),
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, RsaesOaepSha256, &[1, K - 1, K + 1, 2 * K, 6144][..]),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, RsaAesKeyWrapSha1, &hybrid_lengths[..]),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, RsaAesKeyWrapSha256, &hybrid_lengths[..]),
    ];
    for (spec, usage, algorithm, lengths) in cases {
        let key = client.create_external(spec, usage).await;
        let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
        for length in lengths {
            let case = format!("{algorithm} {length}");
            let refusal = client.import(import_request(&set, vec![1; *length])).await.expect_err(&case);
            refusal.assert_says("ValidationException", "Invalid encrypted key size.", &case);
            refusal.assert_blames("encryptedKeyMaterial", &case);
        }
        assert_eq!(client.describe(&key.key_id).await, key, "{algorithm}");
        let good = Plaintext::for_spec(spec).wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
        client.import(import_request(&set, good)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_inside_a_ciphertext_the_refusal_is_the_same_in_every_byte() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let mut refusals = Vec::new();
    for algorithm in [RsaesOaepSha1, RsaesOaepSha256] {
        for (spec, usage) in [
            (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
            (KeySpec::Hmac512, KeyUsage::GenerateVerifyMac),
            (KeySpec::EccNistP384, KeyUsage::SignVerify),
        ] {
            refusals.extend(refused(&client, spec, usage, algorithm).await);
        }
    }
    for algorithm in [RsaAesKeyWrapSha1, RsaAesKeyWrapSha256] {
        for (spec, usage) in [
            (KeySpec::EccNistP256, KeyUsage::SignVerify),
            (KeySpec::EccNistP521, KeyUsage::KeyAgreement),
            (KeySpec::EccSecgP256k1, KeyUsage::SignVerify),
            (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
        ] {
            refusals.extend(refused(&client, spec, usage, algorithm).await);
        }
    }
    let (first_case, first) = &refusals[0];
    first.assert_says("InvalidCiphertextException", SECRET, first_case);
    first.assert_blames("encryptedKeyMaterial", first_case);
    for (case, refusal) in &refusals {
        assert_eq!((refusal.code, &refusal.message), (first.code, &first.message), "{case}");
        assert_eq!(refusal.wire, first.wire, "{case}");
    }
    drop(client);
    // Started once more, so that what was still to be destroyed is.
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    audit::assert_no_orphans(&installation, "after every refusal").await;
}

/// Sends everything wrong for one kind of key, checks that nothing changed, and that the right material still comes in.
async fn refused(client: &Client, spec: KeySpec, usage: KeyUsage, algorithm: WrappingAlgorithm) -> Vec<(String, Refusal)> {
    let key = client.create_external(spec, usage).await;
    let good = Plaintext::for_spec(spec);
    let mut refusals = Vec::new();
    let mut set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    let wrong = wrong(&set, &good, algorithm).into_iter().filter(|(what, _)| {
        // Where the token unwraps, such a scalar is the key that it is modulo the order: `token.rs` has it.
        !what.contains(ABOVE_THE_ORDER) || algorithm == WrappingAlgorithm::RsaesOaepSha256
    });
    for (attempt, (what, ciphertext)) in wrong.enumerate() {
        let case = format!("{spec} under {algorithm}: {what}");
        if attempt > 0 && attempt % 10 == 0 {
            // Well below the attempts that a set bears: that is another test's.
            set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
        }
        // Wrapped under the newest set: the wrong part must be the one that is meant.
        let ciphertext = ciphertext(&set.public_key);
        let refusal = client.import(import_request(&set, ciphertext)).await.expect_err(&case);
        assert_eq!(client.describe(&key.key_id).await, key, "{case}");
        refusals.push((case, refusal));
    }
    let ciphertext = good.wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
    client.import(import_request(&set, ciphertext)).await.unwrap();
    refusals
}

const ABOVE_THE_ORDER: &str = "a scalar above the order";

type Make = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

/// What can be wrong, each as a way to make the ciphertext for a wrapping public key.
fn wrong(set: &pb::GetParametersForImportResponse, good: &Plaintext, algorithm: WrappingAlgorithm) -> Vec<(String, Make)> {
    let mut cases: Vec<(String, Make)> = Vec::new();
    let flipped = |byte: usize| -> Make {
        let good = good.clone();
        Box::new(move |spki| {
            let mut ciphertext = good.wrap(Wrapper::RustCrypto, algorithm, spki);
            // The lowest bit of a byte: the number stays below the modulus.
            ciphertext[byte] ^= 1;
            ciphertext
        })
    };
    for byte in [0, 1, K / 2, K - 1] {
        cases.push((format!("a bit of RSA byte {byte} flipped"), flipped(byte)));
    }
    let other_hash = match algorithm {
        RsaesOaepSha1 => RsaesOaepSha256,
        RsaesOaepSha256 => RsaesOaepSha1,
        RsaAesKeyWrapSha1 => RsaAesKeyWrapSha256,
        _ => RsaAesKeyWrapSha1,
    };
    let bytes = good.bytes.clone();
    if algorithm.is_hybrid() || bytes.len() <= K - 66 {
        cases.push(("the other OAEP hash".into(), Box::new(move |spki| wrap(Wrapper::OpenSsl, other_hash, spki, &bytes))));
    }
    let bytes = good.bytes.clone();
    let stranger = openssl::public_key(&openssl::private_key(MaterialKind::Rsa(2048)));
    assert_ne!(stranger, set.public_key);
    cases.push(("another public key".into(), Box::new(move |_| wrap(Wrapper::RustCrypto, algorithm, &stranger, &bytes))));
    let length = good.wrap(Wrapper::RustCrypto, algorithm, &set.public_key).len();
    cases.push(("garbage".into(), Box::new(move |_| [vec![0x2a], openssl::random(length - 1)].concat())));
    cases.push(("zeros".into(), Box::new(move |_| vec![0; length])));
    cases.push(("a number above the modulus".into(), Box::new(move |_| vec![0xff; length])));
    for (what, plaintext) in wrong_material(good) {
        cases.push((what.into(), Box::new(move |spki| wrap(Wrapper::RustCrypto, algorithm, spki, &plaintext))));
    }
    if algorithm.is_hybrid() {
        for byte in [K, K + 8, length - 1] {
            cases.push((format!("a bit of KWP byte {byte} flipped"), flipped(byte)));
        }
        let hash = algorithm.oaep_hash().unwrap();
        cases.extend(wrong_kek(good, hash));
    }
    cases
}

/// The right material under a key-encryption key of a wrong length, or under another than the one that came.
fn wrong_kek(good: &Plaintext, hash: OaepHash) -> Vec<(String, Make)> {
    let mut cases: Vec<(String, Make)> = Vec::new();
    let kek: [u8; 32] = openssl::random(32).try_into().unwrap();
    let wrapped = openssl::kwp(&kek, &good.bytes);
    for length in [0, 16, 24, 31, 33] {
        let wrapped = wrapped.clone();
        cases.push((
            format!("a key-encryption key of {length} bytes"),
            Box::new(move |spki| {
                [crate::harness::rustcrypto::oaep(spki, hash, &openssl::random(33)[..length]), wrapped.clone()].concat()
            }),
        ));
    }
    cases.push((
        "another key-encryption key".into(),
        Box::new(move |spki| [openssl::oaep(spki, hash, &openssl::random(32)), wrapped.clone()].concat()),
    ));
    cases
}

/// Well wrapped, and not what a key of this kind is made of.
fn wrong_material(good: &Plaintext) -> Vec<(&'static str, Vec<u8>)> {
    let secret = |lengths: &[usize]| {
        lengths
            .iter()
            .map(|length| ("a secret of a wrong length", openssl::random(length + 1)[..*length].to_vec()))
            .collect()
    };
    match good.kind {
        MaterialKind::Aes256 => secret(&[0, 1, 16, 24, 31, 33, 64]),
        MaterialKind::Hmac(hash) => secret(&[1, 16, 32, hash.key_bytes() - 1, hash.key_bytes() + 1]),
        MaterialKind::Ec(curve) => wrong_ec(good, curve),
        MaterialKind::Rsa(_) => wrong_rsa(good),
    }
}

fn wrong_ec(good: &Plaintext, curve: keyferry::model::key_spec::Curve) -> Vec<(&'static str, Vec<u8>)> {
    use keyferry::model::key_spec::Curve::{K256, P256, P384, P521, Sm2};
    // For each curve, its OID, its order, and a curve that it must not be taken for.
    #[rustfmt::skip]
    let (oid, order, other): (&[u8], &str, _) = match curve {
        P256 => (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", K256),
        K256 => (&[0x2b, 0x81, 0x04, 0x00, 0x0a], "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", P256),
        P384 => (&[0x2b, 0x81, 0x04, 0x00, 0x22], "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", P256),
        P521 => (&[0x2b, 0x81, 0x04, 0x00, 0x23], "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", P384),
        Sm2  => (&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d], "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", P256),
    };
    let order = base16ct::lower::decode_vec(order).unwrap();
    assert_eq!(order.len(), curve.field_bytes());
    vec![
        ("a key on another curve", openssl::private_key(MaterialKind::Ec(other))),
        ("a zero scalar", der::ec_pkcs8(oid, &vec![0; order.len()])),
        ("the order as scalar", der::ec_pkcs8(oid, &order)),
        (ABOVE_THE_ORDER, der::ec_pkcs8(oid, &vec![0xff; order.len()])),
        ("a bare scalar", openssl::random(order.len())),
        ("half a key", good.bytes[..good.bytes.len() / 2].to_vec()),
        ("text", b"-----BEGIN PRIVATE KEY-----".to_vec()),
    ]
    .into_iter()
    .chain((curve == P256).then(|| ("an RSA key", openssl::private_key(MaterialKind::Rsa(2048)))))
    // OAEP bears no more than this; the hybrid does, but the point is made without.
    .filter(|(_, bytes)| curve != P384 || bytes.len() <= K - 66)
    .collect()
}

fn wrong_rsa(good: &Plaintext) -> Vec<(&'static str, Vec<u8>)> {
    use keyferry::model::key_spec::Curve;
    vec![
        ("a longer modulus", openssl::private_key(MaterialKind::Rsa(3072))),
        ("a shorter modulus", openssl::fresh_rsa_private_key(1024)),
        ("an exponent of 3", openssl::weak_rsa_private_key(2048)),
        ("an EC key", openssl::private_key(MaterialKind::Ec(Curve::P256))),
        ("half a key", good.bytes[..good.bytes.len() / 2].to_vec()),
        ("a secret", openssl::random(32)),
    ]
}
