//! `keyferry wrap` from a saved answer to a blob that OpenSSL opens.

mod others;
mod refused;
mod sources;

use std::os::unix::fs::PermissionsExt;

use base64ct::{Base64, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::{Curve, HmacHash};
use serde_json::{Value, json};

use super::desk::{Desk, Run};
use crate::openssl;

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A desk with a wrapping key of 2048 bits in `private.der` and parameters for it in `params.json`, changed by `change`.
fn saved(change: impl FnOnce(&mut Value)) -> Desk {
    let desk = Desk::bare();
    let private = openssl::pkcs8(MaterialKind::Rsa(2048));
    let mut set = json!({
        "KeyId": format!("arn:aws:kms:us-east-1:111122223333:key/{KEY}"),
        "ImportToken": "AAAA",
        "PublicKey": Base64::encode_string(&openssl::spki(&private)),
        "ParametersValidTo": "9999-01-01T00:00:00Z",
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "HostExposure": "TOKEN",
    });
    change(&mut set);
    desk.write("private.der", private);
    desk.write("params.json", set.to_string());
    desk
}

/// Parameters for a key of this spec, wrapped in this way.
fn saved_for(spec: &str, algorithm: &str) -> Desk {
    saved(|set| {
        set["KeySpec"] = json!(spec);
        set["WrappingAlgorithm"] = json!(algorithm);
    })
}

const WRAP: [&str; 5] = ["wrap", "--parameters", "params.json", "--out", "blob.bin"];

fn wrap(desk: &Desk, material: &[u8]) -> Run {
    desk.write("KEY", material);
    desk.run(&[&WRAP[..], &["--key-material", "KEY"]].concat())
}

/// What the blob in `blob.bin` holds, opened by OpenSSL the way the reference's documentation closes it.
fn opened(desk: &Desk, algorithm: &str) -> Vec<u8> {
    open(desk, algorithm, &std::fs::read(desk.path("blob.bin")).unwrap())
}

fn open(desk: &Desk, algorithm: &str, blob: &[u8]) -> Vec<u8> {
    let md = if algorithm.ends_with("SHA_1") { "sha1" } else { "sha256" };
    let oaep = format!("-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:{md} -pkeyopt rsa_mgf1_md:{md}");
    let command = format!("pkeyutl -decrypt -inkey private.der -keyform DER {oaep}");
    let plain = openssl::run(desk.folder(), &command, &blob[..256]);
    if algorithm.starts_with("RSAES") {
        assert_eq!(blob.len(), 256);
        return plain;
    }
    let kek = base16ct::lower::encode_string(&plain);
    openssl::run(desk.folder(), &format!("enc -d -id-aes256-wrap-pad -K {kek} -iv A65959A6"), &blob[256..])
}

#[test]
fn a_secret_key_is_wrapped_and_what_proves_it_is_printed() {
    let desk = saved(|_| {});
    let material = openssl::pkcs8(MaterialKind::Aes256);
    // What is there is replaced, whoever could read it.
    let out = desk.path("blob.bin");
    std::fs::write(&out, [7; 9000]).unwrap();
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o644)).unwrap();

    let run = wrap(&desk, &material);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), material);

    // Both values as anybody could compute them.
    let hex = base16ct::lower::encode_string(&material);
    let ecb = |blocks: &[u8]| openssl::run(desk.folder(), &format!("enc -aes-256-ecb -nopad -K {hex}"), blocks);
    let sha256 = |bytes: &[u8]| openssl::run(desk.folder(), "dgst -sha256 -binary", bytes);
    let domain = b"keyferry key material id v1".as_slice();
    let evidence = ecb(&sha256(domain));
    let id = sha256(&[domain, KEY.as_bytes(), b"aes", &evidence].join(&0));
    let shown = json!({
        "KeyMaterialId": base16ct::lower::encode_string(&id),
        "KeyCheckValue": base16ct::lower::encode_string(&ecb(&[0; 16])[..3]),
        "KeyFile": "32 bytes",
        "EncryptedKeyMaterial": "blob.bin",
    });
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), shown);
    let text = desk.run(&[&WRAP[..], &["--key-material", "KEY", "--query", "KeyCheckValue", "--output", "text"]].concat());
    assert_eq!(text.stdout.trim_end(), shown["KeyCheckValue"]);
}

