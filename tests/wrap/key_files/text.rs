//! Secret keys: raw bytes, and the ways to write them as text.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, MaterialKind};
use keyferry::wrap::{Error, Format};
use proptest::prelude::*;

use super::{open, open_as, refusal};
use crate::harness::openssl::random;
use crate::openssl;

#[test]
fn a_secret_key_is_taken_raw_and_in_every_kind_of_text() {
    for spec in KeySpec::supported() {
        let kind = spec.material().unwrap();
        let Some(length) = kind.secret_bytes() else { continue };
        // Both alphabets of base64 must come up, and the bytes must be no text.
        let mut key = random(length);
        key[..4].copy_from_slice(&[0xfb, 0xff, 0xbf, 0xff]);
        let hex = base16ct::lower::encode_string(&key);
        let pairs: Vec<&str> = (0..length).map(|byte| &hex[2 * byte..2 * byte + 2]).collect();
        let wrapped = |text: String| {
            text.as_bytes().chunks(20).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\r\n")
        };
        #[rustfmt::skip]
        let files = [
            (hex.clone(), "hexadecimal"), (hex.to_uppercase(), "hexadecimal"), (format!(" \t{hex}\r\n"), "hexadecimal"),
            (format!("0x{hex}\n"), "hexadecimal"), (pairs.join(":"), "hexadecimal"), (pairs.join(" "), "hexadecimal"),
            (format!("\u{feff}{hex}"), "hexadecimal"),
            (Base64::encode_string(&key), "base64"), (Base64Unpadded::encode_string(&key), "base64"),
            (Base64Url::encode_string(&key), "base64"), (Base64UrlUnpadded::encode_string(&key), "base64"),
            (wrapped(Base64::encode_string(&key)) + "\n", "base64"),
        ];
        for (text, name) in files {
            let file = open(text.as_bytes());
            assert_eq!(file.description(), format!("{length} bytes, {name} text"), "{text:?}");
            assert_eq!(file.material(kind).unwrap().bytes(), key, "{text:?}");
            assert!(file.specs().contains(&spec));
            let format = if name == "base64" { Format::Base64 } else { Format::Hex };
            assert_eq!(open_as(text.as_bytes(), format).unwrap().material(kind).unwrap().bytes(), key, "{text:?}");
        }
        let raw = open(&key);
        assert_eq!((raw.description(), raw.material(kind).unwrap().bytes()), (format!("{length} bytes"), key.as_slice()));
    }
    assert_eq!(open(&[0xff; 32]).specs(), [KeySpec::SymmetricDefault, KeySpec::Hmac256]);
    assert_eq!(open(&[0xff; 31]).specs(), []);
}

#[test]
fn text_that_may_be_the_key_itself_is_told_from_what_it_stands_for() {
    let (aes, hmac) = (MaterialKind::Aes256, MaterialKind::Hmac(HmacHash::Sha512));
    let password = "0123456789abcdef0123456789abcdef";
    let hint = "if these characters are the key itself, say --key-material-format raw";
    let cases = [
        (
            password.to_owned(),
            aes,
            format!("16 bytes, hexadecimal text; the key wants exactly 32 bytes for AES-256; no key spec takes it; {hint}"),
        ),
        (
            "correcthorsebatterystaple0123456".into(),
            aes,
            format!("24 bytes, base64 text; the key wants exactly 32 bytes for AES-256; no key spec takes it; {hint}"),
        ),
        (
            password.repeat(2),
            hmac,
            format!(
                "32 bytes, hexadecimal text; the key wants exactly 64 bytes for HMAC_SHA_512; it would fit a key of the spec SYMMETRIC_DEFAULT or HMAC_256; {hint}"
            ),
        ),
        (
            format!("{password}\n"),
            aes,
            "16 bytes, hexadecimal text; the key wants exactly 32 bytes for AES-256; no key spec takes it; \
             if these characters are the key itself, take the blanks around them away and say --key-material-format raw"
                .into(),
        ),
        (
            "ab".repeat(31),
            aes,
            "31 bytes, hexadecimal text; the key wants exactly 32 bytes for AES-256; no key spec takes it".into(),
        ),
    ];
    for (text, kind, message) in cases {
        let refused = open(text.as_bytes()).material(kind).unwrap_err().to_string();
        assert_eq!(refused, format!("the key file is {message}"));
    }
    let raw = open_as(password.as_bytes(), Format::Raw).unwrap();
    assert_eq!((raw.description().as_str(), raw.material(aes).unwrap().bytes()), ("32 bytes, raw", password.as_bytes()));
    assert_eq!(
        refusal(b"abc"),
        "the key file is 3 hexadecimal digits, an odd number; one is missing, or one too many; \
         if these characters are the key itself, say --key-material-format raw"
    );
}

