//! The caller's half against independent implementations: keys made by OpenSSL, blobs opened by OpenSSL and AWS-LC.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{Evidence, MaterialKind, WrappingAlgorithm, fingerprint};
use keyferry::wrap;

mod openssl {
    use super::*;

    /// Runs `openssl` and returns what it printed; panics with its complaint where it refuses.
    pub(super) fn run(dir: &Path, arguments: &str, input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl is on the path");
        // One that refuses its arguments closes its input: its own complaint says more than the broken pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub(super) fn pkcs8(dir: &Path, kind: MaterialKind) -> Vec<u8> {
        let generate = match kind {
            MaterialKind::Rsa(bits) => format!("-algorithm rsa -pkeyopt rsa_keygen_bits:{bits}"),
            MaterialKind::Ec(curve) => format!("-algorithm ec -pkeyopt ec_paramgen_curve:{curve}"),
            MaterialKind::Aes256 | MaterialKind::Hmac(_) => {
                return run(dir, &format!("rand {}", kind.secret_bytes().unwrap()), b"");
            }
        };
        genpkey(dir, &generate)
    }

    /// By way of `pkcs8`: what `genpkey` itself writes as DER is PKCS#1 or SEC1 in OpenSSL 3.0.
    pub(super) fn genpkey(dir: &Path, arguments: &str) -> Vec<u8> {
        let pem = run(dir, &format!("genpkey {arguments}"), b"");
        run(dir, "pkcs8 -topk8 -nocrypt -outform DER", &pem)
    }

    pub(super) fn spki(dir: &Path, key: &[u8]) -> Vec<u8> {
        run(dir, "pkey -inform DER -pubout -outform DER", key)
    }
}

const CURVES: [Curve; 4] = [Curve::P256, Curve::P384, Curve::P521, Curve::K256];

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    (dir, path)
}

fn refusal(kind: MaterialKind, bytes: &[u8]) -> String {
    wrap::material(kind, bytes).unwrap_err().to_string()
}

#[test]
fn private_keys_made_by_openssl_are_taken_and_prove_the_public_key_openssl_sees() {
    let (_guard, dir) = scratch();
    let kinds = CURVES.map(MaterialKind::Ec).into_iter().chain([2048, 3072, 4096].map(MaterialKind::Rsa));
    for kind in kinds {
        let der = openssl::pkcs8(&dir, kind);
        let material = wrap::material(kind, &der).unwrap();
        assert_eq!(material.bytes(), der);
        assert_eq!(material.evidence(), Evidence::Spki(openssl::spki(&dir, &der)), "{kind:?}");
        assert_eq!(material.kcv(), None);
        assert_eq!(material.ec_scalar().is_some(), matches!(kind, MaterialKind::Ec(_)));

        let pem = openssl::run(&dir, "pkey -inform DER", &der);
        assert_eq!(wrap::der_of(&pem).unwrap().as_slice(), der, "{kind:?}");
        assert_eq!(wrap::der_of(&der).unwrap().as_slice(), der, "{kind:?}");
    }
}

#[test]
fn an_ec_key_is_taken_with_its_public_point_in_any_form_or_without() {
    let (_guard, dir) = scratch();
    for curve in CURVES {
        let der = openssl::pkcs8(&dir, MaterialKind::Ec(curve));
        let plain = wrap::material(MaterialKind::Ec(curve), &der).unwrap();
        for form in ["-ec_conv_form compressed", "-ec_conv_form hybrid", "-ec_conv_form uncompressed"] {
            let pem = openssl::run(&dir, &format!("pkey -inform DER {form}"), &der);
            let der = wrap::der_of(&pem).unwrap();
            assert_eq!(der.len() < plain.bytes().len(), form.ends_with(" compressed"), "{curve} {form}");
            let material = wrap::material(MaterialKind::Ec(curve), &der).unwrap();
            assert_eq!(material.evidence(), plain.evidence(), "{curve} {form}");
            assert_eq!(material.ec_scalar(), plain.ec_scalar(), "{curve} {form}");
        }
        let bare = ec_pkcs8(curve_oid(curve), plain.ec_scalar().unwrap(), None);
        let material = wrap::material(MaterialKind::Ec(curve), &bare).unwrap();
        assert_eq!(material.evidence(), plain.evidence(), "{curve} without a point");
    }
}

