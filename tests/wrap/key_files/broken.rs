//! Keys whose parts do not belong together, and those that leave out what can be found.

use der::asn1::{OctetStringRef, UintRef};
use der::{Decode, Encode};
use keyferry::model::key_spec::Curve;
use keyferry::model::{Evidence, MaterialKind};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use sec1::EcPrivateKey;

use super::{open, refusal};
use crate::harness::der::element;
use crate::openssl;

const COPY: &str = "take another copy of the key";

/// Changes the numbers of an RSA key, and gives it as PKCS#8 and as PKCS#1.
fn changed(key: &[u8], change: impl Fn(&mut RsaPrivateKeyRef<'_>)) -> [Vec<u8>; 2] {
    let info = PrivateKeyInfoRef::from_der(key).unwrap();
    let mut numbers = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).unwrap();
    change(&mut numbers);
    let pkcs1 = numbers.to_der().unwrap();
    let octets: &OctetStringRef = OctetStringRef::new(&pkcs1).unwrap();
    [PrivateKeyInfoRef::new(info.algorithm, octets).to_der().unwrap(), pkcs1]
}

#[test]
fn rsa_numbers_that_do_not_belong_together_are_refused_whoever_wrote_them() {
    let key = openssl::pkcs8(MaterialKind::Rsa(2048));
    let zero = || UintRef::new(&[0]).unwrap();
    let breaks: [fn(&mut RsaPrivateKeyRef<'_>); 5] = [
        |key| std::mem::swap(&mut key.exponent1, &mut key.exponent2),
        |key| key.coefficient = key.exponent1,
        |key| key.private_exponent = key.exponent1,
        |key| key.prime1 = key.prime2,
        |key| key.modulus = UintRef::new(&[0xff; 256]).unwrap(),
    ];
    for (number, change) in breaks.iter().enumerate() {
        for file in changed(&key, change) {
            let message = format!("the key file is an RSA key whose numbers do not belong together; {COPY}");
            assert_eq!(refusal(&file), message, "{number}");
        }
    }
    for file in changed(&key, |key| (key.exponent1, key.exponent2, key.coefficient) = (zero(), zero(), zero())) {
        assert_eq!(open(&file).material(MaterialKind::Rsa(2048)).unwrap().bytes(), key, "computed anew");
    }
}

/// ECPrivateKey without the curve.
fn sec1(scalar: &[u8], point: Option<&[u8]>) -> Vec<u8> {
    EcPrivateKey { private_key: scalar, parameters: None, public_key: point }.to_der().unwrap()
}

#[test]
fn sec1_without_a_curve_is_taken_where_only_one_is_possible() {
    for curve in Curve::ALL {
        let kind = MaterialKind::Ec(*curve);
        let key = openssl::pkcs8(kind);
        let info = PrivateKeyInfoRef::from_der(&key).unwrap();
        let inner = EcPrivateKey::from_der(info.private_key.as_bytes()).unwrap();
        let (scalar, point) = (inner.private_key, inner.public_key.unwrap());
        let with_point = open(&sec1(scalar, Some(point)));
        assert_eq!(with_point.description(), format!("a SEC1 EC private key on {curve}, DER"));
        assert_eq!(with_point.material(kind).unwrap().bytes(), key);

        let bare = sec1(scalar, None);
        if matches!(curve, Curve::P256 | Curve::K256 | Curve::Sm2) {
            let advice = "take a copy that has its public point or the curve's name, as PKCS#8 has";
            let found = "an EC key that names no curve, and may be on P-256, secp256k1 or SM2";
            assert_eq!(refusal(&bare), format!("the key file is {found}; {advice}"));
        } else {
            assert_eq!(open(&bare).material(kind).unwrap().bytes(), key, "{curve}");
        }
        let foreign =
            sec1(scalar, Some(&[&[4], &point[1 + curve.field_bytes()..], &point[1 + curve.field_bytes()..]].concat()));
        let message = "an EC key that names no curve, and is on none that is known here";
        assert!(refusal(&foreign).contains(message), "{curve}: {}", refusal(&foreign));
    }
}

#[test]
fn a_point_that_came_along_must_be_the_keys_own() {
    let kind = MaterialKind::Ec(Curve::P256);
    let [key, other] = [0, 1].map(|_| openssl::pkcs8(kind));
    let point = |key: &[u8]| key[key.len() - 65..].to_vec();
    // OneAsymmetricKey (RFC 5958): version 1, and the public key at the end.
    let version_2 = |point: &[u8]| {
        let content = [&[2, 1, 1], &key[6..], &element(0x81, &[&[0], point].concat())].concat();
        element(0x30, &content)
    };
    let taken = open(&version_2(&point(&key))).material(kind).unwrap();
    assert_eq!((taken.bytes(), taken.evidence()), (key.as_slice(), Evidence::Spki(openssl::spki(&key))));
    let message = format!("the key file is an EC key on P-256 with the public point of another key; {COPY}");
    assert_eq!(refusal(&version_2(&point(&other))), message);
    let rsa = openssl::pkcs8(MaterialKind::Rsa(2048));
    let with_public = |public: &[u8]| {
        let content = [&[2, 1, 1], &rsa[7..], &element(0x81, &[&[0], public].concat())].concat();
        element(0x30, &content)
    };
    let (modulus, exponent) = keyferry::wrap::spki::rsa_parts(&openssl::spki(&rsa)).unwrap();
    let public = |modulus: &[u8]| {
        let (modulus, public_exponent) = (UintRef::new(modulus).unwrap(), UintRef::new(&exponent).unwrap());
        pkcs1::RsaPublicKeyRef { modulus, public_exponent }.to_der().unwrap()
    };
    assert_eq!(open(&with_public(&public(&modulus))).material(MaterialKind::Rsa(2048)).unwrap().bytes(), rsa);
    let incoherent = format!("the key file is an RSA key whose numbers do not belong together; {COPY}");
    assert_eq!(refusal(&with_public(&public(&[0xff; 256]))), incoherent);

    let swapped = [&key[..key.len() - 65], &point(&other)].concat();
    assert_eq!(refusal(&swapped), message);
}

#[test]
fn a_scalar_of_another_length_is_taken_only_where_a_point_bears_it_out() {
    let kind = MaterialKind::Ec(Curve::P384);
    let key = openssl::pkcs8(kind);
    let info = PrivateKeyInfoRef::from_der(&key).unwrap();
    let inner = EcPrivateKey::from_der(info.private_key.as_bytes()).unwrap();
    let longer = [&[0], inner.private_key].concat();
    let written = |scalar: &[u8], point| {
        let inner = sec1(scalar, point);
        PrivateKeyInfoRef::new(info.algorithm, OctetStringRef::new(&inner).unwrap()).to_der().unwrap()
    };
    assert_eq!(open(&written(&longer, inner.public_key)).material(kind).unwrap().bytes(), key);
    let message = format!("the key file is an EC key on P-384 with a scalar of 49 bytes, not 48; {COPY}");
    assert_eq!(refusal(&written(&longer, None)), message);
    for scalar in [[0; 48], [0xff; 48]] {
        let message = format!("the key file is an EC key on P-384 whose scalar is not within 1 and n - 1; {COPY}");
        assert_eq!(refusal(&written(&scalar, None)), message);
    }
}