#[test]
fn a_file_of_nothing_is_empty_and_one_of_31_bytes_fits_nothing() {
    for nothing in [b"".as_slice(), b"\n", b" \r\n\t"] {
        assert_eq!(open_as(nothing, Format::Auto).unwrap_err(), Error::Empty);
    }
    assert_eq!(
        open(&[0xff; 31]).material(MaterialKind::Aes256).unwrap_err().to_string(),
        "the key file is 31 bytes; the key wants exactly 32 bytes for AES-256; no key spec takes it"
    );
}

#[test]
fn a_format_that_is_named_is_not_guessed_at() {
    let key = random(32);
    for (format, name) in [
        (Format::Hex, "hexadecimal text"),
        (Format::Base64, "base64 text"),
        (Format::Pem, "PEM"),
        (Format::OpenSsh, "OpenSSH private key"),
        (Format::Jwk, "JSON object"),
    ] {
        let message =
            format!("the key file is no {name}; leave out --key-material-format, and what it is will be found out");
        assert_eq!(open_as(&key, format).unwrap_err().to_string(), message);
    }
    assert!(matches!(open_as(&key, Format::Der), Err(Error::Unusable { .. })));
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
    assert_eq!(names, ["auto", "raw", "hex", "base64", "pem", "der", "jwk", "openssh"]);
}

/// Bytes of a secret's length are that secret, whatever DER or text they begin like.
#[test]
fn raw_bytes_that_begin_like_der_are_raw() {
    for length in [28, 32, 48, 64] {
        for second in 0..=u8::MAX {
            let mut key = vec![0x9d; length];
            (key[0], key[1]) = (0x30, second);
            assert_eq!(open(&key).description(), format!("{length} bytes"), "30 {second:02x}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_whatever_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), format in 0..Format::ALL.len()) {
        let _ = open_as(&bytes, Format::ALL[format]).map(|file| file.material(MaterialKind::Aes256));
    }

    #[test]
    fn no_text_whatever_makes_it_panic(text in "(-----BEGIN |-----END |PRIVATE KEY-----|OPENSSH |EC |\\{\"kty\":|\"oct\"|\"k\":|\\}|[ -~\n]){0,30}") {
        let _ = open_as(text.as_bytes(), Format::Auto).map(|file| file.material(MaterialKind::Aes256));
    }

    #[test]
    fn no_change_of_a_key_makes_it_panic_or_gives_another_key(at in 0usize..138, to: u8) {
        let kind = MaterialKind::Ec(keyferry::model::key_spec::Curve::P256);
        let key = fixed();
        let mut changed = key.clone();
        changed[at] = to;
        if let Ok(material) = open_as(&changed, Format::Auto).and_then(|file| file.material(kind)) {
            prop_assert_eq!(material.bytes(), key);
        }
    }
}

/// One key for all cases of a property.
fn fixed() -> Vec<u8> {
    static KEY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    KEY.get_or_init(|| openssl::pkcs8(MaterialKind::Ec(keyferry::model::key_spec::Curve::P256))).clone()
}