#[test]
fn what_wrap_makes_openssl_and_aws_lc_open() {
    let (_guard, dir) = scratch();
    for bits in [2048, 3072, 4096] {
        let private = openssl::pkcs8(&dir, MaterialKind::Rsa(bits));
        let spki = openssl::spki(&dir, &private);
        std::fs::write(dir.join("private.der"), private).unwrap();
        for algorithm in WrappingAlgorithm::supported() {
            let kind = if algorithm.is_hybrid() { MaterialKind::Rsa(2048) } else { MaterialKind::Hmac(HmacHash::Sha512) };
            let material = openssl::pkcs8(&dir, kind);
            let blob = wrap::wrap(&spki, algorithm, &material).unwrap();
            assert_ne!(blob, wrap::wrap(&spki, algorithm, &material).unwrap(), "{algorithm}: twice the same");
            assert_eq!(open(&dir, algorithm, bits / 8, &blob), material, "{algorithm} {bits}");
        }
    }
}

/// Opens a wrapped blob the way the reference's documentation closes it.
fn open(dir: &Path, algorithm: WrappingAlgorithm, k: usize, blob: &[u8]) -> Vec<u8> {
    let md = match algorithm.as_str().strip_suffix("_SHA_1") {
        Some(_) => "sha1",
        None => "sha256",
    };
    let options = ["rsa_padding_mode:oaep", &format!("rsa_oaep_md:{md}"), &format!("rsa_mgf1_md:{md}")].join(" -pkeyopt ");
    let decrypt = format!("pkeyutl -decrypt -inkey private.der -keyform DER -pkeyopt {options}");
    let opened = openssl::run(dir, &decrypt, &blob[..k]);
    if !algorithm.is_hybrid() {
        assert_eq!(blob.len(), k);
        return opened;
    }
    assert_eq!(opened.len(), 32);
    let kek = base16ct::lower::encode_string(&opened);
    let material = openssl::run(dir, &format!("enc -d -id-aes256-wrap-pad -K {kek} -iv A65959A6"), &blob[k..]);
    assert_eq!(material, unwrapped_by_aws_lc(&opened, &blob[k..]));
    material
}

fn unwrapped_by_aws_lc(kek: &[u8], wrapped: &[u8]) -> Vec<u8> {
    use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
    let mut plain = vec![0; wrapped.len()];
    AesKek::new(&AES_256, kek).unwrap().unwrap_with_padding(wrapped, &mut plain).unwrap().to_vec()
}

#[test]
fn evidence_of_secret_keys_is_what_openssl_computes() {
    let (_guard, dir) = scratch();
    let key = openssl::pkcs8(&dir, MaterialKind::Aes256);
    let hex = base16ct::lower::encode_string(&key);
    let ecb = |input: &[u8]| openssl::run(&dir, &format!("enc -aes-256-ecb -nopad -K {hex}"), input);
    let material = wrap::material(MaterialKind::Aes256, &key).unwrap();
    assert_eq!(material.evidence(), Evidence::Aes(ecb(&fingerprint::aes_blocks()).try_into().unwrap()));
    assert_eq!(material.kcv().unwrap(), ecb(&[0; 16])[..3]);
    assert_eq!(format!("{material:?}"), "Material(redacted)");

    for (hash, name) in HmacHash::ALL.iter().zip(["sha224", "sha256", "sha384", "sha512"]) {
        let key = openssl::pkcs8(&dir, MaterialKind::Hmac(*hash));
        let hex = base16ct::lower::encode_string(&key);
        let mac = openssl::run(&dir, &format!("dgst -{name} -mac HMAC -macopt hexkey:{hex} -binary"), fingerprint::DOMAIN);
        assert_eq!(wrap::material(MaterialKind::Hmac(*hash), &key).unwrap().evidence(), Evidence::Hmac(mac), "{hash}");
    }
}

