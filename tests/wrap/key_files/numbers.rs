//! RSA keys of numbers that nobody would make: small ones, zero, even ones, and such as are too long.

use base64ct::{Base64UrlUnpadded, Encoding};
use der::asn1::{AnyRef, OctetStringRef, UintRef};
use der::{Decode, Encode};
use keyferry::model::MaterialKind;
use keyferry::wrap::{self, Format};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::spki::AlgorithmIdentifierRef;
use rsa::BoxedUint;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::json;

use super::{open_as, refusal};
use crate::openssl;

const INCOHERENT: &str = "the key file is an RSA key whose numbers do not belong together; take another copy of the key";

fn jwk(numbers: [&[u8]; 5]) -> Vec<u8> {
    let [n, e, d, p, q] = numbers.map(Base64UrlUnpadded::encode_string);
    json!({ "kty": "RSA", "n": n, "e": e, "d": d, "p": p, "q": q }).to_string().into_bytes()
}

/// The same as PKCS#8, the numbers of the Chinese remainder theorem written as zero.
fn pkcs8(key: &[u8], numbers: [&[u8]; 5]) -> Vec<u8> {
    let info = PrivateKeyInfoRef::from_der(key).unwrap();
    let [modulus, public_exponent, private_exponent, prime1, prime2, zero] =
        [numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], &[]]
            .map(|bytes| UintRef::new(if bytes.is_empty() { &[0] } else { bytes }).unwrap());
    let inner = RsaPrivateKeyRef {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1: zero,
        exponent2: zero,
        coefficient: zero,
        other_prime_infos: None,
    };
    let inner = inner.to_der().unwrap();
    PrivateKeyInfoRef::new(info.algorithm, OctetStringRef::new(&inner).unwrap()).to_der().unwrap()
}

#[test]
fn a_private_exponent_of_zero_is_refused() {
    let key = openssl::pkcs8(MaterialKind::Rsa(2048));
    let (n, e) = wrap::spki::rsa_parts(&openssl::spki(&key)).unwrap();
    for zero in [&[0][..], &[0; 256]] {
        assert_eq!(refusal(&jwk([&n, &e, zero, &[], &[]])), INCOHERENT);
    }
}

#[test]
fn no_small_even_or_long_number_makes_it_panic() {
    let key = openssl::pkcs8(MaterialKind::Rsa(1024));
    let info = PrivateKeyInfoRef::from_der(&key).unwrap();
    let whole = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).unwrap();
    let n = whole.modulus.as_bytes();
    let even = [&n[..127], &[n[127] & 0xfe]].concat();
    let less = [&n[..127], &[n[127] - 1]].concat();
    let power = [&[0x80][..], &[0; 127]].concat();
    let ones = [0xff; 128];
    let long = [0xff; 200];
    let small: [&[u8]; 5] = [&[], &[1], &[2], &[3], &[1, 0, 1]];
    let moduli = [n, &even, &power, &ones, &[1], &[]];
    let exponents = [&[][..], &[2], &[1, 0, 1], &[1, 0, 0], &[1, 0, 0, 0, 0, 0, 0, 0, 1], &long];
    let large: [&[u8]; 7] = [whole.private_exponent.as_bytes(), n, &even, &less, &power, &ones, &long];
    let primes: [&[u8]; 7] = [&[], &[1], &[2], &[3], n, whole.prime1.as_bytes(), whole.prime2.as_bytes()];
    let mut taken = 0;
    for n in moduli {
        for e in exponents {
            for d in small.into_iter().chain(large) {
                for (p, q) in primes.iter().flat_map(|p| primes.map(|q| (*p, q))) {
                    let numbers = [n, e, d, p, q];
                    taken += usize::from(open_as(&jwk(numbers), Format::Auto).is_ok());
                    let pkcs8 = pkcs8(&key, numbers);
                    taken += usize::from(open_as(&pkcs8, Format::Der).is_ok());
                    let _ = wrap::material(MaterialKind::Rsa(1024), &pkcs8);
                }
            }
        }
    }
    // The true numbers: with both primes in either order, and without; as a JWK and as PKCS#8.
    assert_eq!(taken, 6);
}

/// A prime of OpenSSL's, with its two highest bits set, in that many bits.
fn prime(length: usize, precision: u32) -> BoxedUint {
    let hex = openssl::run(std::path::Path::new("."), &format!("prime -generate -hex -bits {length}"), b"");
    let hex = String::from_utf8(hex).unwrap();
    BoxedUint::from_be_slice(&base16ct::mixed::decode_vec(hex.trim()).unwrap(), precision).unwrap()
}

#[test]
fn a_prime_that_is_a_product_is_refused_though_all_the_numbers_agree() {
    let made = |p: &dyn Fn() -> BoxedUint| {
        let keys = std::iter::from_fn(|| Some(rsa::PrivateKey::from_p_q(p(), prime(1024, 1024), 65537_u32.into()).ok()));
        keys.flatten().find(|key| key.n().bit_width_vartime() == 2048).unwrap()
    };
    let kind = MaterialKind::Rsa(2048);
    let sound = made(&|| prime(1024, 1024));
    let broken = made(&|| &prime(512, 1024) * &prime(512, 1024));
    for (key, is_taken) in [(sound, true), (broken, false)] {
        let pkcs1 = key.to_pkcs1_der().unwrap();
        let numbers = RsaPrivateKeyRef::from_der(pkcs1.as_bytes()).unwrap();
        let [n, e, d] = [numbers.modulus, numbers.public_exponent, numbers.private_exponent].map(|number| number.as_bytes());
        let (p, q) = (numbers.prime1.as_bytes(), numbers.prime2.as_bytes());
        let info = AlgorithmIdentifierRef { oid: rsa_oid(), parameters: Some(AnyRef::NULL) };
        let pkcs8 = PrivateKeyInfoRef::new(info, OctetStringRef::new(pkcs1.as_bytes()).unwrap()).to_der().unwrap();
        let message = "an RSA key whose numbers do not belong together";
        match is_taken {
            true => {
                assert_eq!(open_as(&pkcs8, Format::Auto).unwrap().material(kind).unwrap().bytes(), pkcs8);
                assert!(open_as(&jwk([n, e, d, p, q]), Format::Auto).is_ok());
            }
            false => {
                assert!(wrap::material(kind, &pkcs8).unwrap_err().to_string().contains(message));
                for file in [pkcs8, jwk([n, e, d, p, q])] {
                    assert_eq!(refusal(&file), INCOHERENT);
                }
            }
        }
    }
}

/// rsaEncryption (RFC 8017 appendix A.1).
fn rsa_oid() -> der::oid::ObjectIdentifier {
    der::oid::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1")
}
