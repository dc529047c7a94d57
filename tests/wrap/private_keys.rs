//! Which private keys are taken, and what is said of the others.

use keyferry::model::key_spec::Curve;
use keyferry::model::{Evidence, MaterialKind};
use keyferry::wrap;

use super::{CURVES, refusal, scratch};
use crate::openssl;

#[test]
fn private_keys_made_by_openssl_are_taken_and_prove_the_public_key_openssl_sees() {
    let kinds = CURVES.map(MaterialKind::Ec).into_iter().chain([2048, 3072, 4096].map(MaterialKind::Rsa));
    for kind in kinds {
        let der = openssl::pkcs8(kind);
        let material = wrap::material(kind, &der).unwrap();
        assert_eq!(material.bytes(), der);
        assert_eq!(material.evidence(), Evidence::Spki(openssl::spki(&der)), "{kind:?}");
        assert_eq!(material.kcv(), None);
        assert_eq!(material.ec_scalar().is_some(), matches!(kind, MaterialKind::Ec(_)));
    }
}

#[test]
fn an_ec_key_is_taken_with_its_public_point_in_any_form_or_without() {
    let (_guard, dir) = scratch();
    for curve in CURVES {
        let der = openssl::pkcs8(MaterialKind::Ec(curve));
        let plain = wrap::material(MaterialKind::Ec(curve), &der).unwrap();
        let forms = ["-ec_conv_form compressed", "-ec_conv_form hybrid", "-ec_conv_form uncompressed"];
        // OpenSSL writes points on the SM2 curve in one form.
        for form in forms.into_iter().filter(|_| curve != Curve::Sm2) {
            let pem = openssl::run(&dir, &format!("pkey -inform DER {form}"), &der);
            let (_, der) = der::Document::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
            let der = der.as_bytes();
            assert_eq!(der.len() < plain.bytes().len(), form.ends_with(" compressed"), "{curve} {form}");
            let material = wrap::material(MaterialKind::Ec(curve), der).unwrap();
            assert_eq!(material.evidence(), plain.evidence(), "{curve} {form}");
            assert_eq!(material.ec_scalar(), plain.ec_scalar(), "{curve} {form}");
        }
        let bare = ec_pkcs8(curve_oid(curve), plain.ec_scalar().unwrap(), None);
        let material = wrap::material(MaterialKind::Ec(curve), &bare).unwrap();
        assert_eq!(material.evidence(), plain.evidence(), "{curve} without a point");
    }
}

const EXPECTED_P256: &str = "; expected an unencrypted PKCS#8 private key in DER, EC on P-256";
const EXPECTED_RSA: &str = "; expected an unencrypted PKCS#8 private key in DER, RSA with two primes and 2048 bits";
const CONVERT_DER: &str = "; try: openssl pkcs8 -topk8 -nocrypt -inform DER -in KEY -outform DER -out KEY.der";

#[test]
fn other_forms_of_a_private_key_are_named_and_the_command_given_converts_them() {
    let (_guard, dir) = scratch();
    let (p256, rsa) = (MaterialKind::Ec(Curve::P256), MaterialKind::Rsa(2048));
    let ec_key = openssl::pkcs8(p256);
    let rsa_key = openssl::pkcs8(rsa);
    let ec = |command: &str| openssl::run(&dir, command, &ec_key);
    let cases = [
        (rsa, openssl::run(&dir, "rsa -inform DER -traditional -outform DER", &rsa_key), "a PKCS#1 RSA private key"),
        (p256, ec("ec -inform DER -outform DER"), "a SEC1 EC private key"),
        (p256, ec("pkcs8 -topk8 -inform DER -outform DER -passout pass:x"), "an encrypted PKCS#8 private key"),
    ];
    for (kind, der, name) in cases {
        let expected = if kind == rsa { EXPECTED_RSA } else { EXPECTED_P256 };
        assert_eq!(refusal(kind, &der), format!("the key material is {name}{expected}{CONVERT_DER}"));
        let (_, command) = CONVERT_DER.split_once("openssl ").unwrap();
        std::fs::write(dir.join("KEY"), &der).unwrap();
        let passphrase = if name.contains("encrypted") { " -passin pass:x" } else { "" };
        openssl::run(&dir, &format!("{command}{passphrase}"), b"");
        let converted = std::fs::read(dir.join("KEY.der")).unwrap();
        assert_eq!(converted, if kind == rsa { &rsa_key[..] } else { &ec_key[..] }, "{name}");
    }
    let public = openssl::spki(&ec_key);
    assert_eq!(refusal(p256, &public), format!("the key material is a public key{EXPECTED_P256}"));
    assert_eq!(
        refusal(p256, &[7; 40]),
        format!("the key material is 40 bytes that are no DER of a private key{EXPECTED_P256}")
    );
}

