//! Nothing of a key or a passphrase is told: not in an answer, not in an error, not in what `--debug` says.

use base64ct::{Base64, Base64Url, Base64UrlUnpadded, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::super::desk::{Desk, Run};
use super::passphrases::{PASSPHRASE, locked};
use super::{WRAP, openssl, saved};

/// What was said, and what must not be in it.
struct Told {
    text: String,
    secrets: Vec<(String, String)>,
}

impl Told {
    /// No 12 bytes of the secret as anybody might print them.
    fn without(secret: &[u8]) -> Self {
        let mut secrets = Vec::new();
        for part in secret.windows(12) {
            secrets.push(("hex".to_owned(), base16ct::lower::encode_string(part)));
            secrets.push(("base64".to_owned(), Base64::encode_string(part)));
            secrets.push(("base64url".to_owned(), Base64Url::encode_string(part)));
            secrets.push(("a list".to_owned(), part.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")));
        }
        Self { text: String::new(), secrets }
    }

    /// Every way of saying it, with `--debug`.
    fn run(&mut self, desk: &Desk, arguments: &[&str]) -> Run {
        let run = desk.run(&[arguments, &["--debug", "--output", "yaml"]].concat());
        assert!(run.stderr.contains("DEBUG keyferry"), "{}", run.stderr);
        self.text.push_str(&run.stdout);
        self.text.push_str(&run.stderr);
        run
    }

    #[track_caller]
    fn holds_none(&self) {
        let text = [self.text.clone(), self.text.to_lowercase().replace([':', '\n'], "")];
        for (name, secret) in &self.secrets {
            assert!(text.iter().all(|text| !text.contains(secret)), "{secret} in {name}: {}", self.text);
        }
    }
}

#[test]
fn nothing_of_a_secret_key_is_told() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let (hex, base64) = (base16ct::lower::encode_string(&key), Base64::encode_string(&key));
    let jwk =
        |kind: &str| format!("{{\"kty\":\"{kind}\",\"k\":\"{}\"}}", Base64UrlUnpadded::encode_string(&key)).into_bytes();
    #[rustfmt::skip]
    let files = [
        (0,   key.clone()), (0, hex.clone().into_bytes()), (0, base64.clone().into_bytes()), (0, jwk("oct")),
        // Too long, too short, of an odd number of digits, twice, cut, of another kind, no PEM, no DER.
        (255, [&key[..], &[0]].concat()), (255, key[1..].to_vec()), (255, hex.as_bytes()[1..].to_vec()),
        (255, format!("{hex}\n{hex}\n").into_bytes()), (255, base64.as_bytes()[1..].to_vec()), (255, jwk("RSA")),
        (255, jwk("oct")[1..].to_vec()), (255, format!("-----BEGIN PRIVATE KEY-----\n{base64}\n").into_bytes()),
        (255, [&[0x30, 0x7e], &key[..], &key, &key, &key[2..]].concat()),
    ];
    let mut told = Told::without(&key);
    for (code, file) in files {
        desk.write("KEY", &file);
        let run = told.run(&desk, &[&WRAP[..], &["--key-material", "KEY"]].concat());
        assert_eq!(run.code, code, "{file:x?}: {}", run.stderr);
        for format in ["raw", "hex", "base64", "pem", "der", "jwk", "openssh"] {
            told.run(&desk, &[&WRAP[..], &["--key-material", "KEY", "--key-material-format", format]].concat());
        }
    }
    told.holds_none();
}

#[test]
fn nothing_of_a_private_key_or_its_passphrase_is_told() {
    let (desk, key) = locked();
    let wrap = |file| [&WRAP[..], &["--key-material", file]].concat();
    desk.write("der", &key);
    desk.write("pem", openssl::run(desk.folder(), "pkey -inform DER", &key));
    desk.write("sec1", openssl::run(desk.folder(), "ec -inform DER -no_public", &key));
    desk.write("cut", &key[..100]);
    desk.write("other", openssl::run(desk.folder(), "pkey -inform DER -ec_param_enc explicit", &key));
    desk.write("wrong", format!("{PASSPHRASE}!\n"));
    // The scalar of a key on P-256 in OpenSSL's PKCS#8 (RFC 5915).
    let mut told = Told::without(&key[36..68]);
    for (file, code) in [("der", 0), ("pem", 0), ("sec1", 0), ("cut", 255), ("other", 255)] {
        assert_eq!(told.run(&desk, &wrap(file)).code, code, "{file}");
    }
    told.run(&desk, &[&wrap("locked.pem")[..], &["--passphrase-file", "sesame"]].concat());
    told.run(&desk, &[&wrap("locked.pem")[..], &["--passphrase-file", "wrong"]].concat());
    let other = openssl::pkcs8(MaterialKind::Ec(Curve::P384));
    desk.write("p384", other);
    assert_eq!(told.run(&desk, &wrap("p384")).code, 255);
    told.holds_none();
    assert!(!told.text.contains(PASSPHRASE.trim()), "{}", told.text);
}
