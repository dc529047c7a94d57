//! Key files of every form, made by those who make them: recognised, and written anew as one and the same key.

use keyferry::model::{Evidence, KeySpec, MaterialKind};
use keyferry::wrap::{Error, Format, KeyFile, Material};

use crate::openssl;

mod broken;
mod costly;
mod doubt;
mod jwk;
mod numbers;
mod openssh;
mod private;
mod python;
mod refused;
mod text;

/// What every encrypted file here is encrypted with.
const PASSPHRASE: &str = "correct horse";

fn open_as(bytes: &[u8], format: Format) -> Result<KeyFile, Error> {
    KeyFile::open(bytes, format, &mut || Some(PASSPHRASE.into()))
}

fn open(bytes: &[u8]) -> KeyFile {
    open_as(bytes, Format::Auto).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    open_as(bytes, Format::Auto).unwrap_err().to_string()
}

/// The specs whose material is a private key.
fn private_specs() -> impl Iterator<Item = (KeySpec, MaterialKind)> {
    KeySpec::supported().map(|spec| (spec, spec.material().unwrap())).filter(|(_, kind)| kind.secret_bytes().is_none())
}

/// Opens a file and sees that it is the key of this PKCS#8, which OpenSSL wrote.
fn is_key(file: &[u8], description: &str, (spec, kind): (KeySpec, MaterialKind), pkcs8: &[u8]) -> Material {
    let key = open(file);
    assert_eq!((key.description().as_str(), key.specs()), (description, vec![spec]));
    assert_eq!(format!("{key:?}"), format!("KeyFile({description})"));
    let material = key.material(kind).unwrap();
    // OpenSSL's form is the canonical one too: nothing but the order of an RSA key's primes could differ.
    assert_eq!(material.bytes(), pkcs8, "{description}");
    assert_eq!(material.evidence(), Evidence::Spki(openssl::spki(pkcs8)), "{description}");
    material
}

/// DER of PEM, by the library's strict reader.
fn der_of(pem: &[u8]) -> Vec<u8> {
    der::Document::from_pem(std::str::from_utf8(pem).unwrap()).unwrap().1.as_bytes().to_vec()
}

fn pem_of(label: &str, der: &[u8]) -> Vec<u8> {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap().into_bytes()
}

/// A private key "of 2048 bits" or "on P-256".
fn noun(kind: MaterialKind) -> String {
    match kind {
        MaterialKind::Rsa(bits) => format!("RSA private key of {bits} bits"),
        MaterialKind::Ec(curve) => format!("EC private key on {curve}"),
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => unreachable!(),
    }
}