#[test]
fn a_private_key_of_another_kind_is_refused_by_name() {
    let p256 = MaterialKind::Ec(Curve::P256);
    let made = |arguments: &str| openssl::genpkey(arguments);
    let ec = |curve: &str| made(&format!("-algorithm ec -pkeyopt ec_paramgen_curve:{curve}"));
    let explicit = made("-algorithm ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit");
    let rsa_1024 = openssl::pkcs8(MaterialKind::Rsa(1024));
    let small_exponent = made("-algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3");
    let three_primes = made("-algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3");
    let rsa = MaterialKind::Rsa(2048);
    let cases = [
        (p256, ec("secp256k1"), "an EC key on secp256k1"),
        (p256, ec("P-384"), "an EC key on P-384"),
        (p256, ec("brainpoolP256r1"), "an EC key on the curve 1.3.36.3.3.2.8.1.1.7"),
        (p256, explicit, "an EC key with explicit curve parameters"),
        (p256, rsa_1024.clone(), "a PKCS#8 RSA private key"),
        (p256, made("-algorithm ed25519"), "a PKCS#8 private key of the algorithm 1.3.101.112"),
        (rsa, ec("P-256"), "a PKCS#8 EC private key"),
        (rsa, rsa_1024, "an RSA key of 1024 bits"),
        (rsa, small_exponent, "an RSA key whose public exponent is less than 65537"),
        (rsa, three_primes, "an RSA key of more than two primes"),
    ];
    for (kind, der, found) in cases {
        let expected = if kind == rsa { EXPECTED_RSA } else { EXPECTED_P256 };
        assert_eq!(refusal(kind, &der), format!("the key material is {found}{expected}"));
    }
}

