//! Blobs for other services: raw, and Azure Key Vault's key transfer file.

use base64ct::{Base64UrlUnpadded, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;
use serde_json::{Value, json};

use super::super::golden::Transcript;
use super::refused::refuses_each;
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
fn another_services_public_key_may_be_in_any_usual_form() {
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let desk = foreign(&key);
    for command in [
        "pkey -pubin",
        "pkey -pubin -outform DER",
        "rsa -pubin -RSAPublicKey_out",
        "rsa -pubin -RSAPublicKey_out -outform DER",
    ] {
        let public = openssl::run(desk.folder(), "pkey -inform DER -in private.der -pubout", b"");
        desk.write("public.pem", openssl::run(desk.folder(), command, &public));
        desk.ok(&[&FOREIGN[..], &["--wrapping-algorithm", "RSAES_OAEP_SHA_256"]].concat());
        assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), key, "{command}");
    }
}

#[test]
fn what_32_bytes_are_to_be_may_be_said() {
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let desk = foreign(&key);
    let zero = format!("enc -aes-256-ecb -nopad -K {}", base16ct::lower::encode_string(&key));
    let kcv = base16ct::lower::encode_string(&openssl::run(desk.folder(), &zero, &[0; 16])[..3]);
    for (more, spec, kcv) in [
        (&[][..], "SYMMETRIC_DEFAULT", json!(kcv)),
        (&["--key-spec", "SYMMETRIC_DEFAULT"], "SYMMETRIC_DEFAULT", json!(kcv)),
        (&["--key-spec", "HMAC_256"], "HMAC_256", Value::Null),
    ] {
        let shown = desk.ok(&[&FOREIGN[..], &["--wrapping-algorithm", "RSAES_OAEP_SHA_1"], more].concat());
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((&shown["KeySpec"], &shown["KeyCheckValue"]), (&json!(spec), &kcv), "{more:?}");
        assert_eq!(opened(&desk, "RSAES_OAEP_SHA_1"), key);
    }
}

