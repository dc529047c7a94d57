//! GenerateMac and VerifyMac, beside OpenSSL's HMAC.

use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, MaterialKind};
use keyferry::service::{GenerateMac, Kind, Options, VerifyMac};

use super::{MESSAGE, call, known_key, openssl, said, secret, start};

pub(super) fn ask(key_id: &str, algorithm: &str, message: &[u8]) -> GenerateMac {
    GenerateMac {
        key_id: key_id.to_owned(),
        message: secret(message),
        mac_algorithm: Some(algorithm.to_owned()),
        options: Options::default(),
    }
}

#[tokio::test]
async fn a_mac_is_openssls_and_openssls_is_taken() {
    let house = start("macs").await;
    for spec in [KeySpec::Hmac224, KeySpec::Hmac256, KeySpec::Hmac384, KeySpec::Hmac512] {
        let Some(MaterialKind::Hmac(hash)) = spec.material() else { panic!("{spec} is none of HMAC's") };
        let (key_id, material) = known_key(&house, spec, KeyUsage::GenerateVerifyMac).await;
        let expected = openssl::hmac(hash, &material.bytes, MESSAGE);
        let made = house.service.generate_mac(&call(), ask(&key_id, hash.as_str(), MESSAGE)).await.unwrap();
        assert_eq!((made.mac, made.algorithm), (expected.clone(), hash.as_str()));

        let verify = async |message: &[u8], mac: &[u8]| {
            let request = VerifyMac { of: ask(&key_id, hash.as_str(), message), mac: mac.to_vec() };
            house.service.verify_mac(&call(), request).await.map_err(|error| error.kind())
        };
        assert!(verify(MESSAGE, &expected).await.unwrap().mac.is_empty());
        let longer = [&expected[..], &[0]].concat();
        let mut altered = expected.clone();
        altered[0] ^= 1;
        for wrong in [&altered[..], &longer, &expected[1..], &[0]] {
            assert_eq!(verify(MESSAGE, wrong).await.unwrap_err(), Kind::KmsInvalidMac, "{spec}");
        }
        assert_eq!(verify(b"another message", &expected).await.unwrap_err(), Kind::KmsInvalidMac, "{spec}");
        assert_eq!(verify(MESSAGE, &[]).await.unwrap_err(), Kind::Validation, "{spec}");

        let other = HmacHash::ALL.iter().find(|other| **other != hash).unwrap();
        let (kind, message) = said(house.service.generate_mac(&call(), ask(&key_id, other.as_str(), MESSAGE)).await);
        assert_eq!(kind, Kind::InvalidKeyUsage);
        assert_eq!(message, format!("Algorithm {other} is incompatible with key spec {spec}."));
    }
}