#[test]
fn a_broken_private_key_is_refused() {
    let p256 = MaterialKind::Ec(Curve::P256);
    let oid = curve_oid(Curve::P256);
    let [key, other] = [0, 1].map(|_| openssl::pkcs8(p256));
    let scalar = wrap::material(p256, &key).unwrap().ec_scalar().unwrap().to_vec();
    let Evidence::Spki(foreign) = wrap::material(p256, &other).unwrap().evidence() else { unreachable!() };
    let point = foreign[foreign.len() - 65..].to_vec();
    let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    // SEC 2 §2.4.2
    let n = base16ct::lower::decode_vec("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let greatest = [&n[..31], &[0x50]].concat();
    assert!(wrap::material(p256, &ec_pkcs8(oid, &greatest, None)).is_ok(), "n - 1 is a scalar");

    let out_of_range = "an EC key whose scalar is not within 1 and n - 1";
    let foreign_point = "an EC key with the public point of another key";
    let cases = [
        ([key.clone(), vec![0]].concat(), "DER followed by 1 byte more"),
        (ec_pkcs8(oid, &[0; 32], None), out_of_range),
        (ec_pkcs8(oid, &n, None), out_of_range),
        (ec_pkcs8(oid, &[0xff; 32], None), out_of_range),
        (ec_pkcs8(oid, &scalar[..31], None), "an EC key with a scalar of 31 bytes, not 32"),
        (ec_pkcs8(oid, &[&[0], &scalar[..]].concat(), None), "an EC key with a scalar of 33 bytes, not 32"),
        (ec_pkcs8(oid, &scalar, Some(&point)), foreign_point),
        (ec_pkcs8(oid, &scalar, Some(&compressed)), foreign_point),
        (ec_pkcs8(oid, &scalar, Some(b"\x04")), foreign_point),
        (pkcs8(oid, b"\x30\x03\x02\x01\x01"), "PKCS#8 with no ECPrivateKey (RFC 5915) inside"),
    ];
    for (der, found) in cases {
        assert_eq!(refusal(p256, &der), format!("the key material is {found}{EXPECTED_P256}"));
    }
}

#[test]
fn the_greatest_scalar_of_sm2_is_one_less_than_of_other_curves() {
    let kind = MaterialKind::Ec(Curve::Sm2);
    // GB/T 32918.5 §3
    let n = base16ct::lower::decode_vec("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123").unwrap();
    let with_last = |last: u8| ec_pkcs8(curve_oid(Curve::Sm2), &[&n[..31], &[last]].concat(), None);
    assert!(wrap::material(kind, &with_last(0x21)).is_ok(), "n - 2 is a scalar");
    for past in [0x22, 0x23] {
        let message = refusal(kind, &with_last(past));
        assert!(message.contains("is an EC key whose scalar is not within 1 and n - 2"), "{message}");
    }
}

#[test]
fn an_ec_key_altered_in_any_bit_is_refused() {
    let kind = MaterialKind::Ec(Curve::K256);
    let key = openssl::pkcs8(kind);
    for bit in 0..key.len() * 8 {
        let mut altered = key.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        // One bit makes the hybrid form of an uncompressed point: another spelling of the same key where y is even.
        let is_spelling = altered[key.len() - 65] == 6;
        assert!(is_spelling || wrap::material(kind, &altered).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
    }
    for length in 1..key.len() {
        assert!(wrap::material(kind, &key[..length]).is_err(), "the first {length} bytes");
    }
}

#[test]
fn an_rsa_key_whose_numbers_do_not_belong_together_is_refused() {
    use der::{Decode, Encode};
    let rsa = MaterialKind::Rsa(2048);
    let key = openssl::pkcs8(rsa);
    let info = pkcs8::PrivateKeyInfoRef::from_der(&key).unwrap();
    let whole = pkcs1::RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).unwrap();
    let breaks: [fn(&mut pkcs1::RsaPrivateKeyRef<'_>); 4] = [
        |key| std::mem::swap(&mut key.exponent1, &mut key.exponent2),
        |key| key.coefficient = key.exponent1,
        |key| key.private_exponent = key.exponent1,
        |key| key.prime1 = key.prime2,
    ];
    let rebuilt = |key: pkcs1::RsaPrivateKeyRef<'_>| {
        let inner = key.to_der().unwrap();
        let octets = <&der::asn1::OctetStringRef>::try_from(inner.as_slice()).unwrap();
        pkcs8::PrivateKeyInfoRef::new(info.algorithm, octets).to_der().unwrap()
    };
    assert_eq!(rebuilt(whole.clone()), key);
    for (number, change) in breaks.iter().enumerate() {
        let mut broken = whole.clone();
        change(&mut broken);
        let message = format!("the key material is an RSA key whose numbers do not belong together{EXPECTED_RSA}");
        assert_eq!(refusal(rsa, &rebuilt(broken)), message, "{number}");
    }
}

fn curve_oid(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        Curve::P384 => &[6, 5, 0x2b, 0x81, 4, 0, 0x22],
        Curve::P521 => &[6, 5, 0x2b, 0x81, 4, 0, 0x23],
        Curve::K256 => &[6, 5, 0x2b, 0x81, 4, 0, 0x0a],
        Curve::Sm2 => &[6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d],
    }
}

/// PKCS#8 by hand: what no tool would make can be made.
fn ec_pkcs8(curve: &[u8], scalar: &[u8], point: Option<&[u8]>) -> Vec<u8> {
    let public = point.map(|point| tlv(0xa1, &[&tlv(3, &[&[0], point])])).unwrap_or_default();
    pkcs8(curve, &tlv(0x30, &[&[2, 1, 1], &tlv(4, &[scalar]), &public]))
}

fn pkcs8(curve: &[u8], inner: &[u8]) -> Vec<u8> {
    const EC_PUBLIC_KEY: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    tlv(0x30, &[&[2, 1, 0], &tlv(0x30, &[EC_PUBLIC_KEY, curve]), &tlv(4, &[inner])])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = match value.len() {
        short @ 0..128 => vec![short as u8],
        long => vec![0x81, u8::try_from(long).unwrap()],
    };
    [vec![tag], length, value].concat()
}
