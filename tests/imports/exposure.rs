//! What may cross the host is bounded by a setting, and said.

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::{Daemon, Plaintext, Settings, openssl, rustcrypto};

use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};

#[tokio::test]
async fn algorithms_that_would_expose_too_much_are_refused_at_issue() {
    #[rustfmt::skip]
    let cases = [
        // bound    OAEP-1 OAEP-256 hybrid-1 hybrid-256
        ("none",    [true, false,   true,    false]),
        ("kek",     [true, false,   true,    true]),
    ];
    for (host_assisted, served) in cases {
        let daemon = Daemon::start(Settings { host_assisted, ..Settings::default() });
        let client = daemon.client().await;
        for (algorithm, served) in
            [RsaesOaepSha1, RsaesOaepSha256, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256].into_iter().zip(served)
        {
            let case = format!("{algorithm} within {host_assisted}");
            let key = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
            match client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await {
                Ok(set) => {
                    assert!(served, "{case}");
                    let ciphertext =
                        Plaintext::for_spec(KeySpec::EccNistP256).wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
                    let answer = client.import(import_request(&set, ciphertext)).await.expect(&case);
                    assert_eq!(answer.key_material_proof.unwrap().host_exposure(), set.host_exposure(), "{case}");
                    assert_ne!(set.host_exposure(), pb::HostExposure::HostMaterial, "{case}");
                }
                Err(refusal) => {
                    assert!(!served, "{case}: {refusal:?}");
                    refusal.assert_is("UnsupportedOperationException", &case);
                    assert!(refusal.message.contains("hsm.host_assisted"), "the setting is named: {refusal:?}");
                    assert!(refusal.message.contains("CKM_"), "the mechanism is named: {refusal:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_operator_sees_installation_and_token() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let info = call!(client.operator(), get_server_info, pb::GetServerInfoRequest {}).unwrap();
    assert_eq!(
        (&*info.partition, &*info.region, &*info.account, &*info.store),
        ("aws", "us-east-1", "111122223333", "sqlite")
    );
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert!(uuid::Uuid::parse_str(&info.installation_id).is_ok() && info.started_at.is_some(), "{info:?}");

    let request = pb::GetTokenProfileRequest {};
    let profile = call!(client.operator(), get_token_profile, request).unwrap().token_profile.unwrap();
    assert_eq!((&*profile.label, &*profile.host_assisted, &*profile.key_wrap_mechanism), ("keyferry", "material", "0x210A"));
    assert!(!profile.serial_number.is_empty() && !profile.library.is_empty());
    // As many as the matrix has pairs of key spec and algorithm: 5 secrets by OAEP, 3 RSA by the hybrid and SM2, 4 curves by all of them,
    // and SM2 by OAEP and its own.
    assert_eq!(profile.paths.len(), 5 * 2 + 3 * 3 + 4 * 5 + 3);
    for path in profile.paths {
        assert!(path.served && path.host_exposure() != pb::HostExposure::Unspecified, "{path:?}");
    }
}

#[tokio::test]
async fn parameters_that_were_issued_under_a_wider_bound_are_not_served_under_a_narrower_one() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    drop(client);
    let installation = daemon.terminate();
    installation.edit_config("host_assisted = \"material\"", "host_assisted = \"none\"");
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let ciphertext = Plaintext::aes().wrap_simply(&set.public_key);
    let refusal = client.import(import_request(&set, ciphertext)).await.unwrap_err();
    refusal.assert_is("UnsupportedOperationException", "narrower");
    assert!(
        refusal.message.contains("HOST_MATERIAL") && refusal.message.contains("hsm.host_assisted = \"none\""),
        "{refusal:?}"
    );
    assert_eq!(client.describe(&key.key_id).await, key);
}

#[tokio::test]
async fn parameters_that_were_issued_where_sm2_was_served_are_not_served_where_it_is_not() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let wrapped = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let of_sm2 = client.create_external(KeySpec::Sm2, KeyUsage::KeyAgreement).await;
    let agrees = client.create_external(KeySpec::Sm2, KeyUsage::KeyAgreement).await;
    let parameters = async |key: &pb::KeyMetadata, algorithm, wrapping| {
        client.parameters(&key.key_id, algorithm, wrapping).await.unwrap()
    };
    let (sm2pke, sm2) = (WrappingAlgorithm::Sm2pke, WrappingKeySpec::Sm2);
    let brought = parameters(&agrees, sm2pke, sm2).await;
    let material = Plaintext::for_spec(KeySpec::Sm2);
    let ciphertext = material.wrap(Wrapper::OpenSsl, sm2pke, &brought.public_key);
    client.import(import_request(&brought, ciphertext)).await.unwrap();
    let by_sm2pke = parameters(&wrapped, sm2pke, sm2).await;
    let by_oaep = parameters(&of_sm2, RsaesOaepSha256, WrappingKeySpec::Rsa2048).await;
    drop(client);
    let installation = daemon.terminate();
    installation.edit_config("sm2 = true", "sm2 = false");
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let cases = [
        (wrapped, by_sm2pke, KeySpec::EccNistP256, sm2pke, "Wrapping algorithm SM2PKE is"),
        (of_sm2, by_oaep, KeySpec::Sm2, RsaesOaepSha256, "Key material for KeySpec SM2 is"),
    ];
    for (key, set, spec, algorithm, what) in cases {
        let ciphertext = Plaintext::for_spec(spec).wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
        let refusal = client.import(import_request(&set, ciphertext)).await.unwrap_err();
        let message = format!("{what} not supported any more in us-east-1: it is served where kms.sm2 = true.");
        refusal.assert_says("UnsupportedOperationException", &message, what);
        assert_eq!(client.describe(&key.key_id).await, key);
    }

    let peer = openssl::public_key(&openssl::private_key(material.kind));
    let request = pb::DeriveSharedSecretRequest {
        key_id: agrees.key_id,
        public_key: peer.clone(),
        key_agreement_algorithm: pb::KeyAgreementAlgorithm::Ecdh.into(),
        ..Default::default()
    };
    let secret = call!(client.cryptography(), derive_shared_secret, request).expect("a key that has its material goes on");
    assert_eq!(secret.shared_secret, rustcrypto::sm2_ecdh(&material.bytes, &peer));
}
