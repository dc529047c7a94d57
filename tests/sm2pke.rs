//! SM2: wrapping keys, what is wrapped with them, and keys of the spec. Ciphertexts come from OpenSSL and RustCrypto.

use keyferry::model::{KeySpec, KeyUsage, MaterialKind, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pke::{Cipher, Mode};

use crate::call;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::{Client, Daemon, Plaintext, Refusal, Settings, audit, openssl, rustcrypto};

const SECRET: &str = "the encrypted key material could not be unwrapped, or is not material of this key's spec";
const MESSAGE: &[u8] = b"what the key is put to work on";

/// The field's prime (GB/T 32918.5 §3), which no coordinate reaches.
const PRIME: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

async fn sm2_parameters(client: &Client, key_id: &str) -> Result<pb::GetParametersForImportResponse, Refusal> {
    client.parameters(key_id, WrappingAlgorithm::Sm2pke, WrappingKeySpec::Sm2).await
}

/// C1 ‖ C3 ‖ C2 of what OpenSSL writes in ASN.1.
fn raw(asn1: &[u8]) -> Vec<u8> {
    let cipher = <Cipher as der::Decode>::from_der(asn1).unwrap();
    cipher.to_vec(Mode::C1C3C2, false).unwrap()
}

/// The same ciphertext in both forms with the negative of its point, whose multiple by any key has the same x.
fn negated(raw: &[u8]) -> [Vec<u8>; 2] {
    let point = -sm2::PublicKey::from_sec1_bytes(&raw[..65]).unwrap().to_projective();
    let negated = [point.to_affine().to_sec1_point(false).as_bytes(), &raw[65..]].concat();
    let asn1 = der::Encode::to_der(&<Cipher>::from_slice(&negated, Mode::C1C3C2).unwrap()).unwrap();
    [negated, asn1]
}

fn flipped(bytes: &[u8], byte: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[byte] ^= 1;
    flipped
}

/// What can be wrong with a ciphertext for this public key, all of it as long as one can be.
fn wrong(spki: &[u8], good: &Plaintext) -> Vec<(&'static str, Vec<u8>)> {
    let asn1 = openssl::sm2pke(spki, &good.bytes);
    let raw = raw(&asn1);
    let (length, with_point) = (raw.len(), |x: &[u8], y: &[u8]| [&[4], x, y, &raw[65..]].concat());
    let [negated, negated_in_asn1] = negated(&raw);
    let prime = base16ct::lower::decode_vec(PRIME).unwrap();
    let stranger = openssl::public_key(&openssl::private_key(MaterialKind::Ec(keyferry::model::key_spec::Curve::Sm2)));
    let other =
        Plaintext::for_spec(if good.kind == MaterialKind::Rsa(2048) { KeySpec::Rsa3072 } else { KeySpec::EccNistP384 });
    vec![
        ("a bit of x flipped", flipped(&raw, 1)),
        ("a bit of y flipped", flipped(&raw, 64)),
        ("a bit of the digest flipped", flipped(&raw, 65)),
        ("the last bit of the digest flipped", flipped(&raw, 96)),
        ("a bit of the ciphertext flipped", flipped(&raw, 97)),
        ("the last bit of the ciphertext flipped", flipped(&raw, length - 1)),
        ("a bit of the ASN.1 form's x flipped", flipped(&asn1, 20)),
        ("a bit of the ASN.1 form's ciphertext flipped", flipped(&asn1, asn1.len() - 1)),
        ("the negative of the point", negated),
        ("the negative of the ASN.1 form's point", negated_in_asn1),
        ("the point of another curve", with_point(&[1; 32], &[1; 32])),
        ("the point at infinity", with_point(&[0; 32], &[0; 32])),
        ("x past the field", with_point(&prime, &raw[33..65])),
        ("y past the field", with_point(&raw[1..33], &prime)),
        ("a compressed point", [&[2], &raw[1..33], &raw[65..]].concat()),
        ("the order of before", [&raw[..65], &raw[97..], &raw[65..97]].concat()),
        ("another public key", openssl::sm2pke(&stranger, &good.bytes)),
        ("a byte more", [&raw[..], &[0]].concat()),
        ("a byte more behind the ASN.1 form", [&asn1[..], &[0]].concat()),
        ("a byte less", raw[..length - 1].to_vec()),
        ("a byte less of the ASN.1 form", asn1[..asn1.len() - 1].to_vec()),
        ("zeros", vec![0; length]),
        ("no tag that is known", [&[0x31], &asn1[1..]].concat()),
        ("material of another kind", openssl::sm2pke(spki, &other.bytes)),
        ("half a key", openssl::sm2pke(spki, &good.bytes[..good.bytes.len() / 2])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_of_a_ciphertext_come_in_and_whatever_is_wrong_with_one_reads_the_same_in_every_byte() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let mut refusals = Vec::new();
    for (spec, usage) in [(KeySpec::EccNistP256, KeyUsage::SignVerify), (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt)] {
        for in_asn1 in [true, false] {
            let key = client.create_external(spec, usage).await;
            let good = Plaintext::for_spec(spec);
            let mut set = sm2_parameters(&client, &key.key_id).await.unwrap();
            for (attempt, (what, _)) in wrong(&set.public_key, &good).into_iter().enumerate() {
                if attempt > 0 && attempt.is_multiple_of(10) {
                    set = sm2_parameters(&client, &key.key_id).await.unwrap();
                }
                let (_, ciphertext) = wrong(&set.public_key, &good).into_iter().nth(attempt).unwrap();
                let refusal = client.import(import_request(&set, ciphertext)).await.expect_err(what);
                refusal.assert_says("InvalidCiphertextException", SECRET, what);
                refusal.assert_blames("encryptedKeyMaterial", what);
                refusals.push((what, refusal));
            }
            assert_eq!(client.describe(&key.key_id).await, key);
            let asn1 = openssl::sm2pke(&set.public_key, &good.bytes);
            let ciphertext = if in_asn1 { asn1 } else { raw(&asn1) };
            let answer = client.import(import_request(&set, ciphertext)).await.unwrap();
            let proof = answer.key_material_proof.unwrap();
            assert_eq!((proof.fingerprint, proof.public_key), (good.fingerprint(&key.key_id), good.spki().unwrap()));
        }
    }
    let (_, first) = &refusals[0];
    for (what, refusal) in &refusals {
        assert_eq!(refusal.wire, first.wire, "{what}");
    }
    drop(client);
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    audit::assert_no_orphans(&installation, "after every refusal").await;
}

#[tokio::test]
async fn what_is_shorter_or_longer_than_any_ciphertext_is_refused_by_arithmetic() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let set = sm2_parameters(&client, &key.key_id).await.unwrap();
    for length in [1, 97] {
        let refusal = client.import(import_request(&set, vec![4; length])).await.unwrap_err();
        refusal.assert_says("ValidationException", "Invalid encrypted key size.", &length.to_string());
        refusal.assert_blames("encryptedKeyMaterial", &length.to_string());
    }
    client.import(import_request(&set, vec![4; 98])).await.unwrap_err().assert_is("InvalidCiphertextException", "98");
}

#[tokio::test]
async fn where_the_region_does_not_offer_it_neither_wrapping_key_nor_key_is_made() {
    let pools =
        "[pool]\nrsa_2048 = { low = 0, high = 0 }\nrsa_3072 = { low = 0, high = 0 }\nrsa_4096 = { low = 0, high = 0 }\n";
    let daemon = Daemon::start(Settings { more: format!("{pools}[kms]\nregion = \"eu-west-1\"\n"), ..Settings::default() });
    let client = daemon.client().await;
    let key = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let message = "Wrapping algorithm SM2PKE and wrapping key spec SM2 are not supported in eu-west-1: it is served where kms.sm2 = true.";
    sm2_parameters(&client, &key.key_id).await.unwrap_err().assert_says("UnsupportedOperationException", message, "SM2PKE");
    for (origin, name) in [(pb::Origin::External, "EXTERNAL"), (pb::Origin::AwsKms, "AWS_KMS")] {
        let request = pb::CreateKeyRequest {
            key_spec: pb::KeySpec::Sm2.into(),
            key_usage: pb::KeyUsage::KeyAgreement.into(),
            origin: origin.into(),
            ..Default::default()
        };
        let message =
            format!("KeySpec SM2 is not supported for Origin {name} in eu-west-1: it is served where kms.sm2 = true.");
        let refusal = call!(client.keys(), create_key, request).unwrap_err();
        refusal.assert_says("UnsupportedOperationException", &message, name);
    }
}

#[tokio::test]
async fn where_the_host_may_not_see_material_it_is_refused_at_issue_and_the_setting_is_named() {
    for host_assisted in ["none", "kek"] {
        let daemon = Daemon::start(Settings { host_assisted, ..Settings::default() });
        let client = daemon.client().await;
        let key = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
        let message = "The token cannot import a ECC_NIST_P256 key wrapped with SM2PKE: host-sm2: works, but needs hsm.host_assisted = \"material\".";
        let refusal = sm2_parameters(&client, &key.key_id).await.unwrap_err();
        refusal.assert_says("UnsupportedOperationException", message, host_assisted);
    }
}

#[tokio::test]
async fn where_the_host_may_not_decrypt_no_key_is_made_for_it_and_one_from_before_says_which_setting_it_needs() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let request = |usage: pb::KeyUsage, origin: pb::Origin| pb::CreateKeyRequest {
        key_spec: pb::KeySpec::Sm2.into(),
        key_usage: usage.into(),
        origin: origin.into(),
        ..Default::default()
    };
    let decrypts = request(pb::KeyUsage::EncryptDecrypt, pb::Origin::AwsKms);
    let key_id = call!(client.keys(), create_key, decrypts).unwrap().key_metadata.unwrap().key_id;
    let encrypt = pb::EncryptRequest {
        key_id: key_id.clone(),
        plaintext: MESSAGE.to_vec(),
        encryption_algorithm: pb::EncryptionAlgorithm::Sm2pke.into(),
        ..Default::default()
    };
    let ciphertext = call!(client.cryptography(), encrypt, encrypt.clone()).unwrap().ciphertext_blob;
    drop(client);
    let installation = daemon.terminate();
    installation.edit_config("host_assisted = \"material\"", "host_assisted = \"kek\"");
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let why = "decryption shows the plaintext to the host, which needs hsm.host_assisted = \"material\".";
    for origin in [pb::Origin::AwsKms, pb::Origin::External] {
        let refusal = call!(client.keys(), create_key, request(pb::KeyUsage::EncryptDecrypt, origin)).unwrap_err();
        let message = format!("KeyUsage ENCRYPT_DECRYPT is not supported for KeySpec SM2: {why}");
        refusal.assert_says("UnsupportedOperationException", &message, origin.as_str_name());
        call!(client.keys(), create_key, request(pb::KeyUsage::KeyAgreement, origin)).unwrap();
    }
    let decrypt = pb::DecryptRequest {
        key_id: Some(key_id),
        ciphertext_blob: ciphertext,
        encryption_algorithm: pb::EncryptionAlgorithm::Sm2pke.into(),
        ..Default::default()
    };
    for dry_run in [true, false] {
        let refusal = call!(client.cryptography(), decrypt, pb::DecryptRequest { dry_run, ..decrypt.clone() }).unwrap_err();
        let message = format!("Algorithm SM2PKE does not decrypt here: {why}");
        refusal.assert_says("UnsupportedOperationException", &message, "Decrypt");
    }
    assert!(call!(client.cryptography(), encrypt, encrypt).is_ok(), "the public half is enough for it");
}

#[tokio::test]
async fn a_key_on_the_sm2_curve_decrypts_and_agrees_with_who_has_its_public_half() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let brought = async |usage| {
        let key = client.create_external(KeySpec::Sm2, usage).await;
        let material = Plaintext::for_spec(KeySpec::Sm2);
        let set = sm2_parameters(&client, &key.key_id).await.unwrap();
        let ciphertext = material.wrap(Wrapper::RustCrypto, WrappingAlgorithm::Sm2pke, &set.public_key);
        client.import(import_request(&set, ciphertext)).await.unwrap();
        (key.key_id, material)
    };
    let (decrypts, material) = brought(KeyUsage::EncryptDecrypt).await;
    let decrypt = async |ciphertext: Vec<u8>| {
        let request = pb::DecryptRequest {
            key_id: Some(decrypts.clone()),
            ciphertext_blob: ciphertext,
            encryption_algorithm: pb::EncryptionAlgorithm::Sm2pke.into(),
            ..Default::default()
        };
        call!(client.cryptography(), decrypt, request).map(|answer| answer.plaintext)
    };
    let asn1 = openssl::sm2pke(&material.spki().unwrap(), MESSAGE);
    assert_eq!(decrypt(asn1.clone()).await.unwrap(), MESSAGE);
    assert_eq!(decrypt(raw(&asn1)).await.unwrap(), MESSAGE);
    let mut refusals = Vec::new();
    let wrong = [20, 60, 100, asn1.len() - 1].map(|byte| flipped(&asn1, byte));
    for wrong in wrong.into_iter().chain(negated(&raw(&asn1))) {
        refusals.push(decrypt(wrong).await.unwrap_err().wire);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "whatever is wrong");
    let encrypt = async |plaintext: Vec<u8>| {
        let request = pb::EncryptRequest {
            key_id: decrypts.clone(),
            plaintext,
            encryption_algorithm: pb::EncryptionAlgorithm::Sm2pke.into(),
            ..Default::default()
        };
        call!(client.cryptography(), encrypt, request).map(|answer| answer.ciphertext_blob)
    };
    assert_eq!(openssl::sm2pke_opened(&material.bytes, &encrypt(MESSAGE.to_vec()).await.unwrap()), MESSAGE);
    assert!(encrypt(vec![7; 1024]).await.is_ok());
    let message = "Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes.";
    encrypt(vec![7; 1025]).await.unwrap_err().assert_says("ValidationException", message, "1025");

    let (agrees, material) = brought(KeyUsage::KeyAgreement).await;
    let peer = openssl::public_key(&openssl::private_key(material.kind));
    let request = pb::DeriveSharedSecretRequest {
        key_id: agrees,
        public_key: peer.clone(),
        key_agreement_algorithm: pb::KeyAgreementAlgorithm::Ecdh.into(),
        ..Default::default()
    };
    let secret = call!(client.cryptography(), derive_shared_secret, request).unwrap().shared_secret;
    assert_eq!(secret, rustcrypto::sm2_ecdh(&material.bytes, &peer));
}