#[test]
fn a_secret_of_another_length_is_refused_with_both_lengths() {
    let aes = MaterialKind::Aes256;
    assert_eq!(refusal(aes, &[7; 31]), "the key material is 31 bytes; expected exactly 32 raw bytes for AES-256");
    assert_eq!(
        refusal(aes, format!("{}\n", "a7".repeat(32)).as_bytes()),
        "the key material is 65 bytes of hexadecimal text; expected exactly 32 raw bytes for AES-256; try: xxd -r -p KEY KEY.bin"
    );
    assert_eq!(
        refusal(MaterialKind::Hmac(HmacHash::Sha384), "YWJj".repeat(16).as_bytes()),
        "the key material is 64 bytes of base64 text; expected exactly 48 raw bytes for HMAC_SHA_384; \
         try: openssl base64 -d -A -in KEY -out KEY.bin"
    );
    assert_eq!(wrap::material(aes, b"").unwrap_err(), wrap::Error::Empty);
    for hash in HmacHash::ALL {
        for length in [hash.key_bytes() - 1, hash.key_bytes() + 1] {
            assert!(wrap::material(MaterialKind::Hmac(*hash), &vec![7; length]).is_err(), "{hash} {length}");
        }
    }
}

const EXPECTED_P256: &str = "; expected an unencrypted PKCS#8 private key in DER, EC on P-256";
const EXPECTED_RSA: &str = "; expected an unencrypted PKCS#8 private key in DER, RSA with two primes and 2048 bits";
const CONVERT_DER: &str = "; try: openssl pkcs8 -topk8 -nocrypt -inform DER -in KEY -outform DER -out KEY.der";

#[test]
fn other_forms_of_a_private_key_are_named_and_the_command_given_converts_them() {
    let (_guard, dir) = scratch();
    let (p256, rsa) = (MaterialKind::Ec(Curve::P256), MaterialKind::Rsa(2048));
    let ec_key = openssl::pkcs8(&dir, p256);
    let rsa_key = openssl::pkcs8(&dir, rsa);
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
    let public = openssl::spki(&dir, &ec_key);
    assert_eq!(refusal(p256, &public), format!("the key material is a public key{EXPECTED_P256}"));
    assert_eq!(
        refusal(p256, &[7; 40]),
        format!("the key material is 40 bytes that are no DER of a private key{EXPECTED_P256}")
    );
}

