//! No ciphertext of a length but the right ones reaches the token: every length there is, tried.

use keyferry::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};
use keyferry::service::{CreateKey, GetParametersForImport, ImportKeyMaterial, Kind};
use keyferry::wrap;

use crate::harness::service::{call, start};
use crate::openssl;

#[tokio::test]
async fn no_wrong_length_counts_as_an_attempt_and_after_all_of_them_the_set_still_serves() {
    let house = start("lengths").await;
    let ec = openssl::genpkey("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    #[rustfmt::skip]
    let cases = [
        (KeySpec::SymmetricDefault, "ENCRYPT_DECRYPT", WrappingAlgorithm::RsaesOaepSha1,     vec![7; 32]),
        (KeySpec::EccNistP256,      "SIGN_VERIFY",     WrappingAlgorithm::RsaAesKeyWrapSha1, ec),
    ];
    for (spec, usage, algorithm, material) in cases {
        let create = CreateKey {
            origin: Some("EXTERNAL".to_owned()),
            key_spec: Some(spec.to_string()),
            key_usage: Some(usage.to_owned()),
            ..CreateKey::default()
        };
        let key_id = house.service.create_key(&call(), create).await.unwrap().arn.to_string();
        let request = GetParametersForImport {
            key_id: key_id.clone(),
            wrapping_algorithm: Some(algorithm.to_string()),
            wrapping_key_spec: Some("RSA_2048".to_owned()),
        };
        let set = house.service.parameters_for_import(&call(), request).await.unwrap();
        let import = |encrypted_key_material| ImportKeyMaterial {
            key_id: key_id.clone(),
            import_token: set.import_token.clone(),
            encrypted_key_material,
            valid_to: None,
            expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
            import_type: None,
            key_material_description: None,
            key_material_id: None,
        };
        for length in (0..=6145).filter(|length| !algorithm.fits(WrappingKeySpec::Rsa2048, *length)) {
            let refused = house.service.import_key_material(&call(), import(vec![1; length])).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Validation, "{length}: {refused}");
            if (1..=6144).contains(&length) {
                assert_eq!(refused.to_string(), "Invalid encrypted key size.", "{length}");
            }
        }
        let good = wrap::wrap(&set.spki, algorithm, &material).unwrap();
        house.service.import_key_material(&call(), import(good)).await.unwrap();
    }
}
