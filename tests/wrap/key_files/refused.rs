//! What people take for a private key, and what they are told.

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::{Curve, HmacHash};

use super::{der_of, open, open_as, pem_of, refusal};
use crate::harness::der::element;
use crate::openssl;
use crate::wrap::scratch;

const KINDS: &str = "what can be imported is RSA of 2048, 3072 or 4096 bits, and EC on P-256, P-384, P-521 or secp256k1";
const CURVES: &str = "what can be imported is EC on P-256, P-384, P-521 or secp256k1";
const PRIVATE: &str = "give the private key that belongs to it";

fn is_refused(file: &[u8], found: &str, advice: &str) {
    assert_eq!(refusal(file), format!("the key file is {found}; {advice}"));
}

/// Runs the `openssl` command that a refusal ends with, on the file it was said of.
fn follow(file: &[u8], passphrases: &str) -> Vec<u8> {
    let (_guard, dir) = scratch();
    let message = refusal(file);
    let (_, command) = message.split_once(": openssl ").unwrap();
    std::fs::write(dir.join("KEY"), file).unwrap();
    openssl::run(&dir, &format!("{command} {passphrases}"), b"");
    std::fs::read(dir.join("KEY.pem")).unwrap()
}

#[test]
fn what_has_no_private_key_is_refused_by_name_in_pem_der_and_base64() {
    let (_guard, dir) = scratch();
    let key = openssl::pkcs8(MaterialKind::Rsa(2048));
    std::fs::write(dir.join("key"), pem_of("PRIVATE KEY", &key)).unwrap();
    let cases = [
        ("req -x509 -key key -subj /CN=x", "a certificate"),
        ("req -new -key key -subj /CN=x", "a certificate request"),
        ("pkey -in key -pubout", "a public key"),
        ("rsa -in key -RSAPublicKey_out", "a PKCS#1 RSA public key"),
    ];
    for (command, found) in cases {
        let pem = openssl::run(&dir, command, b"");
        is_refused(&pem, found, PRIVATE);
        is_refused(&der_of(&pem), found, PRIVATE);
        is_refused(base16ct::lower::encode_string(&der_of(&pem)).as_bytes(), found, PRIVATE);
    }
    let parameters = openssl::run(&dir, "ecparam -name prime256v1", b"");
    is_refused(&parameters, "the parameters of a curve, without a key", PRIVATE);
    is_refused(b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "PEM without a private key", KINDS);
    let two = [pem_of("PRIVATE KEY", &key), pem_of("RSA PRIVATE KEY", &key)].concat();
    is_refused(&two, "PEM with 2 private keys", "give a file with one of them");
    is_refused(&pem_of("PRIVATE KEY", &key)[..80], "malformed PEM", "take another copy of the key");
    let wide: Vec<u8> = pem_of("PRIVATE KEY", &key).iter().flat_map(|byte| [*byte, 0]).collect();
    is_refused(
        &[b"\xff\xfe".as_slice(), &wide].concat(),
        "PEM in UTF-16",
        "write it as UTF-8: iconv -f UTF-16 -t UTF-8 KEY -o KEY.pem",
    );
    let putty = "write it as OpenSSH does: puttygen KEY -O private-openssh-new -o KEY.pem";
    is_refused(b"PuTTY-User-Key-File-3: ssh-rsa\n", "a private key of PuTTY", putty);
}

#[test]
fn a_pkcs12_file_is_refused_and_the_command_given_takes_the_key_out_of_it() {
    let (_guard, dir) = scratch();
    let kind = MaterialKind::Ec(Curve::P256);
    let key = openssl::pkcs8(kind);
    std::fs::write(dir.join("key"), pem_of("PRIVATE KEY", &key)).unwrap();
    openssl::run(&dir, "req -x509 -key key -subj /CN=x -out certificate", b"");
    let file = openssl::run(&dir, "pkcs12 -export -inkey key -in certificate -passout pass:x", b"");
    is_refused(&file, "a PKCS#12 file", "take the private key out of it: openssl pkcs12 -in KEY -nocerts -out KEY.pem");
    let pem = follow(&file, "-passin pass:x -noenc");
    assert_eq!(open(&pem).material(kind).unwrap().bytes(), key);
}