#[test]
fn pem_of_other_forms_is_named_too() {
    let (_guard, dir) = scratch();
    let ec_key = openssl::pkcs8(&dir, MaterialKind::Ec(Curve::P256));
    let pem = |command: &str| openssl::run(&dir, command, &ec_key);
    let convert = "; try: openssl pkcs8 -topk8 -nocrypt -in KEY -outform DER -out KEY.der";
    let expected = "; expected an unencrypted PKCS#8 private key";
    let sec1 = openssl::run(&dir, "ecparam -name prime256v1 -genkey", b"");
    assert!(sec1.starts_with(b"-----BEGIN EC PARAMETERS"));
    let pkcs8 = pem("pkey -inform DER");
    let cases = [
        (sec1, format!("a SEC1 EC private key{expected}{convert}")),
        (pem("ec -inform DER"), format!("a SEC1 EC private key{expected}{convert}")),
        (pem("pkcs8 -topk8 -inform DER -passout pass:x"), format!("an encrypted PKCS#8 private key{expected}{convert}")),
        (pem("pkey -inform DER -pubout"), format!("a public key{expected}")),
        ([pkcs8.clone(), pkcs8.clone()].concat(), format!("PEM with 2 private keys{expected}")),
        (pkcs8[..80].to_vec(), format!("malformed PEM{expected}")),
    ];
    for (pem, message) in cases {
        assert_eq!(wrap::der_of(&pem).unwrap_err().to_string(), format!("the key material is {message}"));
    }
    let around =
        [b"Bag Attributes: none\n".as_slice(), &pkcs8, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"];
    assert_eq!(wrap::der_of(&around.concat()).unwrap().as_slice(), ec_key);
}

#[test]
fn a_private_key_of_another_kind_is_refused_by_name() {
    let (_guard, dir) = scratch();
    let p256 = MaterialKind::Ec(Curve::P256);
    let made = |arguments: &str| openssl::genpkey(&dir, arguments);
    let ec = |curve: &str| made(&format!("-algorithm ec -pkeyopt ec_paramgen_curve:{curve}"));
    let explicit = made("-algorithm ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit");
    let rsa_1024 = openssl::pkcs8(&dir, MaterialKind::Rsa(1024));
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
    let (_guard, dir) = scratch();
    let p256 = MaterialKind::Ec(Curve::P256);
    let oid = curve_oid(Curve::P256);
    let [key, other] = [0, 1].map(|_| openssl::pkcs8(&dir, p256));
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
fn an_rsa_key_whose_numbers_do_not_belong_together_is_refused() {
    use der::{Decode, Encode};
    let (_guard, dir) = scratch();
    let rsa = MaterialKind::Rsa(2048);
    let key = openssl::pkcs8(&dir, rsa);
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

#[test]
fn what_does_not_fit_is_refused_with_the_size_that_would() {
    use WrappingAlgorithm::*;
    let (_guard, dir) = scratch();
    let spki = |kind| openssl::spki(&dir, &openssl::pkcs8(&dir, kind));
    #[rustfmt::skip]
    let cases = [
        (2048, RsaesOaepSha1,   214), (2048, RsaesOaepSha256, 190),
        (3072, RsaesOaepSha1,   342), (3072, RsaesOaepSha256, 318),
        (4096, RsaesOaepSha1,   470), (4096, RsaesOaepSha256, 446),
        (2048, RsaAesKeyWrapSha1, 6144 - 256 - 8), (4096, RsaAesKeyWrapSha256, 6144 - 512 - 8),
    ];
    for (bits, algorithm, most) in cases {
        let key = spki(MaterialKind::Rsa(bits));
        assert!(wrap::wrap(&key, algorithm, &vec![7; most]).unwrap().len() <= 6144);
        assert_eq!(
            wrap::wrap(&key, algorithm, &vec![7; most + 1]).unwrap_err().to_string(),
            format!(
                "the key material has {} bytes, and {algorithm} with a key of {bits} bits holds at most {most}",
                most + 1
            )
        );
        assert_eq!(wrap::wrap(&key, algorithm, b"").unwrap_err(), wrap::Error::Empty);
    }
    let key = spki(MaterialKind::Rsa(2048));
    for algorithm in [RsaesPkcs1V15, Sm2pke] {
        let message = format!("the wrapping algorithm {algorithm} is not supported");
        assert_eq!(wrap::wrap(&key, algorithm, b"x").unwrap_err().to_string(), message);
    }
    let refused = |spki: &[u8]| wrap::wrap(spki, RsaesOaepSha256, b"x").unwrap_err().to_string();
    let prefix = "the public key is of no use:";
    assert_eq!(refused(&spki(MaterialKind::Rsa(1024))), format!("{prefix} RSA of 1024 bits, expected 2048, 3072 or 4096"));
    assert_eq!(refused(&spki(MaterialKind::Rsa(2056))), format!("{prefix} RSA of 2056 bits, expected 2048, 3072 or 4096"));
    assert_eq!(
        refused(&spki(MaterialKind::Ec(Curve::P256))),
        format!("{prefix} of the algorithm 1.2.840.10045.2.1, expected RSA")
    );
    assert_eq!(refused(&[key, vec![0]].concat()), format!("{prefix} not a DER SubjectPublicKeyInfo"));
}

#[test]
fn public_keys_are_built_and_taken_apart_as_openssl_writes_them() {
    let (_guard, dir) = scratch();
    let spki = openssl::spki(&dir, &openssl::pkcs8(&dir, MaterialKind::Rsa(2048)));
    let (modulus, exponent) = wrap::spki::rsa_parts(&spki).unwrap();
    assert_eq!((modulus.len(), exponent.as_slice()), (256, [1, 0, 1].as_slice()));
    let padded = |number: &[u8]| [&[0, 0], number].concat();
    assert_eq!(wrap::spki::rsa(&padded(&modulus), &padded(&exponent)).unwrap(), spki);
    assert!(wrap::spki::rsa(&[0, 0], &exponent).is_err());

    for curve in CURVES {
        let spki = openssl::spki(&dir, &openssl::pkcs8(&dir, MaterialKind::Ec(curve)));
        let point = &spki[spki.len() - 1 - 2 * curve.field_bytes()..];
        assert_eq!(wrap::spki::ec(curve, point).unwrap(), spki, "{curve}");
        let mut off = point.to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert!(wrap::spki::ec(curve, &off).is_err(), "{curve}: not on the curve");
        assert!(wrap::spki::ec(curve, &point[1..]).is_err(), "{curve}: no form");
    }
}

fn curve_oid(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        Curve::P384 => &[6, 5, 0x2b, 0x81, 4, 0, 0x22],
        Curve::P521 => &[6, 5, 0x2b, 0x81, 4, 0, 0x23],
        Curve::K256 => &[6, 5, 0x2b, 0x81, 4, 0, 0x0a],
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
