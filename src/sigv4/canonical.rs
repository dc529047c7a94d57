//! The canonical request: what of a request is signed, in the one way to write it that both sides agree on.

use std::collections::BTreeSet;

use http::request::Parts;
use sha2::{Digest, Sha256};

use super::{Refused, date};

/// Refuses a request that leaves unsigned what must be signed, or says to have signed what it has not.
///
/// Of the headers that clients add behind the signature's back (`user-agent`, `amz-sdk-…`), none begins with `x-amz-`.
pub(super) fn require_signed(parts: &Parts, names: &BTreeSet<String>) -> Result<(), Refused> {
    if !names.contains("host") {
        return Err(Refused::Unsigned("'Host' or ':authority'".to_owned()));
    }
    let counts = |name: &&str| name.starts_with("x-amz-") || *name == "content-type" || *name == date::header(parts);
    if let Some(name) = parts.headers.keys().map(http::HeaderName::as_str).filter(counts).find(|name| !names.contains(*name))
    {
        return Err(Refused::Unsigned(format!("'{name}'")));
    }
    let absent = |name: &&String| *name != "host" && !parts.headers.contains_key(name.as_str());
    match names.iter().find(absent) {
        // Which one is not said: the name is the caller's text, and may be anything.
        Some(_) => Err(Refused::Incomplete("A 'SignedHeader' in the AWS Authorization is not in the request.".to_owned())),
        None => Ok(()),
    }
}

/// SHA-256 of the body, in lower-case hexadecimal. What the headers say of it must be so: UNSIGNED-PAYLOAD and its like never are.
pub(super) fn hash_of(parts: &Parts, body: &[u8]) -> Result<String, Refused> {
    let hash = base16ct::lower::encode_string(&Sha256::digest(body));
    let declared = parts.headers.get_all("x-amz-content-sha256");
    if declared.iter().any(|declared| declared.as_bytes() != hash.as_bytes()) {
        return Err(Refused::AlteredBody);
    }
    Ok(hash)
}

/// The canonical request.
pub(super) fn request(parts: &Parts, names: &BTreeSet<String>, body_hash: &str) -> Vec<u8> {
    let query = parts.uri.query().unwrap_or_default();
    let mut request = format!("{}\n{}\n{}\n", parts.method, path(parts.uri.path()), self::query(query)).into_bytes();
    for name in names {
        request.extend_from_slice(name.as_bytes());
        request.push(b':');
        request.extend_from_slice(&value(parts, name));
        request.push(b'\n');
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    request.extend_from_slice(format!("\n{}\n{body_hash}", names.join(";")).as_bytes());
    request
}

/// A header's values, trimmed, runs of spaces as one, joined by commas. HTTP/2 has the host in the URI.
pub(super) fn value(parts: &Parts, name: &str) -> Vec<u8> {
    if name == "host" && !parts.headers.contains_key("host") {
        return parts.uri.authority().map(|authority| authority.as_str().as_bytes().to_vec()).unwrap_or_default();
    }
    let values = parts.headers.get_all(name).iter().map(|value| {
        let words = value.as_bytes().split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(&b' ')
    });
    values.collect::<Vec<_>>().join(&b',')
}

/// The path without what leads nowhere, encoded once more than it came.
fn path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(encoded(segment.as_bytes())),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// The parameters, sorted by what they are called and then by what they say, encoded as all must.
fn query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(&decoded(name)), encoded(&decoded(value)))
        })
        .collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// RFC 3986, section 2.3: what is not unreserved is percent-encoded, in upper case.
fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Percent-decoded; a percent sign that begins nothing is one.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let value = pair.and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    decoded
}
