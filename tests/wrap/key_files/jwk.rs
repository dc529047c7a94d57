//! JSON Web Keys, put together from the numbers of keys that OpenSSL made.

use base64ct::{Base64UrlUnpadded, Encoding};
use der::Decode;
use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{KeySpec, MaterialKind};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use sec1::EcPrivateKey;
use serde_json::{Value, json};

use super::{is_key, noun, open, private_specs, refusal};
use crate::harness::openssl::random;
use crate::openssl;

fn url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The JWK of a PKCS#8 private key.
pub(super) fn jwk(kind: MaterialKind, pkcs8: &[u8]) -> Value {
    let info = PrivateKeyInfoRef::from_der(pkcs8).unwrap();
    let inner = info.private_key.as_bytes();
    match kind {
        MaterialKind::Ec(curve) => {
            let key = EcPrivateKey::from_der(inner).unwrap();
            let (x, y) = key.public_key.unwrap()[1..].split_at(curve.field_bytes());
            json!({ "kty": "EC", "crv": curve.as_str(), "x": url(x), "y": url(y), "d": url(key.private_key), "kid": "mine" })
        }
        _ => {
            let key = RsaPrivateKeyRef::from_der(inner).unwrap();
            json!({
                "kty": "RSA", "use": "sig", "key_ops": ["sign"],
                "n": url(key.modulus.as_bytes()), "e": url(key.public_exponent.as_bytes()),
                "d": url(key.private_exponent.as_bytes()), "p": url(key.prime1.as_bytes()), "q": url(key.prime2.as_bytes()),
                "dp": url(key.exponent1.as_bytes()), "dq": url(key.exponent2.as_bytes()), "qi": url(key.coefficient.as_bytes()),
            })
        }
    }
}

fn without(mut jwk: Value, members: &[&str]) -> Value {
    jwk.as_object_mut().unwrap().retain(|member, _| !members.contains(&member.as_str()));
    jwk
}

#[test]
fn a_private_jwk_is_taken_alone_and_as_the_only_one_of_a_set() {
    // No JWK names the SM2 curve.
    for (spec, kind) in private_specs().filter(|(_, kind)| *kind != MaterialKind::Ec(Curve::Sm2)) {
        let key = openssl::pkcs8(kind);
        let (jwk, description) = (jwk(kind, &key), format!("a JWK {}", noun(kind)));
        for file in [jwk.to_string(), format!("\n{jwk:#}\n"), json!({ "keys": [jwk] }).to_string()] {
            is_key(file.as_bytes(), &description, (spec, kind), &key);
        }
    }
}

#[test]
fn what_an_rsa_jwk_leaves_out_is_computed() {
    for (spec, kind) in private_specs().filter(|(_, kind)| matches!(kind, MaterialKind::Rsa(_))) {
        let key = openssl::pkcs8(kind);
        let (whole, description) = (jwk(kind, &key), format!("a JWK {}", noun(kind)));
        is_key(without(whole.clone(), &["dp", "dq", "qi"]).to_string().as_bytes(), &description, (spec, kind), &key);
        // Without the primes their order is not known: the numbers are other ones, the key is the same.
        let file = open(without(whole, &["p", "q", "dp", "dq", "qi"]).to_string().as_bytes());
        let written = file.material(kind).unwrap();
        openssl::run(std::path::Path::new("."), "pkey -inform DER -check -noout", written.bytes());
        assert_eq!(openssl::spki(written.bytes()), openssl::spki(&key));
    }
}

#[test]
fn a_secret_key_in_a_jwk_is_taken() {
    for (kind, length) in [(MaterialKind::Aes256, 32), (MaterialKind::Hmac(HmacHash::Sha224), 28)] {
        let key = random(length);
        let file = open(json!({ "kty": "oct", "k": url(&key), "alg": "HS256" }).to_string().as_bytes());
        assert_eq!(file.description(), format!("{length} bytes, JWK"));
        assert_eq!(file.material(kind).unwrap().bytes(), key);
    }
    assert_eq!(open(br#"{"kty":"oct","k":"AAAA"}"#).specs(), [] as [KeySpec; 0]);
}

#[test]
fn a_coordinate_without_its_leading_zeros_is_taken_where_the_key_bears_it_out() {
    let kind = MaterialKind::Ec(Curve::P521);
    let key = openssl::pkcs8(kind);
    // The first byte of a number below 2^521 is 0 or 1.
    let mut jwk = jwk(kind, &key);
    for member in ["d", "x", "y"] {
        let bytes = Base64UrlUnpadded::decode_vec(jwk[member].as_str().unwrap()).unwrap();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        jwk[member] = json!(url(&bytes[zeros..]));
    }
    assert_eq!(open(jwk.to_string().as_bytes()).material(kind).unwrap().bytes(), key);
}

#[test]
fn jwks_of_no_use_are_refused_by_name() {
    let ec = jwk(MaterialKind::Ec(Curve::P256), &openssl::pkcs8(MaterialKind::Ec(Curve::P256)));
    let rsa = jwk(MaterialKind::Rsa(2048), &openssl::pkcs8(MaterialKind::Rsa(2048)));
    let with = |mut jwk: Value, member: &str, value: Value| {
        jwk[member] = value;
        jwk
    };
    let kinds = "what can be imported is RSA of 2048, 3072 or 4096 bits, and EC on P-256, P-384, P-521 or secp256k1";
    let curves = "what can be imported is EC on P-256, P-384, P-521 or secp256k1";
    let private = "give the private key that belongs to it";
    let copy = "take another copy of the key";
    let cases = [
        (without(ec.clone(), &["d"]), "a public key in a JWK", private),
        (without(rsa.clone(), &["d", "p", "q", "dp", "dq", "qi"]), "a public key in a JWK", private),
        (json!({ "kty": "OKP", "crv": "Ed25519", "d": "AAAA", "x": "AAAA" }), "a JWK of the type OKP on Ed25519", kinds),
        (json!({ "kty": "AKP", "alg": "ML-DSA-44", "priv": "AAAA" }), "a JWK of another type than oct, RSA or EC", kinds),
        (with(ec.clone(), "crv", json!("P-256K")), "a JWK of the type EC on another curve", curves),
        (without(ec.clone(), &["crv"]), "a JWK without the member \"crv\"", copy),
        (without(ec.clone(), &["kty"]), "a JWK without the member \"kty\"", copy),
        (json!({ "kty": "oct" }), "a JWK without the member \"k\"", copy),
        (json!({ "kty": "oct", "k": "?" }), "a JWK whose member \"k\" is no base64", copy),
        (with(ec.clone(), "d", json!(7)), "JSON that is no JWK (RFC 7517)", copy),
        (with(ec.clone(), "x", ec["y"].clone()), "an EC key on P-256 with the public point of another key", copy),
        (
            with(rsa.clone(), "oth", json!([{}])),
            "an RSA key of more than two primes",
            "make a key of two: this one cannot be imported",
        ),
        (with(rsa.clone(), "dp", rsa["dq"].clone()), "an RSA key whose numbers do not belong together", copy),
        (without(rsa.clone(), &["q"]), "an RSA key whose numbers do not belong together", copy),
        (json!({ "keys": [ec, rsa] }), "a set of 2 JWKs", "give a file with one of them"),
        (json!({ "keys": [] }), "a set of 0 JWKs", "give a file with one of them"),
    ];
    for (jwk, found, advice) in cases {
        assert_eq!(refusal(jwk.to_string().as_bytes()), format!("the key file is {found}; {advice}"));
    }
}
