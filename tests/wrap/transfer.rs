//! Blobs for others: under a wrapping key that somebody else wrote, in the file that somebody else reads.

use base64ct::{Base64UrlUnpadded, Encoding};
use keyferry::model::key_spec::Curve;
use keyferry::model::{MaterialKind, WrappingAlgorithm};
use keyferry::wrap::{self, Format, KeyFile};

use super::{open, scratch};
use crate::openssl;

#[test]
fn a_transfer_blob_for_azure_says_what_its_specification_wants_and_openssl_opens_it() {
    let (_guard, dir) = scratch();
    let (kek, target) = (openssl::pkcs8(MaterialKind::Rsa(2048)), openssl::pkcs8(MaterialKind::Ec(Curve::P384)));
    std::fs::write(dir.join("private.der"), &kek).unwrap();
    let kid = "https://contoso.example/keys/mykek/eba63d27e4e34e028839b53fac905621";
    let material =
        KeyFile::open(&target, Format::Auto, &mut || None).unwrap().material(MaterialKind::Ec(Curve::P384)).unwrap();
    let blob = wrap::wrap(&openssl::spki(&kek), WrappingAlgorithm::RsaAesKeyWrapSha1, material.bytes()).unwrap();

    let file = wrap::byok(kid, &blob);
    let json: serde_json::Value = serde_json::from_str(&file).unwrap();
    let members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["schema_version", "header", "ciphertext", "generator"]);
    assert_eq!(json["schema_version"], "1.0.0");
    assert_eq!(json["header"], serde_json::json!({ "kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP" }));
    assert_eq!(json["generator"], concat!("keyferry ", env!("CARGO_PKG_VERSION")));
    let ciphertext = Base64UrlUnpadded::decode_vec(json["ciphertext"].as_str().unwrap()).unwrap();
    assert_eq!(open(&dir, WrappingAlgorithm::RsaAesKeyWrapSha1, 256, &ciphertext), target);
}

#[test]
fn a_wrapping_key_is_read_from_whatever_others_write() {
    let (_guard, dir) = scratch();
    let private = openssl::pkcs8(MaterialKind::Rsa(3072));
    let spki = openssl::spki(&private);
    for command in ["rsa -inform DER -pubout", "rsa -inform DER -RSAPublicKey_out"] {
        let pem = openssl::run(&dir, command, &private);
        assert_eq!(wrap::spki::from_pem_or_der(&pem).unwrap(), spki, "{command}");
        let crlf = String::from_utf8(pem).unwrap().replace('\n', "\r\n");
        assert_eq!(wrap::spki::from_pem_or_der(crlf.as_bytes()).unwrap(), spki, "{command}");
        let der = openssl::run(&dir, &format!("{command} -outform DER"), &private);
        assert_eq!(wrap::spki::from_pem_or_der(&der).unwrap(), spki, "{command}");
    }
    let certificate = openssl::run(&dir, "req -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=x", b"");
    let ec = openssl::spki(&openssl::pkcs8(MaterialKind::Ec(Curve::P256)));
    let private_pem = openssl::run(&dir, "pkey -inform DER", &private);
    let cases = [
        (certificate, "a certificate; take the key out of it: openssl x509 -in CERTIFICATE -noout -pubkey"),
        (ec, "of the algorithm 1.2.840.10045.2.1, expected RSA"),
        (private_pem, "PEM of something else than a public key"),
        (private, "not a DER SubjectPublicKeyInfo"),
        (b"-----BEGIN PUBLIC KEY-----\n?".to_vec(), "malformed PEM"),
        (b"text".to_vec(), "expected PEM or DER of an RSA public key"),
    ];
    for (file, message) in cases {
        let refused = wrap::spki::from_pem_or_der(&file).unwrap_err().to_string();
        assert_eq!(refused, format!("the public key is of no use: {message}"));
    }
}
