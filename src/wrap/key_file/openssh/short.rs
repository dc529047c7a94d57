//! OpenSSH's EC keys whose scalar begins with a zero byte, as one in 256 does: OpenSSH leaves the zeros out, and `ssh-key` takes
//! no scalar of less than 32 bytes. Read here by the same document, PROTOCOL.key.

use secrecy::{ExposeSecret, SecretString};
use ssh_key::PrivateKey;

use super::{Content, MAGIC, ec};
use crate::model::key_spec::Curve;
use crate::wrap::{Error, Locked};

/// The key in a file that is not encrypted; `None` where it is no EC key.
pub(super) fn plain(bytes: &[u8]) -> Option<Result<Content, Error>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let (cipher, _kdf, _options) = (string(&mut rest)?, string(&mut rest)?, string(&mut rest)?);
    let (count, _public) = (number(&mut rest)?, string(&mut rest)?);
    let section = string(&mut rest)?;
    (cipher == b"none" && count == 1 && rest.is_empty()).then(|| key(section))?
}

/// The key in a file that is encrypted, once the passphrase is known to be right.
pub(super) fn encrypted(key: &PrivateKey, passphrase: &SecretString) -> Option<Result<Content, Error>> {
    let (secret, iv) = key.kdf().derive_key_and_iv(key.cipher(), passphrase.expose_secret()).ok()?;
    let mut section = Locked::from(key.key_data().encrypted()?);
    key.cipher().decrypt(&secret, &iv, &mut section, None).ok()?;
    self::key(&section)
}

/// The section that may be encrypted: eight bytes that tell a right passphrase, the key, and what follows it.
fn key(section: &[u8]) -> Option<Result<Content, Error>> {
    let rest = &mut section.get(8..)?;
    let (algorithm, name, point, scalar) = (string(rest)?, string(rest)?, string(rest)?, string(rest)?);
    let curve = match (algorithm, name) {
        (b"ecdsa-sha2-nistp256", b"nistp256") => Curve::P256,
        (b"ecdsa-sha2-nistp384", b"nistp384") => Curve::P384,
        (b"ecdsa-sha2-nistp521", b"nistp521") => Curve::P521,
        _ => return None,
    };
    Some(ec::key(Some(curve), scalar, &[point]))
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
