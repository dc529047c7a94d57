//! Text that may be meant in two ways: refused where nobody says how, and taken at the word where somebody does.

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, MaterialKind};
use keyferry::wrap::Format;

use super::{open, open_as, refusal};
use crate::harness::openssl::random;
use crate::openssl;

fn is_refused(file: &[u8], found: &str, advice: &str) {
    assert_eq!(refusal(file), format!("the key file is {found}; {advice}"));
}

/// What is taken where the format is said.
fn taken_as(file: &[u8], format: Format, bytes: &[u8]) {
    let kind = KeySpec::supported().filter_map(KeySpec::material).find(|kind| kind.secret_bytes() == Some(bytes.len()));
    assert_eq!(open_as(file, format).unwrap().material(kind.unwrap()).unwrap().bytes(), bytes);
}

fn rand(arguments: &str) -> Vec<u8> {
    openssl::run(std::path::Path::new("."), &format!("rand {arguments}"), b"")
}

const HEX: &str = "give a file with one key; if they are one key, say --key-material-format hex";
const BASE64: &str = "give a file with one key; if they are one key, say --key-material-format base64";
const ONE: &str = "give a file with one key";

#[test]
fn several_keys_in_a_file_are_not_joined_to_another() {
    let cases = [
        ("-hex 16", 2, 16, HEX),
        ("-hex 16", 3, 16, HEX),
        ("-hex 32", 2, 32, HEX),
        ("-hex 32", 3, 32, HEX),
        ("-hex 24", 2, 24, HEX),
        ("-base64 24", 2, 24, BASE64),
        ("-base64 48", 2, 48, BASE64),
        // Padding in the middle is no base64 at all.
        ("-base64 16", 2, 16, ONE),
        ("-base64 32", 2, 32, ONE),
        ("-base64 28", 4, 28, ONE),
    ];
    for (command, count, length, advice) in cases {
        let lines: Vec<Vec<u8>> = (0..count).map(|_| rand(command)).collect();
        let found = |word: &str| format!("{count} {word}s of text, each of which is a key of {length} bytes");
        is_refused(&lines.concat(), &found("line"), advice);
        let crlf = String::from_utf8(lines.concat()).unwrap().replace('\n', "\r\n\r\n");
        is_refused(crlf.as_bytes(), &found("line"), advice);
        if advice == HEX {
            for between in [" ", "\t", ":"] {
                let words = String::from_utf8(lines.concat()).unwrap().trim().replace('\n', between);
                is_refused(words.as_bytes(), &found("word"), advice);
            }
        }
    }
    let unequal = [rand("-hex 16"), rand("-hex 32")].concat();
    is_refused(&unequal, "2 lines of text, each of which is a key", HEX);
    let dump = " 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n".repeat(2);
    is_refused(dump.as_bytes(), "2 lines of text, each of which is a key of 16 bytes", HEX);
    let sixteen: Vec<u8> = (0..16).collect();
    taken_as(dump.as_bytes(), Format::Hex, &sixteen.repeat(2));
}

#[test]
fn one_key_that_a_tool_broke_into_lines_is_one_key() {
    let broken = |text: &str, columns: usize| {
        let lines = text.as_bytes().chunks(columns).map(|line| std::str::from_utf8(line).unwrap());
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    for kind in KeySpec::supported().filter_map(KeySpec::material) {
        let mut key = openssl::pkcs8(kind);
        if kind.secret_bytes().is_some() {
            // A sign that base64 alone has.
            key[0] = 0xff;
        }
        let is_key = |text: String| assert_eq!(open(text.as_bytes()).material(kind).unwrap().bytes(), key, "{text}");
        // `xxd -p` breaks after 30 bytes, `openssl base64` after 64 characters, `base64` after 76.
        is_key(broken(&base16ct::lower::encode_string(&key), 60));
        for columns in [64, 76] {
            is_key(broken(&Base64::encode_string(&key), columns));
        }
        if kind.secret_bytes().is_none() {
            // Every line is a key by its length; all of them together are DER.
            for columns in [32, 64] {
                is_key(broken(&base16ct::lower::encode_string(&key), columns));
            }
        }
    }
}

#[test]
fn text_inside_text_is_refused() {
    let [hex, base64] = ["-hex 32", "-base64 48"].map(|command| String::from_utf8(rand(command)).unwrap().trim().to_owned());
    let cases = [
        // As a secret of Kubernetes is written: with the line end of its file, or without.
        (Base64::encode_string(hex.as_bytes()), "base64 text of hexadecimal text", 64, "base64"),
        (Base64::encode_string(format!("{hex}\n").as_bytes()), "base64 text of hexadecimal text", 64, "base64"),
        (Base64::encode_string(&base64.as_bytes()[..32]), "base64 text of base64 text", 32, "base64"),
        (base16ct::lower::encode_string(base64.as_bytes()), "hexadecimal text of base64 text", 64, "hex"),
        (base16ct::lower::encode_string(&hex.as_bytes()[..33]), "hexadecimal text of hexadecimal text", 33, "hex"),
    ];
    for (text, found, count, format) in &cases {
        let inside = format!("if the {count} characters inside are the key itself, say --key-material-format {format}");
        is_refused(text.as_bytes(), found, &format!("decode it once, and give what comes out; {inside}"));
    }
    taken_as(cases[0].0.as_bytes(), Format::Base64, hex.as_bytes());
    taken_as(cases[3].0.as_bytes(), Format::Hex, base64.as_bytes());

    let password = "Tr0ub4dor & 3, and a horse; 1234\n";
    let text = Base64::encode_string(&password.as_bytes()[1..]);
    let advice = "a password is no key; if the 31 characters inside are the key itself, say --key-material-format base64";
    is_refused(text.as_bytes(), "base64 text of other text", advice);
    taken_as(text.as_bytes(), Format::Base64, &password.as_bytes()[1..]);
}

#[test]
fn a_password_is_no_key() {
    let cases = [
        ("one 31-character password, words\n".get(1..).unwrap(), "31", "take the line break at their end away and "),
        ("32 characters, and no line break", "32", ""),
        ("pässword of 31 letters and marks", "32", ""),
    ];
    for (text, count, cut) in cases {
        let advice = format!(
            "a password is no key; if these {count} characters are the key itself, {cut}say --key-material-format raw"
        );
        is_refused(text.as_bytes(), "text that is neither hexadecimal nor base64", &advice);
    }
    assert_eq!(cases[0].0.len(), 32);
    taken_as(cases[0].0.as_bytes(), Format::Raw, cases[0].0.as_bytes());

    // Binary all but for its end is a key, and a line break one byte in 256.
    let key = [&[0xff; 31][..], b"\n"].concat();
    assert_eq!(open(&key).description(), "32 bytes, the last of them a line break");
    taken_as(&key, Format::Auto, &key);
}

/// One in eight keys of 48 bytes is letters and digits in base64: to ask about those alone would help nobody.
#[test]
fn base64_is_base64_whatever_signs_it_has() {
    let letters = "correctHorseBatteryStaple0123456".repeat(2);
    taken_as(letters.as_bytes(), Format::Auto, &Base64::decode_vec(&letters).unwrap());
    taken_as(letters.as_bytes(), Format::Raw, letters.as_bytes());
    let mut key = random(48);
    key[0] = 0xff;
    taken_as(Base64::encode_string(&key).as_bytes(), Format::Auto, &key);
    let hex = rand("-hex 32");
    assert_eq!(open(&hex).description(), "32 bytes, hexadecimal text");
    assert!(open(&hex).specs().iter().any(|spec| spec.material() == Some(MaterialKind::Aes256)));
}
