//! Private keys of OpenSSH (PROTOCOL.key in its sources).

mod ecdsa;

use secrecy::ExposeSecret;
use ssh_key::private::KeypairData;
use ssh_key::{Algorithm, Cipher, Kdf, PrivateKey};

use super::rsa::{self, Numbers};
use super::{Content, Found, Passphrase, ec, names, opening, pem};
use crate::wrap::Error;

/// What its bytes begin with.
pub(super) const MAGIC: &[u8] = b"openssh-key-v1\0";

/// What such a key is called.
pub(super) const NAME: &str = "OpenSSH";
const OPENSSH: &[u8] = b"-----BEGIN OPENSSH PRIVATE KEY-----";
const FORM: &str = "an OpenSSH private key";

/// Rounds of bcrypt that a passphrase is worth: `ssh-keygen` makes 16 or 24, and 1024 take some ten seconds.
const MOST_ROUNDS: u32 = 1024;

/// The private key in the bytes of the PEM.
pub(super) fn read(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<Found, Error> {
    if let Some(content) = ecdsa::plain(bytes) {
        return Ok(Found::new(NAME, content?));
    }
    let key = PrivateKey::from_bytes(bytes).map_err(|_| malformed())?;
    supported(&key.algorithm())?;
    if !key.is_encrypted() {
        return Ok(Found::new(NAME, rsa(key.key_data())?));
    }
    bearable(&key)?;
    let passphrase = passphrase().ok_or(Error::Passphrase(FORM))?;
    let content = match ecdsa::encrypted(&key, bytes, &passphrase) {
        Some(content) => content?,
        None => match key.decrypt(passphrase.expose_secret()) {
            Ok(key) => rsa(key.key_data())?,
            Err(ssh_key::Error::Crypto) => return Err(Error::WrongPassphrase(FORM)),
            Err(_) => return Err(malformed()),
        },
    };
    Ok(Found { encrypted: true, ..Found::new(NAME, content) })
}

/// Whether the encryption is one that is read, and its passphrase not worked at for hours.
fn bearable(key: &PrivateKey) -> Result<(), Error> {
    if key.cipher() == Cipher::TdesCbc {
        return Err(malformed());
    }
    match key.kdf() {
        Kdf::Bcrypt { rounds, .. } if *rounds > MOST_ROUNDS => {
            let found = format!("{FORM} that is encrypted with {rounds} rounds of bcrypt, more than {MOST_ROUNDS}");
            let advice = "encrypt a copy of it anew, which replaces the file: ssh-keygen -p -a 16 -f COPY";
            Err(Error::unusable(found, advice))
        }
        _ => Ok(()),
    }
}

/// The private key in PEM that is OpenSSH's and no other.
pub(super) fn in_pem(bytes: &[u8], passphrase: Passphrase<'_>) -> Result<Found, Error> {
    if !bytes.windows(OPENSSH.len()).any(|window| window == OPENSSH) {
        return Err(opening::other_than("OpenSSH private key"));
    }
    pem::read(bytes, passphrase)
}

fn malformed() -> Error {
    let advice = "write a copy of it as PKCS#8, which replaces the file: ssh-keygen -p -m PKCS8 -f COPY";
    Error::unusable(format!("{FORM} that cannot be read"), advice)
}

/// Before anybody is asked for a passphrase.
fn supported(algorithm: &Algorithm) -> Result<(), Error> {
    let name = match algorithm {
        Algorithm::Rsa { .. } | Algorithm::Ecdsa { .. } => return Ok(()),
        Algorithm::Dsa => "DSA",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::SkEcdsaSha2NistP256 | Algorithm::SkEd25519 => {
            let found = format!("{FORM} of a security key, which keeps the private key itself");
            return Err(Error::unusable(found, names::KINDS));
        }
        _ => "an unknown kind",
    };
    Err(Error::unusable(format!("{FORM} of {name}"), names::KINDS))
}

fn rsa(data: &KeypairData) -> Result<Content, Error> {
    let KeypairData::Rsa(pair) = data else { return Err(malformed()) };
    let (public, private) = (pair.public(), pair.private());
    rsa::key(Numbers {
        n: public.n().as_positive_bytes().ok_or_else(malformed)?,
        e: public.e().as_positive_bytes().ok_or_else(malformed)?,
        d: private.d().as_positive_bytes().ok_or_else(malformed)?,
        p: private.p().as_positive_bytes().ok_or_else(malformed)?,
        q: private.q().as_positive_bytes().ok_or_else(malformed)?,
        qinv: private.iqmp().as_positive_bytes().ok_or_else(malformed)?,
        ..Numbers::default()
    })
}
