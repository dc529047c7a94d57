//! Private keys as OpenSSL writes them.

use base64ct::{Base64, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;
use keyferry::wrap::{Error, Format, KeyFile};

use super::{PASSPHRASE, der_of, is_key, noun, open, open_as, pem_of, private_specs};
use crate::openssl;
use crate::wrap::scratch;

#[test]
fn pkcs8_pkcs1_and_sec1_are_taken_in_pem_der_and_text() {
    let (_guard, dir) = scratch();
    for (spec, kind) in private_specs() {
        let (key, noun) = (openssl::pkcs8(kind), noun(kind));
        let old = match kind {
            MaterialKind::Rsa(_) => "PKCS#1",
            _ => "SEC1",
        };
        let mut forms = vec![(pem_of("PRIVATE KEY", &key), key.clone(), "PKCS#8")];
        // OpenSSL writes SM2 keys in no other.
        if kind != MaterialKind::Ec(Curve::Sm2) {
            let traditional = openssl::run(&dir, "pkey -inform DER -traditional", &key);
            forms.push((traditional.clone(), der_of(&traditional), old));
        }
        for (pem, der, form) in forms {
            let is = |file: &[u8], coat: &str| is_key(file, &format!("a {form} {noun}, {coat}"), (spec, kind), &key);
            let material = is(&pem, "PEM");
            is(&der, "DER");
            is(Base64::encode_string(&der).as_bytes(), "DER in base64 text");
            is(Base64::encode_string(&pem).as_bytes(), "PEM in base64 text");
            is(base16ct::upper::encode_string(&der).as_bytes(), "DER in hexadecimal text");

            let length = match kind {
                MaterialKind::Ec(Curve::P256 | Curve::Sm2) => 138,
                MaterialKind::Ec(Curve::P384) => 185,
                MaterialKind::Ec(Curve::P521) => 241,
                MaterialKind::Ec(Curve::K256) => 135,
                _ => material.bytes().len(),
            };
            assert_eq!(material.bytes().len(), length);
            openssl::run(&dir, "pkey -inform DER -check -noout", material.bytes());
            for format in [Format::Pem, Format::Der] {
                let file = if format == Format::Pem { &pem } else { &der };
                assert_eq!(open_as(file, format).unwrap().material(kind).unwrap().bytes(), key);
            }
        }
    }
}

#[test]
fn what_openssl_leaves_out_or_adds_to_an_ec_key_changes_nothing() {
    let (_guard, dir) = scratch();
    for (spec, kind) in private_specs().filter(|(_, kind)| matches!(kind, MaterialKind::Ec(_))) {
        let (key, noun) = (openssl::pkcs8(kind), noun(kind));
        let forms: &[&str] = match kind {
            // Which OpenSSL writes in one form.
            MaterialKind::Ec(Curve::Sm2) => &[],
            _ => &["-ec_conv_form compressed", "-ec_conv_form hybrid"],
        };
        for form in forms {
            let pem = openssl::run(&dir, &format!("pkey -inform DER {form}"), &key);
            assert_ne!(der_of(&pem), key);
            is_key(&pem, &format!("a PKCS#8 {noun}, PEM"), (spec, kind), &key);
        }
        // The point left out, and the curve named in a block of its own.
        let bare = openssl::run(&dir, "ec -inform DER -no_public", &key);
        is_key(&bare, &format!("a SEC1 {noun}, PEM"), (spec, kind), &key);
        let MaterialKind::Ec(curve) = kind else { unreachable!() };
        let generated = openssl::run(&dir, &format!("ecparam -name {} -genkey", long_name(curve)), b"");
        let (parameters, form) = if curve == Curve::Sm2 { ("SM2", "PKCS#8") } else { ("EC", "SEC1") };
        assert!(generated.starts_with(format!("-----BEGIN {parameters} PARAMETERS").as_bytes()));
        let anew = openssl::run(&dir, "pkcs8 -topk8 -nocrypt -outform DER", &generated);
        is_key(&generated, &format!("a {form} {noun}, PEM"), (spec, kind), &anew);
    }
}

fn long_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "prime256v1",
        Curve::P384 => "secp384r1",
        Curve::P521 => "secp521r1",
        Curve::K256 => "secp256k1",
        Curve::Sm2 => "SM2",
    }
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase_and_with_no_other() {
    let (_guard, dir) = scratch();
    for (spec, kind) in private_specs() {
        let key = openssl::pkcs8(kind);
        let encrypt = |options: &str| {
            let command = format!("pkcs8 -topk8 -inform DER {options} -passout file:passphrase");
            std::fs::write(dir.join("passphrase"), PASSPHRASE).unwrap();
            openssl::run(&dir, &command, &key)
        };
        let description = format!("an encrypted PKCS#8 {}", noun(kind));
        is_key(&encrypt("-v2 aes-256-cbc"), &format!("{description}, PEM"), (spec, kind), &key);
        is_key(&encrypt("-v2 aes-128-cbc -outform DER"), &format!("{description}, DER"), (spec, kind), &key);
    }
    let kind = MaterialKind::Ec(Curve::P256);
    let key = openssl::pkcs8(kind);
    for options in ["-v2 des3", "-v2prf hmacWithSHA1", "-v2prf hmacWithSHA512", "-scrypt -scrypt_N 1024"] {
        let command = format!("pkcs8 -topk8 -inform DER {options} -passout pass:x");
        let file = openssl::run(&dir, &command, &key);
        let asked_with = |answer: Option<&str>| {
            let mut asked = 0;
            let opened = KeyFile::open(&file, Format::Auto, &mut || {
                asked += 1;
                answer.map(Into::into)
            });
            assert_eq!(asked, 1, "{options}");
            opened
        };
        assert_eq!(asked_with(Some("x")).unwrap().material(kind).unwrap().bytes(), key, "{options}");
        assert_eq!(asked_with(None).unwrap_err(), Error::Passphrase("a PKCS#8 private key"));
        assert_eq!(asked_with(Some("y")).unwrap_err(), Error::WrongPassphrase("a PKCS#8 private key"));
    }
    assert_eq!(
        Error::Passphrase("a PKCS#8 private key").to_string(),
        "the key file is a PKCS#8 private key that is encrypted: a passphrase is needed; type it when asked, or name its file with --passphrase-file"
    );
    assert_eq!(
        Error::WrongPassphrase("a PKCS#8 private key").to_string(),
        "the passphrase does not open the key file, which is a PKCS#8 private key"
    );
}

#[test]
fn nobody_is_asked_for_the_passphrase_of_a_key_that_has_none() {
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    KeyFile::open(&key, Format::Auto, &mut || panic!("asked")).unwrap();
}

#[test]
fn pem_is_taken_with_whatever_stands_around_it() {
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let pem = String::from_utf8(pem_of("PRIVATE KEY", &key)).unwrap();
    let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let (begin, rest) = pem.split_once('\n').unwrap();
    let (body, _) = rest.split_once("\n-----END").unwrap();
    let end = "-----END PRIVATE KEY-----";
    let cases = [
        format!("Bag Attributes: none\n{pem}{certificate}"),
        format!("{certificate}{pem}"),
        pem.replace('\n', "\r\n"),
        format!("\u{feff}\n  {pem}"),
        format!("{begin}\n{}\n{end}", body.replace('\n', "")),
        format!("{begin}\nComment: mine\n\n{body}\n{end}\n"),
        format!("{begin}\n{}\n{end}\n", body.replace('\n', "\n  ")),
    ];
    for file in cases {
        assert_eq!(open(file.as_bytes()).material(MaterialKind::Ec(Curve::P256)).unwrap().bytes(), key, "{file}");
    }
}
