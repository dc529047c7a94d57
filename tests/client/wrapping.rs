//! `keyferry wrap` from a saved answer to a blob that OpenSSL opens.

mod formats;
mod others;
mod passphrases;
mod refused;
mod secrecy;
mod sources;

use base64ct::{Base64, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::{Curve, HmacHash};
use serde_json::{Value, json};

use super::desk::{Desk, Run};
use super::golden::Transcript;
use crate::openssl;

const DOMAIN: &[u8] = b"keyferry key material id v1";
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A desk with a wrapping key of 2048 bits in `private.der` and parameters for it in `params.json`, changed by `change`.
fn saved(change: impl FnOnce(&mut Value)) -> Desk {
    saved_under(2048, change)
}

/// The same with a wrapping key of so many bits.
fn saved_under(bits: usize, change: impl FnOnce(&mut Value)) -> Desk {
    let desk = Desk::bare();
    let private = openssl::pkcs8(MaterialKind::Rsa(bits));
    let mut set = json!({
        "KeyId": format!("arn:aws:kms:us-east-1:111122223333:key/{KEY}"),
        "ImportToken": "AAAA",
        "PublicKey": Base64::encode_string(&openssl::spki(&private)),
        "ParametersValidTo": "9999-01-01T00:00:00Z",
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": format!("RSA_{bits}"),
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
    let private = std::fs::read(desk.path("private.der")).unwrap();
    let bits = openssl::run(desk.folder(), "pkey -inform DER -noout -text_pub", &private);
    let bits = String::from_utf8(bits).unwrap();
    let bits: usize = bits.split(['(', ' ']).find_map(|word| word.parse().ok()).unwrap();
    let (wrapped, rest) = blob.split_at(bits / 8);
    let plain = openssl::run(desk.folder(), &command, wrapped);
    if algorithm.starts_with("RSAES") {
        assert!(rest.is_empty());
        return plain;
    }
    let kek = base16ct::lower::encode_string(&plain);
    openssl::run(desk.folder(), &format!("enc -d -id-aes256-wrap-pad -K {kek} -iv A65959A6"), rest)
}

#[test]
fn a_secret_key_is_wrapped_and_what_proves_it_is_printed() {
    let desk = saved(|_| {});
    let material = openssl::pkcs8(MaterialKind::Aes256);
    let run = wrap(&desk, &material);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), material);

    // Both values as anybody could compute them.
    let hex = base16ct::lower::encode_string(&material);
    let ecb = |blocks: &[u8]| openssl::run(desk.folder(), &format!("enc -aes-256-ecb -nopad -K {hex}"), blocks);
    let sha256 = |bytes: &[u8]| openssl::run(desk.folder(), "dgst -sha256 -binary", bytes);
    let id = id_of(&desk, "aes", &ecb(&sha256(DOMAIN)));
    let shown = json!({
        "KeyMaterialId": id,
        "KeyCheckValue": base16ct::lower::encode_string(&ecb(&[0; 16])[..3]),
        "KeyFile": "32 bytes",
        "EncryptedKeyMaterial": "blob.bin",
    });
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), shown);
}

/// The id of material, as anybody could compute it with OpenSSL.
fn id_of(desk: &Desk, kind: &str, evidence: &[u8]) -> String {
    let parts = [DOMAIN, KEY.as_bytes(), kind.as_bytes(), evidence].join(&0);
    base16ct::lower::encode_string(&openssl::run(desk.folder(), "dgst -sha256 -binary", &parts))
}

/// Each in a form that is not the one that travels, so that it is what the spec wants only once it was written anew.
#[test]
fn each_kind_of_key_is_wrapped_in_each_way_that_takes_it() {
    use MaterialKind::{Aes256, Ec, Hmac, Rsa};
    const OAEP: [&str; 2] = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];
    const HYBRID: [&str; 2] = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"];
    #[rustfmt::skip]
    let cases = [
        ("SYMMETRIC_DEFAULT", Aes256,                 2048, &OAEP[..],                   "32 bytes, hexadecimal text"),
        ("HMAC_384",          Hmac(HmacHash::Sha384), 2048, &OAEP,                       "48 bytes, hexadecimal text"),
        ("RSA_2048",          Rsa(2048),              2048, &HYBRID,                     "a PKCS#1 RSA private key of 2048 bits, PEM"),
        ("RSA_3072",          Rsa(3072),              4096, &HYBRID[1..],                "a PKCS#1 RSA private key of 3072 bits, PEM"),
        ("ECC_NIST_P521",     Ec(Curve::P521),        3072, &[OAEP, HYBRID].concat()[..], "a SEC1 EC private key on P-521, PEM"),
        ("ECC_SECG_P256K1",   Ec(Curve::K256),        2048, &[OAEP, HYBRID].concat(),    "a SEC1 EC private key on secp256k1, PEM"),
    ];
    for (spec, kind, bits, algorithms, description) in cases {
        for algorithm in algorithms {
            let desk = saved_under(bits, |set| {
                set["KeySpec"] = json!(spec);
                set["WrappingAlgorithm"] = json!(algorithm);
            });
            let key = openssl::pkcs8(kind);
            let hex = base16ct::lower::encode_string(&key);
            let (file, id) = match kind {
                Aes256 => (hex.into_bytes(), None),
                Hmac(_) => {
                    let mac = format!("dgst -sha384 -mac HMAC -macopt hexkey:{hex} -binary");
                    let mac = openssl::run(desk.folder(), &mac, DOMAIN);
                    (hex.into_bytes(), Some(id_of(&desk, "hmac", &mac)))
                }
                Rsa(_) | Ec(_) => {
                    let file = openssl::run(desk.folder(), "pkey -inform DER -traditional", &key);
                    (file, Some(id_of(&desk, "spki", &openssl::spki(&key))))
                }
            };
            let run = wrap(&desk, &file);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{spec} {algorithm}");
            assert_eq!(opened(&desk, algorithm), key, "{spec} {algorithm}");
            let shown: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(shown["KeyFile"], description);
            assert_eq!(shown.get("KeyCheckValue").is_some(), kind == Aes256, "{spec}");
            assert!(id.is_none_or(|id| shown["KeyMaterialId"] == id), "{spec}");
        }
    }
}

#[test]
fn the_answer_is_printed_in_every_format_and_a_query_takes_from_it() {
    let desk = saved(|_| {});
    desk.write("KEY", (0..32).collect::<Vec<u8>>());
    let mut transcript = Transcript::new(&desk);
    let wrap = [&WRAP[..], &["--key-material", "KEY"]].concat();
    for more in [
        &["--output", "json"][..],
        &["--output", "text"],
        &["--output", "table"],
        &["--output", "yaml"],
        &["--output", "yaml-stream"],
        &["--query", "KeyCheckValue"],
        &["--query", "[KeyCheckValue, EncryptedKeyMaterial]", "--output", "text"],
    ] {
        transcript.expect(0, &[&wrap[..], more].concat());
    }
    transcript.golden("wrap-output");
    std::fs::remove_file(desk.path("blob.bin")).unwrap();
    // What is wrong with how it is to be said is known before anything is done.
    for (code, more) in [(252, ["--query", "["]), (252, ["--output", "xml"]), (253, ["--profile", "absent"])] {
        assert_eq!(desk.run(&[&wrap[..], &more].concat()).code, code, "{more:?}");
        assert!(!desk.path("blob.bin").exists());
    }
}
