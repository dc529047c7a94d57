//! OpenSSH's EC keys, read here and not by `ssh-key`: that hands scalars about in arrays, and leaves copies of them on the stack.
//!
//! Nor does it take a scalar of less than 32 bytes, as one key in 256 has on P-256: OpenSSH leaves leading zeros out. Read by the
//! same document, PROTOCOL.key, and as strictly: the scalar itself is never anywhere but in locked pages.

use secrecy::{ExposeSecret, SecretString};
use ssh_key::PrivateKey;
use ssh_key::cipher::Tag;

use super::{Content, FORM, MAGIC, ec, malformed};
use crate::model::key_spec::Curve;
use crate::wrap::{Error, Locked};

/// Of a file without encryption. OpenSSH adds less than 8 bytes, and PuTTYgen as many as 16.
const PLAIN: Padding = Padding { block: 8, most: 16 };

/// What follows the key, so that a cipher has whole blocks.
struct Padding {
    block: usize,
    most: usize,
}

/// What stands around the section that may be encrypted.
struct Envelope<'a> {
    cipher: &'a [u8],
    public: &'a [u8],
    section: &'a [u8],
    tag: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let rest = &mut bytes.strip_prefix(MAGIC)?;
        let (cipher, _kdf, _options) = (string(rest)?, string(rest)?, string(rest)?);
        let (count, public, section) = (number(rest)?, string(rest)?, string(rest)?);
        (count == 1).then_some(Self { cipher, public, section, tag: rest })
    }
}

/// An EC key's name, curve and point, as they stand in the public and before the private key.
#[derive(Clone, Copy)]
struct Public<'a> {
    curve: Curve,
    point: &'a [u8],
}

impl<'a> Public<'a> {
    fn read(rest: &mut &'a [u8]) -> Option<Self> {
        let curve = match (string(rest)?, string(rest)?) {
            (b"ecdsa-sha2-nistp256", b"nistp256") => Curve::P256,
            (b"ecdsa-sha2-nistp384", b"nistp384") => Curve::P384,
            (b"ecdsa-sha2-nistp521", b"nistp521") => Curve::P521,
            _ => return None,
        };
        Some(Self { curve, point: string(rest)? })
    }
}

/// The key in a file that is not encrypted; `None` where it is no EC key.
pub(super) fn plain(bytes: &[u8]) -> Option<Result<Content, Error>> {
    let envelope = Envelope::of(bytes).filter(|envelope| envelope.cipher == b"none")?;
    let public = Public::read(&mut &*envelope.public)?;
    let opened = opened(envelope.section).filter(|_| envelope.tag.is_empty());
    Some(opened.and_then(|section| key(section, public, &PLAIN)).unwrap_or_else(|| Err(malformed())))
}

/// The key in a file that is encrypted; `None` where it is no EC key.
pub(super) fn encrypted(file: &PrivateKey, bytes: &[u8], passphrase: &SecretString) -> Option<Result<Content, Error>> {
    let envelope = Envelope::of(bytes)?;
    let public = Public::read(&mut &*envelope.public)?;
    let wrong = || Some(Err(Error::WrongPassphrase(FORM)));
    let cipher = file.cipher();
    // An empty passphrase is none that bcrypt takes.
    let Ok((secret, iv)) = file.kdf().derive_key_and_iv(cipher, passphrase.expose_secret()) else { return wrong() };
    let mut section = Locked::from(envelope.section);
    let tag = Tag::try_from(envelope.tag).ok();
    if cipher.decrypt(&secret, &iv, &mut section, tag).is_err() {
        return wrong();
    }
    let Some(opened) = opened(&section) else { return wrong() };
    let padding = Padding { block: cipher.block_size(), most: cipher.block_size() - 1 };
    Some(key(opened, public, &padding).unwrap_or_else(|| Err(malformed())))
}

/// What follows the two numbers that are the same where nothing is encrypted any more.
fn opened(section: &[u8]) -> Option<&[u8]> {
    let rest = &mut &*section;
    (number(rest)? == number(rest)?).then_some(*rest)
}

/// The key, a comment, and the padding 1, 2, 3 and so on; `None` where it is not built so.
fn key(mut rest: &[u8], public: Public<'_>, padding: &Padding) -> Option<Result<Content, Error>> {
    let length = rest.len() + 8;
    let rest = &mut rest;
    let inner = Public::read(rest).filter(|inner| inner.curve == public.curve)?;
    let (scalar, _comment) = (string(rest)?, string(rest)?);
    let is_padded = length.is_multiple_of(padding.block) && rest.len() <= padding.most;
    if !is_padded || !rest.iter().copied().eq(1..=u8::try_from(rest.len()).ok()?) {
        return None;
    }
    Some(ec::key(Some(public.curve), scalar, &[inner.point, public.point]))
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

/// A string of RFC 4251 §5.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (string, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(string)
}
