//! Blobs for other services: raw, and Azure Key Vault's key transfer file.

use base64ct::{Base64UrlUnpadded, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;
use serde_json::{Value, json};

use super::{Desk, open, opened, openssl};

/// A desk with another service's key pair and a key file.
fn foreign(key: &[u8]) -> Desk {
    let desk = Desk::bare();
    let private = openssl::pkcs8(MaterialKind::Rsa(2048));
    let pem = openssl::run(desk.folder(), "pkey -inform DER -pubout", &private);
    desk.write("public.pem", pem);
    desk.write("private.der", private);
    desk.write("KEY", key);
    desk
}

const FOREIGN: [&str; 7] = ["wrap", "--public-key", "public.pem", "--key-material", "KEY", "--out", "blob.bin"];

#[test]
fn another_services_key_wraps_in_each_way() {
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let desk = foreign(&key);
    for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"] {
        let shown = desk.ok(&[&FOREIGN[..], &["--wrapping-algorithm", algorithm]].concat());
        let expected = json!({
            "KeySpec": "ECC_NIST_P256", "KeyFile": "a PKCS#8 EC private key on P-256, DER", "EncryptedKeyMaterial": "blob.bin",
        });
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), expected);
        assert_eq!(opened(&desk, algorithm), key, "{algorithm}");
    }
}

#[test]
fn the_key_transfer_file_holds_what_key_vault_opens() {
    let key = openssl::pkcs8(MaterialKind::Rsa(2048));
    let desk = foreign(&key);
    let kid = "https://vault.example/keys/kek/0123456789abcdef";
    desk.ok(&[&FOREIGN[..], &["--format", "byok", "--kid", kid]].concat());
    let file: Value = serde_json::from_slice(&std::fs::read(desk.path("blob.bin")).unwrap()).unwrap();
    assert_eq!(file["schema_version"], "1.0.0");
    assert_eq!(file["header"], json!({"kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}));
    assert_eq!(file["generator"], concat!("keyferry ", env!("CARGO_PKG_VERSION")));
    let ciphertext = Base64UrlUnpadded::decode_vec(file["ciphertext"].as_str().unwrap()).unwrap();
    assert_eq!(open(&desk, "RSA_AES_KEY_WRAP_SHA_1", &ciphertext), key);
}

#[test]
fn options_that_do_not_go_together_exit_with_252_and_nothing_is_written() {
    let desk = foreign(&openssl::pkcs8(MaterialKind::Aes256));
    desk.write("params.json", "{}");
    let ours = ["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", "blob.bin"];
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str], &str); 10] = [
        (&FOREIGN, &[],                                            "--public-key needs --wrapping-algorithm"),
        (&FOREIGN, &["--format", "byok"],                          "--format byok needs --kid, the URL of the public key"),
        (&FOREIGN, &["--format", "byok", "--kid", "x", "--wrapping-algorithm", "RSAES_OAEP_SHA_1"],
                                                                   "--format byok is wrapped with RSA_AES_KEY_WRAP_SHA_1"),
        (&FOREIGN, &["--kid", "x", "--wrapping-algorithm", "RSAES_OAEP_SHA_1"], "--kid is for --format byok"),
        (&FOREIGN, &["--parameters", "params.json"],               "cannot be used with"),
        (&FOREIGN, &["--format", "byok", "--kid", ""],             "a value is required for '--kid <KID>'"),
        (&["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", "-"], &[], "--out takes a file"),
        (&ours,    &["--format", "byok"],                          "--format byok is for the key of another service"),
        (&ours,    &["--kid", "x"],                                "go with --public-key"),
        (&["wrap", "--key-material", "KEY", "--out", "blob.bin"], &[], "the following required arguments were not provided"),
    ];
    for (command, more, message) in cases {
        let run = desk.run(&[command, more].concat());
        assert_eq!((run.code, run.stdout.as_str()), (252, ""), "{more:?}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{more:?}: {}", run.stderr);
        assert!(!desk.path("blob.bin").exists());
    }
}
