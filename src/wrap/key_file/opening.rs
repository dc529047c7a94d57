//! From the outermost form inwards: text that stands for bytes, and what the bytes are.

use super::asn1::{self, Source};
use super::shape::{Shape, shape};
use super::{Content, Format, Found, KeyFile, Passphrase, doubt, jwk, names, openssh, pem, text};
use crate::model::MaterialKind;
use crate::wrap::{Error, Locked};

/// No secret key is longer: what is, and looks like DER, was meant to be DER.
const LONGEST_SECRET: usize = 64;

pub(super) fn wanted(kind: MaterialKind) -> String {
    match kind {
        MaterialKind::Aes256 => "exactly 32 bytes for AES-256".into(),
        MaterialKind::Hmac(hash) => format!("exactly {} bytes for {hash}", hash.key_bytes()),
        MaterialKind::Rsa(bits) => format!("RSA of {bits} bits"),
        MaterialKind::Ec(curve) => format!("EC on {curve}"),
    }
}

pub(super) fn other_than(name: &str) -> Error {
    Error::unusable(format!("no {name}"), "leave out --key-material-format, and what it is will be found out")
}

/// Whatever the bytes turn out to be.
pub(super) fn any(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<KeyFile, Error> {
    let content = text::trimmed(bytes);
    let plain = |found, coat: &str| KeyFile { found, coat: coat.into(), text: None };
    if let Some(refusal) = refused_text(bytes) {
        return Err(refusal);
    }
    if jwk::is_json(content) {
        return Ok(plain(jwk::read(content)?, ""));
    }
    if !pem::is_in(bytes) {
        if let Some(file) = hex(bytes, passphrase)? {
            return undoubted(file, content, Format::Hex);
        }
        if let Some(file) = base64(bytes, passphrase)? {
            return undoubted(file, content, Format::Base64);
        }
    }
    let (found, coat) = inside(bytes, passphrase)?;
    if let Content::Secret(bytes) = &found.content {
        doubt::of_bytes(bytes)?;
    }
    let broken = matches!(&found.content, Content::Secret(bytes) if bytes.ends_with(b"\n"));
    Ok(plain(found, coat.unwrap_or(if broken { ", the last of them a line break" } else { "" })))
}

fn undoubted(file: KeyFile, text: &[u8], format: Format) -> Result<KeyFile, Error> {
    if let Content::Secret(decoded) = &file.found.content {
        doubt::of_text(text, decoded, format)?;
    }
    Ok(file)
}

/// Keys of forms that are text and nothing that can be read here.
fn refused_text(bytes: &[u8]) -> Option<Error> {
    let content = text::trimmed(bytes);
    let starts = |beginnings: &[&[u8]]| beginnings.iter().any(|beginning| content.starts_with(beginning));
    if starts(&[
        b"ssh-rsa ",
        b"ssh-ed25519 ",
        b"ssh-dss ",
        b"ecdsa-sha2-",
        b"sk-ssh-",
        b"sk-ecdsa-",
        b"---- BEGIN SSH2 PUBLIC",
    ]) {
        return Some(Error::unusable("an OpenSSH public key", names::PRIVATE));
    }
    if starts(&[b"PuTTY-User-Key-File-"]) {
        let advice = "write it as OpenSSH does: puttygen KEY -O private-openssh-new -o KEY.pem";
        return Some(Error::unusable("a private key of PuTTY", advice));
    }
    let wide = |window: &[u8]| window == b"B\0E\0G\0I\0N\0";
    if bytes.windows(10).any(wide) {
        return Some(Error::unusable("PEM in UTF-16", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 KEY -o KEY.pem"));
    }
    None
}

/// What hexadecimal text stands for; `None` where it is none.
pub(super) fn hex(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<Option<KeyFile>, Error> {
    match text::hex(text::trimmed(bytes)) {
        None => Ok(None),
        Some(Ok(decoded)) => of_text(bytes, decoded, "hexadecimal text", passphrase).map(Some),
        Some(Err(digits)) => Err(Error::unusable(
            format!("{digits} hexadecimal digits, an odd number"),
            "one is missing, or one too many; if these characters are the key itself, say --key-material-format raw",
        )),
    }
}

/// What base64 text stands for; `None` where it is none.
pub(super) fn base64(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<Option<KeyFile>, Error> {
    text::base64(text::trimmed(bytes)).map(|decoded| of_text(bytes, decoded, "base64 text", passphrase)).transpose()
}

fn of_text(bytes: &[u8], decoded: Locked, name: &str, passphrase: Passphrase<'_>) -> Result<KeyFile, Error> {
    let (found, inner) = inside(&decoded, passphrase)?;
    let coat = match inner {
        Some(inner) => format!("{inner} in {name}"),
        None => format!(", {name}"),
    };
    Ok(KeyFile { found, coat, text: Some([bytes.len(), text::trimmed(bytes).len()]) })
}

/// PEM, DER or raw bytes, and which of the first two.
fn inside(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<(Found, Option<&'static str>), Error> {
    if pem::is_in(bytes) {
        return Ok((pem::read(bytes, passphrase)?, Some(", PEM")));
    }
    if bytes.starts_with(openssh::MAGIC) {
        return Ok((openssh::read(bytes, passphrase)?, Some("")));
    }
    match shape(bytes) {
        None | Some((Shape::Unknown | Shape::Short | Shape::Ber, _)) if bytes.len() <= LONGEST_SECRET => {}
        // Of random bytes one in a few hundred looks like a sequence with something behind it.
        None | Some((Shape::Unknown, 1..)) => {}
        Some((shape @ (Shape::Short | Shape::Ber | Shape::Unknown), _)) => {
            return Err(Error::unusable(names::of(shape), names::advice(shape, Source::DER.inform)));
        }
        Some(_) => return Ok((asn1::read(bytes, Source::DER, passphrase)?, Some(", DER"))),
    }
    Ok((Found::bytes(bytes.into()), None))
}
