//! PEM (RFC 7468), with what OpenSSL and people put around it: other blocks, text between them, lines of any width.

use super::asn1::{self, Source};
use super::{Found, Passphrase, names, openssh, text};
use crate::model::key_spec::Curve;
use crate::wrap::{Error, Locked};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A block: its label, and what stands between the two lines.
struct Block<'a> {
    label: &'a [u8],
    body: Option<&'a [u8]>,
}

/// Whether there is PEM in it.
pub(super) fn is_in(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn blocks(mut bytes: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    while let Some(at) = find(bytes, BEGIN) {
        bytes = &bytes[at + BEGIN.len()..];
        let end_of_label = find(bytes, DASHES).unwrap_or(bytes.len());
        let (label, rest) = bytes.split_at(end_of_label);
        let rest = rest.strip_prefix(DASHES).unwrap_or(rest);
        // What begins another block has not ended its own.
        let body = find(rest, END).filter(|end| find(rest, BEGIN).is_none_or(|next| *end < next)).map(|end| &rest[..end]);
        blocks.push(Block { label, body });
        bytes = rest;
    }
    blocks
}

/// The private key of the one block that is one.
///
/// # Errors
/// Where there is none, or more than one.
pub(super) fn read(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<Found, Error> {
    let blocks = blocks(bytes);
    let keys: Vec<&Block<'_>> = blocks.iter().filter(|block| block.label.ends_with(b"PRIVATE KEY")).collect();
    let block = match keys[..] {
        [key] => key,
        [] => return Err(no_key(blocks.first())),
        _ => return Err(Error::unusable(format!("PEM with {} private keys", keys.len()), "give a file with one of them")),
    };
    let content = content(block)?;
    if block.label == b"OPENSSH PRIVATE KEY" {
        return openssh::read(&content, passphrase);
    }
    let source = Source { curve: curve_beside(&blocks)?, ..Source::PEM };
    asn1::read(&content, source, passphrase)
}

fn no_key(block: Option<&Block<'_>>) -> Error {
    let label = block.map(|block| String::from_utf8_lossy(block.label)).unwrap_or_default();
    match &*label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Error::unusable("a certificate", names::PRIVATE),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Error::unusable("a certificate request", names::PRIVATE),
        "PUBLIC KEY" => Error::unusable("a public key", names::PRIVATE),
        "RSA PUBLIC KEY" => Error::unusable("a PKCS#1 RSA public key", names::PRIVATE),
        "EC PARAMETERS" => Error::unusable("the parameters of a curve, without a key", names::PRIVATE),
        // The label is not repeated: where PEM is broken, it may be anything.
        _ => Error::unusable("PEM without a private key", names::KINDS),
    }
}

/// The bytes of a block.
fn content(block: &Block<'_>) -> Result<Locked, Error> {
    let malformed = || Error::unusable("malformed PEM", "take another copy of the key");
    let body = block.body.ok_or_else(malformed)?.trim_ascii();
    if find(body, b"Proc-Type: 4,ENCRYPTED").is_some() {
        return Err(Error::unusable(
            "a private key in PEM with the encryption of old (RFC 1421)",
            "encrypt it anew: openssl pkcs8 -topk8 -in KEY -out KEY.pem",
        ));
    }
    let body = without_headers(body);
    let mut packed = Locked::zeroed(body.len());
    let mut count = 0;
    for byte in body.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        packed[count] = *byte;
        count += 1;
    }
    text::base64(&packed[..count]).ok_or_else(malformed)
}

/// Headers (RFC 1421 §4.6) end at an empty line.
fn without_headers(body: &[u8]) -> &[u8] {
    if !body.contains(&b':') {
        return body;
    }
    let end = find(body, b"\n\n").or_else(|| find(body, b"\n\r\n"));
    end.map_or(body, |end| &body[end..])
}

/// The curve that `openssl ecparam -genkey` writes before the key.
fn curve_beside(blocks: &[Block<'_>]) -> Result<Option<Curve>, Error> {
    let Some(block) = blocks.iter().find(|block| block.label == b"EC PARAMETERS") else { return Ok(None) };
    let parameters = content(block)?;
    let parameters = der::asn1::AnyRef::try_from(&*parameters).ok();
    asn1::named(parameters, Source::PEM)
}
