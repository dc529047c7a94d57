//! The caller's half against independent implementations: keys made by OpenSSL, blobs opened by OpenSSL and AWS-LC.

use std::path::{Path, PathBuf};

use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{Evidence, MaterialKind, WrappingAlgorithm, fingerprint};
use keyferry::wrap;

use crate::openssl;

mod key_files;
mod private_keys;
mod transfer;

const CURVES: [Curve; 5] = [Curve::P256, Curve::P384, Curve::P521, Curve::K256, Curve::Sm2];

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    (dir, path)
}

fn refusal(kind: MaterialKind, bytes: &[u8]) -> String {
    wrap::material(kind, bytes).unwrap_err().to_string()
}

#[test]
fn what_wrap_makes_openssl_and_aws_lc_open() {
    let (_guard, dir) = scratch();
    for bits in [2048, 3072, 4096] {
        let private = openssl::pkcs8(MaterialKind::Rsa(bits));
        let spki = openssl::spki(&private);
        std::fs::write(dir.join("private.der"), private).unwrap();
        for algorithm in WrappingAlgorithm::supported().filter(|algorithm| algorithm.oaep_hash().is_some()) {
            let kind = if algorithm.is_hybrid() { MaterialKind::Rsa(2048) } else { MaterialKind::Hmac(HmacHash::Sha512) };
            let material = openssl::pkcs8(kind);
            let blob = wrap::wrap(&spki, algorithm, &material).unwrap();
            assert_ne!(blob, wrap::wrap(&spki, algorithm, &material).unwrap(), "{algorithm}: twice the same");
            assert_eq!(open(&dir, algorithm, bits / 8, &blob), material, "{algorithm} {bits}");
        }
    }
}

#[test]
fn what_wrap_makes_for_sm2_openssl_opens() {
    let (_guard, dir) = scratch();
    let private = openssl::pkcs8(MaterialKind::Ec(Curve::Sm2));
    let spki = openssl::spki(&private);
    std::fs::write(dir.join("private.der"), private).unwrap();
    for kind in [MaterialKind::Ec(Curve::P256), MaterialKind::Ec(Curve::Sm2), MaterialKind::Rsa(4096)] {
        let material = openssl::pkcs8(kind);
        let blob = wrap::wrap(&spki, WrappingAlgorithm::Sm2pke, &material).unwrap();
        assert_ne!(blob, wrap::wrap(&spki, WrappingAlgorithm::Sm2pke, &material).unwrap(), "twice the same");
        assert_eq!(openssl::run(&dir, "pkeyutl -decrypt -inkey private.der -keyform DER", &blob), material, "{kind:?}");
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
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let hex = base16ct::lower::encode_string(&key);
    let ecb = |input: &[u8]| openssl::run(&dir, &format!("enc -aes-256-ecb -nopad -K {hex}"), input);
    let material = wrap::material(MaterialKind::Aes256, &key).unwrap();
    assert_eq!(material.evidence(), Evidence::Aes(ecb(&fingerprint::aes_blocks()).try_into().unwrap()));
    assert_eq!(material.kcv().unwrap(), ecb(&[0; 16])[..3]);
    assert_eq!(format!("{material:?}"), "Material(redacted)");

    for (hash, name) in HmacHash::ALL.iter().zip(["sha224", "sha256", "sha384", "sha512"]) {
        let key = openssl::pkcs8(MaterialKind::Hmac(*hash));
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

#[test]
fn what_does_not_fit_is_refused_with_the_size_that_would() {
    use WrappingAlgorithm::*;
    let spki = |kind| openssl::spki(&openssl::pkcs8(kind));
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
    let withdrawn = wrap::wrap(&key, RsaesPkcs1V15, b"x").unwrap_err().to_string();
    assert_eq!(withdrawn, "the wrapping algorithm RSAES_PKCS1_V1_5 is not supported");
    let sm2 = spki(MaterialKind::Ec(Curve::Sm2));
    let most = 6144 - 112;
    assert!(wrap::wrap(&sm2, Sm2pke, &vec![7; most]).unwrap().len() <= 6144);
    assert_eq!(
        wrap::wrap(&sm2, Sm2pke, &vec![7; most + 1]).unwrap_err().to_string(),
        format!("the key material has {} bytes, and SM2PKE with a key of 256 bits holds at most {most}", most + 1)
    );
    assert_eq!(wrap::wrap(&sm2, Sm2pke, b"").unwrap_err(), wrap::Error::Empty);
    for other in [&key, &spki(MaterialKind::Ec(Curve::P256))] {
        let message = "the public key is of no use: not a DER SubjectPublicKeyInfo of a point on the SM2 curve";
        assert_eq!(wrap::wrap(other, Sm2pke, b"x").unwrap_err().to_string(), message);
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
    let spki = openssl::spki(&openssl::pkcs8(MaterialKind::Rsa(2048)));
    let (modulus, exponent) = wrap::spki::rsa_parts(&spki).unwrap();
    assert_eq!((modulus.len(), exponent.as_slice()), (256, [1, 0, 1].as_slice()));
    let padded = |number: &[u8]| [&[0, 0], number].concat();
    assert_eq!(wrap::spki::rsa(&padded(&modulus), &padded(&exponent)).unwrap(), spki);
    assert!(wrap::spki::rsa(&[0, 0], &exponent).is_err());

    for curve in CURVES {
        let spki = openssl::spki(&openssl::pkcs8(MaterialKind::Ec(curve)));
        let point = &spki[spki.len() - 1 - 2 * curve.field_bytes()..];
        assert_eq!(wrap::spki::ec(curve, point).unwrap(), spki, "{curve}");
        let mut off = point.to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert!(wrap::spki::ec(curve, &off).is_err(), "{curve}: not on the curve");
        assert!(wrap::spki::ec(curve, &point[1..]).is_err(), "{curve}: no form");
    }
}