#[test]
fn the_public_key_is_read_and_never_replaced() {
    let desk = foreign(&openssl::pkcs8(MaterialKind::Aes256));
    let public_key = std::fs::read(desk.path("public.pem")).unwrap();
    let wrap = ["wrap", "--public-key", "public.pem", "--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--key-material", "KEY"];
    let run = desk.run(&[&wrap[..], &["--out", "./public.pem"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (255, ""));
    assert!(run.stderr.starts_with("\n--out ./public.pem would replace what is to be read\n"), "{}", run.stderr);
    assert_eq!(std::fs::read(desk.path("public.pem")).unwrap(), public_key);
}

#[test]
fn the_key_transfer_file_holds_what_key_vault_opens() {
    let kid = "https://vault.example/keys/kek/0123456789abcdef";
    let byok = ["--format", "byok", "--kid", kid];
    for kind in [MaterialKind::Rsa(2048), MaterialKind::Ec(Curve::P521), MaterialKind::Aes256] {
        let key = openssl::pkcs8(kind);
        let desk = foreign(&key);
        for more in [&[][..], &["--wrapping-algorithm", "RSA_AES_KEY_WRAP_SHA_1"]] {
            desk.ok(&[&FOREIGN[..], &byok, more].concat());
            let file = std::fs::read(desk.path("blob.bin")).unwrap();
            let file: Value = serde_json::from_slice(&file).unwrap();
            let members: Vec<&String> = file.as_object().unwrap().keys().collect();
            assert_eq!(members, ["schema_version", "header", "ciphertext", "generator"]);
            assert_eq!(file["schema_version"], "1.0.0");
            assert_eq!(file["header"], json!({"kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}));
            assert_eq!(file["generator"], concat!("keyferry ", env!("CARGO_PKG_VERSION")));
            let ciphertext = Base64UrlUnpadded::decode_vec(file["ciphertext"].as_str().unwrap()).unwrap();
            assert_eq!(open(&desk, "RSA_AES_KEY_WRAP_SHA_1", &ciphertext), key, "{kind:?}");
        }
    }
}

#[test]
fn what_cannot_be_wrapped_for_another_service_is_refused_with_what_can() {
    // Of this kind every key is as long as every other.
    let desk = foreign(&openssl::pkcs8(MaterialKind::Ec(Curve::P521)));
    desk.write("31", [0xff; 31]);
    desk.write("32", [0xff; 32]);
    desk.write("private.pem", openssl::run(desk.folder(), "pkey -inform DER -in private.der", b""));
    desk.write("certificate.pem", openssl::run(desk.folder(), "req -x509 -new -key private.pem -subj /CN=x -days 1", b""));
    desk.write("ec.der", openssl::spki(&openssl::pkcs8(MaterialKind::Ec(Curve::P256))));
    desk.write("1024.der", openssl::spki(&openssl::pkcs8(MaterialKind::Rsa(1024))));
    let wrap = |public, key| {
        [
            "wrap",
            "--public-key",
            public,
            "--wrapping-algorithm",
            "RSAES_OAEP_SHA_256",
            "--out",
            "blob.bin",
            "--key-material",
            key,
        ]
        .to_vec()
    };
    let mut commands = vec![wrap("public.pem", "KEY"), wrap("public.pem", "31")];
    commands.push([&wrap("public.pem", "32")[..], &["--key-spec", "HMAC_512"]].concat());
    let publics = ["private.pem", "private.der", "certificate.pem", "ec.der", "1024.der", "31", "absent"];
    commands.extend(publics.map(|public| wrap(public, "32")));
    refuses_each(&desk, &commands, "wrap-others-refused");
    // What they lack is all that they lack.
    desk.ok(&wrap("public.pem", "32"));
}

#[test]
fn options_that_do_not_go_together_exit_with_252_and_nothing_is_written() {
    let desk = foreign(&openssl::pkcs8(MaterialKind::Aes256));
    desk.write("params.json", "{}");
    let ours = ["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", "blob.bin"];
    let with = |command: &[&'static str], more: &[&'static str]| [command, more].concat();
    let commands = [
        with(&["wrap"], &[]),
        with(&["wrap", "--key-material", "KEY", "--out", "blob.bin"], &[]),
        with(&["wrap", "--parameters", "params.json", "--out", "blob.bin"], &[]),
        with(&["wrap", "--parameters", "params.json", "--key-material", "KEY"], &[]),
        with(&["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", "-"], &[]),
        with(&FOREIGN, &[]),
        with(&FOREIGN, &["--parameters", "params.json"]),
        with(&FOREIGN, &["--wrapping-algorithm", "RSAES_PKCS1_V1_5"]),
        with(&FOREIGN, &["--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--key-spec", "ML_DSA_44"]),
        with(&FOREIGN, &["--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--kid", "x"]),
        with(&FOREIGN, &["--kid", "x"]),
        with(&FOREIGN, &["--format", "pkcs7"]),
        with(&FOREIGN, &["--format", "byok"]),
        with(&FOREIGN, &["--format", "byok", "--kid", ""]),
        with(&FOREIGN, &["--format", "byok", "--kid", "x", "--wrapping-algorithm", "RSAES_OAEP_SHA_1"]),
        with(&FOREIGN, &["--format", "byok", "--wrapping-algorithm", "RSA_AES_KEY_WRAP_SHA_1"]),
        with(&ours, &["--format", "byok"]),
        with(&ours, &["--format", "byok", "--kid", "x"]),
        with(&ours, &["--kid", "x"]),
        with(&ours, &["--key-spec", "HMAC_256"]),
        with(&ours, &["--wrapping-algorithm", "RSAES_OAEP_SHA_256"]),
        with(&ours, &["KEY"]),
    ];
    let mut transcript = Transcript::new(&desk);
    for command in commands {
        let run = transcript.expect(252, &command);
        assert_eq!(run.stdout, "", "{command:?}");
        assert!(run.stderr.contains("try '--help'"), "{command:?}: {}", run.stderr);
        assert!(!desk.path("blob.bin").exists() && !desk.path("-").exists(), "{command:?}");
    }
    transcript.golden("wrap-usage");
}
