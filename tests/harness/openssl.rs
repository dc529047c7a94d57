//! OpenSSL's command line: the independent half of every proof. Keys are made, wrapped and checked here, never by the token.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use der::Encode;
use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{MaterialKind, OaepHash, SignatureHash, SignatureScheme};
use tempfile::TempDir;

/// Files for one call.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn content(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }
}

fn try_run(arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).output().expect("openssl is not installed: `make test` says how to get it")
}

fn run(arguments: &[&str]) -> Vec<u8> {
    let output = try_run(arguments);
    assert!(output.status.success(), "openssl {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A fresh EC private key, or the one RSA private key of this length that this process makes, as unencrypted PKCS#8 DER.
pub fn private_key(kind: MaterialKind) -> Vec<u8> {
    match kind {
        MaterialKind::Rsa(bits) => rsa_private_key(bits),
        MaterialKind::Ec(curve) => ec_private_key(curve),
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => panic!("{kind:?} is no private key"),
    }
}

/// One key, made by whoever asks first, while others wait for it and not for keys of other lengths.
type Made = Arc<OnceLock<Vec<u8>>>;

/// The RSA private key of this length: making one of 4096 bits takes seconds, and no test needs two.
fn rsa_private_key(bits: usize) -> Vec<u8> {
    static MADE: Mutex<BTreeMap<usize, Made>> = Mutex::new(BTreeMap::new());
    let made = MADE.lock().unwrap().entry(bits).or_default().clone();
    made.get_or_init(|| fresh_rsa_private_key(bits)).clone()
}

/// A fresh RSA private key, as PKCS#8 DER.
pub fn fresh_rsa_private_key(bits: usize) -> Vec<u8> {
    genpkey(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")])
}

/// An RSA private key whose public exponent is 3, as PKCS#8 DER.
pub fn weak_rsa_private_key(bits: usize) -> Vec<u8> {
    let length = format!("rsa_keygen_bits:{bits}");
    genpkey(&["-algorithm", "RSA", "-pkeyopt", &length, "-pkeyopt", "rsa_keygen_pubexp:3"])
}

fn ec_private_key(curve: Curve) -> Vec<u8> {
    genpkey(&["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")])
}

/// What `genpkey` makes of these arguments, as PKCS#8 DER: by way of `pkcs8`, for what `genpkey` itself writes as DER is PKCS#1 or
/// SEC1 in OpenSSL 3.0.
pub fn genpkey(arguments: &[&str]) -> Vec<u8> {
    let scratch = Scratch::new();
    let pem = scratch.path("key.pem");
    run(&[&["genpkey", "-out", &pem], arguments].concat());
    run(&["pkcs8", "-topk8", "-nocrypt", "-in", &pem, "-outform", "DER"])
}

/// The public half of a PKCS#8 private key, DER SubjectPublicKeyInfo.
pub fn public_key(pkcs8: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    run(&["pkey", "-inform", "DER", "-in", &scratch.file("key.der", pkcs8), "-pubout", "-outform", "DER"])
}

/// RSA-OAEP under a public key, MGF1 with the same hash.
pub fn oaep(spki: &[u8], hash: OaepHash, plaintext: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let (key, plain) = (scratch.file("public.der", spki), scratch.file("plain", plaintext));
    let md = match hash {
        OaepHash::Sha1 => "rsa_oaep_md:sha1",
        OaepHash::Sha256 => "rsa_oaep_md:sha256",
    };
    let mgf1 = md.replace("oaep", "mgf1");
    let padding = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", md, "-pkeyopt", &mgf1];
    run(&[&["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", &key, "-in", &plain], &padding[..]].concat())
}

/// SM2 public-key encryption, in ASN.1.
pub fn sm2pke(spki: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let (key, plain) = (scratch.file("public.der", spki), scratch.file("plain", plaintext));
    run(&["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", &key, "-in", &plain])
}

/// What SM2 encrypted, by the PKCS#8 private key.
pub fn sm2pke_opened(pkcs8: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let (key, ciphertext) = (scratch.file("private.der", pkcs8), scratch.file("ciphertext", ciphertext));
    run(&["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", &key, "-in", &ciphertext])
}

/// AES-KWP (RFC 5649) under a 256-bit key.
pub fn kwp(kek: &[u8; 32], plaintext: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let plain = scratch.file("plain", plaintext);
    run(&["enc", "-id-aes256-wrap-pad", "-K", &hex(kek), "-iv", "A65959A6", "-in", &plain])
}

/// AES-256 in counter mode from this first counter block: what GCM encrypts with.
pub fn aes_ctr(key: &[u8], counter: &[u8; 16], input: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    run(&["enc", "-aes-256-ctr", "-K", &hex(key), "-iv", &hex(counter), "-in", &scratch.file("plain", input)])
}

/// HMAC, in full length.
pub fn hmac(hash: HmacHash, key: &[u8], message: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let (digest, key) = (format!("-sha{}", hash.key_bytes() * 8), format!("hexkey:{}", hex(key)));
    run(&["dgst", &digest, "-mac", "HMAC", "-macopt", &key, "-binary", &scratch.file("message", message)])
}

/// How an RSA signature is padded.
#[derive(Clone, Copy)]
pub enum Padding {
    Pkcs1,
    /// MGF1 with the same hash, a salt as long as the hash.
    Pss,
}

/// Whether an RSA signature over a message, with SHA-256, is good.
pub fn rsa_verifies(spki: &[u8], padding: Padding, message: &[u8], signature: &[u8]) -> bool {
    let options: &[&str] = match padding {
        Padding::Pkcs1 => &["-sigopt", "rsa_padding_mode:pkcs1"],
        Padding::Pss => &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"],
    };
    verifies(spki, "-sha256", options, message, signature)
}

/// Whether an RSA signature over a message, by this scheme with this hash, is good.
pub fn rsa_verifies_with(
    spki: &[u8],
    scheme: SignatureScheme,
    hash: SignatureHash,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let options: &[&str] = match scheme {
        SignatureScheme::Pkcs1 => &["-sigopt", "rsa_padding_mode:pkcs1"],
        SignatureScheme::Pss => &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"],
        SignatureScheme::Ecdsa => panic!("ECDSA is not RSA"),
    };
    verifies(spki, &format!("-sha{}", hash.bytes() * 8), options, message, signature)
}

/// Whether a DER ECDSA signature over a message, with the hash of these bits, is good.
pub fn ecdsa_verifies(spki: &[u8], hash_bits: usize, message: &[u8], signature: &[u8]) -> bool {
    verifies(spki, &format!("-sha{hash_bits}"), &[], message, signature)
}

/// The DER (RFC 3279 §2.2.3) of an ECDSA signature on P-256 whose r and s are given.
pub fn ecdsa_der(signature: &[u8]) -> Vec<u8> {
    let [r, s] = [&signature[..32], &signature[32..]].map(|number| der::asn1::UintRef::new(number).unwrap());
    let mut body = r.to_der().unwrap();
    s.encode_to_vec(&mut body).unwrap();
    [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

fn verifies(spki: &[u8], digest: &str, options: &[&str], message: &[u8], signature: &[u8]) -> bool {
    let scratch = Scratch::new();
    let key = scratch.file("public.der", spki);
    let (signature, message) = (scratch.file("signature", signature), scratch.file("message", message));
    let output = try_run(
        &[&["dgst", digest, "-keyform", "DER", "-verify", &key, "-signature", &signature], options, &[&message]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        ["Verified OK", "Verification failure", "Verification Failure"].contains(&said.as_str()),
        "openssl dgst: {output:?}"
    );
    said == "Verified OK"
}

/// The shared secret (the x coordinate) of a private key and a peer's public key.
pub fn ecdh(pkcs8: &[u8], peer: &[u8]) -> Vec<u8> {
    let scratch = Scratch::new();
    let (own, peer) = (scratch.file("own.der", pkcs8), scratch.file("peer.der", peer));
    let out = scratch.path("secret");
    run(&["pkeyutl", "-derive", "-keyform", "DER", "-inkey", &own, "-peerform", "DER", "-peerkey", &peer, "-out", &out]);
    scratch.content("secret")
}

/// Random bytes, from OpenSSL; none that end in a line break, which a key file that does is told of.
pub fn random(length: usize) -> Vec<u8> {
    loop {
        let bytes = run(&["rand", &length.to_string()]);
        if !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r") {
            return bytes;
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
