//! Files that are no key of use, each refused by its name: golden, to the letter.

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::super::golden::Transcript;
use super::{WRAP, openssl, saved_for};

#[test]
fn what_is_no_key_of_use_is_called_by_its_name() {
    let desk = saved_for("ECC_NIST_P256", "RSAES_OAEP_SHA_256");
    let openssl = |arguments: &str, input: &[u8]| openssl::run(desk.folder(), arguments, input);
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    desk.write("key.der", &key);
    let pem = openssl("pkey -inform DER", &key);
    desk.write("key.pem", &pem);
    desk.write("sesame", "open sesame");
    desk.write("certificate.pem", openssl("req -x509 -new -key key.pem -subj /CN=x -days 1", b""));
    desk.write("request.pem", openssl("req -new -key key.pem -subj /CN=x", b""));
    desk.write("public.pem", openssl("pkey -pubout", &pem));
    desk.write("locked.pem", openssl("pkcs8 -topk8 -passout file:sesame", &pem));
    desk.write("legacy.pem", openssl("ec -aes-256-cbc -passout file:sesame", &pem));
    desk.write("explicit.pem", openssl("ec -param_enc explicit", &pem));
    desk.write(
        "other-curve.pem",
        openssl::run(desk.folder(), "pkey -inform DER", &openssl::pkcs8(MaterialKind::Ec(Curve::P384))),
    );
    desk.write("ed25519.pem", openssl("genpkey -algorithm ED25519", b""));
    desk.write("bundle.p12", openssl("pkcs12 -export -inkey key.pem -in certificate.pem -passout file:sesame", b""));
    desk.write("short.bin", [7; 31]);
    desk.write("empty", b"");
    desk.write("words.txt", "correct horse battery staple\n");

    let mut transcript = Transcript::new(&desk);
    for file in [
        "certificate.pem",
        "request.pem",
        "public.pem",
        "locked.pem",
        "legacy.pem",
        "explicit.pem",
        "other-curve.pem",
        "ed25519.pem",
        "bundle.p12",
        "short.bin",
        "empty",
        "words.txt",
        "absent",
    ] {
        transcript.expect(255, &[&WRAP[..], &["--key-material", file]].concat());
    }
    assert!(!desk.path("blob.bin").exists());
    transcript.golden("wrap-refused");
}

#[test]
fn what_does_not_fit_is_said_with_what_would() {
    let desk = saved_for("ECC_NIST_P521", "RSAES_OAEP_SHA_256");
    desk.write("p521.der", openssl::pkcs8(MaterialKind::Ec(Curve::P521)));
    let mut transcript = Transcript::new(&desk);
    transcript.expect(255, &[&WRAP[..], &["--key-material", "p521.der"]].concat());
    transcript.golden("wrap-unfit");
}
