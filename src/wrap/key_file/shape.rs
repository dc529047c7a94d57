//! What DER is, seen from outside: by the kinds of the elements in its outermost sequence.

use der::asn1::AnyRef;
use der::oid::ObjectIdentifier;
use der::{Decode, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged};

/// What DER is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A form of ASN.1 that DER does not allow: lengths left open, or written longer than needed.
    Ber,
    Certificate,
    Dsa,
    Encrypted,
    Pkcs1,
    Pkcs12,
    Pkcs7,
    Pkcs8,
    PublicKey,
    Request,
    RsaPublicKey,
    Sec1,
    /// Ends before its outermost sequence does.
    Short,
    /// DER of something else.
    Unknown,
}

/// What these bytes are as DER, and how many bytes follow it; `None` where they are none at all.
pub(super) fn shape(bytes: &[u8]) -> Option<(Shape, usize)> {
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let mut reader = SliceReader::new(bytes).ok()?;
    let outer = match AnyRef::decode(&mut reader) {
        Ok(outer) => outer,
        Err(error) => return of_error(bytes, &error).map(|shape| (shape, 0)),
    };
    let rest = u32::from(reader.remaining_len()) as usize;
    let shape = match elements(outer.value()) {
        Ok(elements) => of_elements(&elements),
        Err(error) if is_ber(&error) => Shape::Ber,
        Err(_) => Shape::Unknown,
    };
    Some((shape, rest))
}

fn is_ber(error: &der::Error) -> bool {
    matches!(error.kind(), ErrorKind::IndefiniteLength | ErrorKind::Length { tag: Tag::Sequence })
}

fn of_error(bytes: &[u8], error: &der::Error) -> Option<Shape> {
    // `0x80` after the tag leaves the length open (X.690 §8.1.3.6); PKCS#12 is often written so.
    let open = bytes.starts_with(&[0x30, 0x80, 0x02, 0x01]);
    match bytes {
        [0x30, 0x80, 0x02, 0x01, 0x03, 0x30, ..] => Some(Shape::Pkcs12),
        _ if open || is_ber(error) => Some(Shape::Ber),
        // Of other beginnings one in two is long enough for what follows to be too short.
        [0x30, 0x81..=0x84, ..] => Some(Shape::Short),
        _ => None,
    }
}

/// The elements of the outermost sequence; none where it is none.
pub(super) fn elements_of(der: &[u8]) -> Vec<AnyRef<'_>> {
    AnyRef::from_der(der).ok().and_then(|outer| elements(outer.value()).ok()).unwrap_or_default()
}

fn elements(sequence: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(sequence)?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader)?);
    }
    Ok(elements)
}

fn of_elements(elements: &[AnyRef<'_>]) -> Shape {
    use Tag::{BitString, Integer, ObjectIdentifier, OctetString, Sequence};
    let tags: Vec<Tag> = elements.iter().map(Tagged::tag).collect();
    match tags[..] {
        [Integer, Sequence, OctetString, ..] => Shape::Pkcs8,
        [Integer, OctetString, ..] => Shape::Sec1,
        [Integer, Sequence] | [Integer, Sequence, Sequence] if is_content(&elements[1]) => Shape::Pkcs12,
        [Integer, Integer] => Shape::RsaPublicKey,
        [Integer, Integer, Integer, Integer, Integer, Integer] => Shape::Dsa,
        [Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, ..] => Shape::Pkcs1,
        [Sequence, OctetString] => Shape::Encrypted,
        [Sequence, BitString] => Shape::PublicKey,
        [Sequence, Sequence, BitString] if is_request(&elements[0]) => Shape::Request,
        [Sequence, Sequence, BitString] => Shape::Certificate,
        [ObjectIdentifier, Tag::ContextSpecific { .. }] if is_content_type(&elements[0]) => Shape::Pkcs7,
        _ => Shape::Unknown,
    }
}

/// ContentInfo of PKCS#7 (RFC 2315 §7): what a PFX (RFC 7292 §4) holds.
fn is_content(element: &AnyRef<'_>) -> bool {
    elements(element.value()).is_ok_and(|inner| inner.first().is_some_and(is_content_type))
}

fn is_content_type(element: &AnyRef<'_>) -> bool {
    element.decode_as::<ObjectIdentifier>().is_ok_and(|oid| oid.to_string().starts_with("1.2.840.113549.1.7."))
}

/// CertificationRequestInfo (RFC 2986 §4.1): version, name, key, attributes.
fn is_request(element: &AnyRef<'_>) -> bool {
    const ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let tags = elements(element.value()).map(|inner| inner.iter().map(Tagged::tag).collect::<Vec<Tag>>());
    tags.is_ok_and(|tags| tags == [Tag::Integer, Tag::Sequence, Tag::Sequence, ATTRIBUTES])
}