#[test]
fn a_key_that_openssl_can_make_fit_is_refused_with_the_command_that_does() {
    let (_guard, dir) = scratch();
    let kind = MaterialKind::Ec(Curve::P256);
    let key = openssl::pkcs8(kind);
    let made = |command: &str| openssl::run(&dir, command, &key);
    let explicit = made("pkey -inform DER -ec_param_enc explicit");
    let explicit_sec1 = made("ec -inform DER -param_enc explicit");
    let legacy = made("ec -inform DER -aes128 -passout pass:x");
    assert!(legacy.windows(21).any(|window| window == b"Proc-Type: 4,ENCRYPTE"));
    let old = made("pkcs8 -topk8 -inform DER -v1 PBE-SHA1-3DES -passout pass:x");
    let open_length = [&[0x30, 0x80], &key[3..], &[0, 0]].concat();
    let long_length = [&[0x30, 0x82, 0, key[2]], &key[3..]].concat();

    let name = |inform: &str| format!("name the curve: openssl pkey {inform}-in KEY -ec_param_enc named_curve -out KEY.pem");
    let encrypt = |inform: &str| format!("encrypt it anew: openssl pkcs8 -topk8 {inform}-in KEY -out KEY.pem");
    let (spelled, ber) = ("an EC key with explicit curve parameters", "BER that is not DER");
    let rfc_1421 = "a private key in PEM with the encryption of old (RFC 1421)";
    let scheme = "a PKCS#8 private key that is encrypted in a way that is not supported";
    let anew = "write it anew: openssl pkey -inform DER -in KEY -out KEY.pem";
    let der = "-inform DER ";
    let both = "-passin pass:x -passout pass:y";
    let cases = [
        (explicit.clone(), spelled, name(""), ""),
        (der_of(&explicit), spelled, name(der), ""),
        (explicit_sec1.clone(), spelled, name(""), ""),
        (der_of(&explicit_sec1), spelled, name(der), ""),
        (legacy, rfc_1421, encrypt(""), both),
        (old.clone(), scheme, encrypt(""), both),
        (der_of(&old), scheme, encrypt(der), both),
        (open_length, ber, anew.into(), ""),
        (long_length, ber, anew.into(), ""),
    ];
    for (file, found, advice, passphrases) in cases {
        is_refused(&file, found, &advice);
        let pem = follow(&file, passphrases);
        let opened = keyferry::wrap::KeyFile::open(&pem, keyferry::wrap::Format::Auto, &mut || Some("y".into())).unwrap();
        assert_eq!(opened.material(kind).unwrap().bytes(), key, "{found}");
    }
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let made = |arguments: &str| openssl::genpkey(arguments);
    let ec = |curve: &str| made(&format!("-algorithm ec -pkeyopt ec_paramgen_curve:{curve}"));
    let two = "make a key of two: this one cannot be imported";
    let cases = [
        (made("-algorithm ed25519"), "an Ed25519 private key", KINDS),
        (made("-algorithm x25519"), "an X25519 private key", KINDS),
        (made("-algorithm ed448"), "an Ed448 private key", KINDS),
        (made("-algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048"), "an RSA-PSS private key (RFC 4055)", KINDS),
        (ec("brainpoolP256r1"), "an EC key on brainpoolP256r1", CURVES),
        (ec("secp224r1"), "an EC key on P-224", CURVES),
        (ec("prime239v1"), "an EC key on the curve 1.2.840.10045.3.1.4", CURVES),
        (
            made("-algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3"),
            "an RSA key of more than two primes",
            two,
        ),
        (
            made("-algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3"),
            "an RSA key whose public exponent is less than 65537",
            "make a key with another exponent: this one cannot be imported",
        ),
        (
            made("-algorithm rsa -pkeyopt rsa_keygen_bits:512"),
            "an RSA key of 512 bits",
            "what can be imported is RSA of 2048, 3072 or 4096 bits",
        ),
    ];
    for (key, found, advice) in cases {
        is_refused(&key, found, advice);
        is_refused(&pem_of("PRIVATE KEY", &key), found, advice);
    }
}

#[test]
fn der_that_is_not_whole_or_not_alone_is_refused() {
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let copy = "take another copy of the key";
    is_refused(&[&key[..], b"xyz"].concat(), "DER of a PKCS#8 private key followed by 3 bytes more", "give the key alone");
    is_refused(&key[..key.len() - 1], "DER that ends too early", copy);
    let other = element(0x30, &[element(0x0c, &[b'x'; 80])].concat());
    is_refused(
        &other,
        "no DER of a private key",
        "give a private key, or say what the bytes are with --key-material-format",
    );
    let attribute = element(0x30, &[element(0x06, &[0x55, 4, 3]), element(0x31, &element(0x0c, b"mine"))].concat());
    let with_attributes = element(0x30, &[&key[3..], &element(0xa0, &attribute)].concat());
    let taken = open_as(&with_attributes, keyferry::wrap::Format::Der).unwrap();
    assert_eq!(taken.material(MaterialKind::Ec(Curve::P256)).unwrap().bytes(), key, "attributes are left out");
}

#[test]
fn a_key_for_another_spec_is_refused_with_the_specs_that_it_fits() {
    let p256 = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let rsa_1024 = openssl::pkcs8(MaterialKind::Rsa(1024));
    let (rsa, hmac) = (MaterialKind::Rsa(2048), MaterialKind::Hmac(HmacHash::Sha384));
    let cases = [
        (
            p256.clone(),
            rsa,
            "a PKCS#8 EC private key on P-256, DER; the key wants RSA of 2048 bits; it would fit a key of the spec ECC_NIST_P256",
        ),
        (
            p256,
            MaterialKind::Ec(Curve::K256),
            "a PKCS#8 EC private key on P-256, DER; the key wants EC on secp256k1; it would fit a key of the spec ECC_NIST_P256",
        ),
        (rsa_1024, rsa, "a PKCS#8 RSA private key of 1024 bits, DER; the key wants RSA of 2048 bits; no key spec takes it"),
        (
            vec![0xff; 32],
            rsa,
            "32 bytes; the key wants RSA of 2048 bits; it would fit a key of the spec SYMMETRIC_DEFAULT or HMAC_256",
        ),
        (
            vec![0xff; 64],
            hmac,
            "64 bytes; the key wants exactly 48 bytes for HMAC_SHA_384; it would fit a key of the spec HMAC_512",
        ),
    ];
    for (file, kind, message) in cases {
        assert_eq!(open(&file).material(kind).unwrap_err().to_string(), format!("the key file is {message}"));
    }
}

#[test]
fn no_refusal_repeats_what_is_in_the_file() {
    let marked = [
        b"-----BEGIN Tr0ub4dor-----\n".as_slice(),
        b"-----BEGIN PRIVATE KEY-----\nTr0ub4dor\n",
        b"{\"kty\":\"Tr0ub4dor\"}",
        b"{\"kty\":\"EC\",\"crv\":\"Tr0ub4dor\",\"d\":\"AA\"}",
    ];
    for file in marked {
        assert!(!refusal(file).contains("Tr0ub4dor"), "{}", refusal(file));
    }
}