#[test]
fn each_kind_of_key_is_wrapped_in_each_way_that_takes_it() {
    use MaterialKind::{Ec, Hmac, Rsa};
    #[rustfmt::skip]
    let cases = [
        ("SYMMETRIC_DEFAULT", MaterialKind::Aes256,    "RSAES_OAEP_SHA_1"),
        ("HMAC_384",          Hmac(HmacHash::Sha384),  "RSAES_OAEP_SHA_256"),
        ("RSA_2048",          Rsa(2048),               "RSA_AES_KEY_WRAP_SHA_1"),
        ("RSA_3072",          Rsa(3072),               "RSA_AES_KEY_WRAP_SHA_256"),
        ("ECC_NIST_P384",     Ec(Curve::P384),         "RSAES_OAEP_SHA_256"),
        ("ECC_SECG_P256K1",   Ec(Curve::K256),         "RSA_AES_KEY_WRAP_SHA_256"),
    ];
    for (spec, kind, algorithm) in cases {
        let desk = saved_for(spec, algorithm);
        let key = openssl::pkcs8(kind);
        let run = wrap(&desk, &key);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{spec}");
        assert_eq!(opened(&desk, algorithm), key, "{spec}");
        assert_eq!(run.stdout.contains("KeyCheckValue"), spec == "SYMMETRIC_DEFAULT", "{spec}");
    }
}

#[test]
fn parameters_that_do_not_serve_are_refused_and_nothing_is_written() {
    type Change = fn(&mut Value);
    #[rustfmt::skip]
    let cases: [(Change, &str); 8] = [
        (|set| set["ParametersValidTo"] = json!("2026-01-02T03:04:05Z"),
            "the parameters ended at 2026-01-02T03:04:05Z: get new parameters for import"),
        (|set| set["ParametersValidTo"] = json!("soon"), "params.json: ParametersValidTo \"soon\" is no time"),
        (|set| set["WrappingAlgorithm"] = json!("RSA_AES_KEY_WRAP_SHA_256"),
            "Wrapping algorithm RSA_AES_KEY_WRAP_SHA_256 and wrapping key spec RSA_2048 cannot be used to import a SYMMETRIC_DEFAULT key."),
        (|set| set["WrappingAlgorithm"] = json!("ROT13"), "params.json: WrappingAlgorithm \"ROT13\" is unknown"),
        (|set| set["WrappingKeySpec"] = json!("RSA_3072"), "PublicKey is not of the WrappingKeySpec RSA_3072"),
        (|set| set["PublicKey"] = json!("AAAA"), "the public key is of no use: not a DER SubjectPublicKeyInfo"),
        (|set| set["KeyId"] = json!("alias/x"), "params.json: KeyId \"alias/x\" is no key id or key ARN"),
        (|set| { set.as_object_mut().unwrap().remove("KeySpec"); },
            "params.json: no saved answer of get-parameters-for-import: missing field `KeySpec`"),
    ];
    for (change, message) in cases {
        let desk = saved(change);
        let run = wrap(&desk, &[7; 32]);
        assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{message}");
        assert!(run.stderr.starts_with(&format!("\n{message}")), "{}", run.stderr);
        assert!(!desk.path("blob.bin").exists(), "{message}");
    }
}

#[test]
fn material_that_does_not_fit_is_refused() {
    let desk = saved(|_| {});
    let run = wrap(&desk, &[7; 33]);
    assert_eq!((run.code, run.stdout.as_str()), (255, ""));
    assert_eq!(run.stderr, "\nthe key file is 33 bytes; the key wants exactly 32 bytes for AES-256; no key spec takes it\n");

    assert!(!desk.path("blob.bin").exists());
}
