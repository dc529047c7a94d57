//! Key files as their owners have them: whatever the form, recognised, and written anew as what a key wants.
//!
//! What a file is, is decided by itself and not by what is wanted of it. Everything that is no key of use is refused by its own
//! name, with what to do. This leniency is for the caller's half alone: a service takes the one form that [`super::material()`] does.

mod asn1;
mod doubt;
mod ec;
mod encrypted;
mod format;
mod jwk;
mod names;
mod opening;
mod openssh;
mod pem;
mod rsa;
mod shape;
mod text;

pub use format::Format;

use der::Encode;
use secrecy::SecretString;

use super::material::locked_material;
use super::words::plural;
use super::{Error, Locked, Material};
use crate::model::{KeySpec, MaterialKind};
use asn1::Source;

/// Asks for the passphrase, if it comes to that; `None` where there is none to be had.
type Passphrase<'a> = &'a mut dyn FnMut() -> Option<SecretString>;

/// A key that was found in a file. Prints nothing of the key.
pub struct KeyFile {
    found: Found,
    coat: String,
    /// Of text, how long it is itself: with and without the blanks around it.
    text: Option<[usize; 2]>,
}

/// A key, and the form that it had.
struct Found {
    form: &'static str,
    encrypted: bool,
    content: Content,
}

impl Found {
    fn new(form: &'static str, content: Content) -> Self {
        Self { form, encrypted: false, content }
    }

    fn bytes(bytes: Locked) -> Self {
        Self::new("", Content::Secret(bytes))
    }
}

/// What is wrapped, for whatever key it is: raw bytes, or canonical PKCS#8.
enum Content {
    Secret(Locked),
    Rsa { bits: usize, pkcs8: Locked },
    Ec { curve: crate::model::key_spec::Curve, pkcs8: Locked },
}

/// DER in pages of its own.
fn encoded(value: &impl Encode) -> der::Result<Locked> {
    let mut bytes = Locked::zeroed(u32::from(value.encoded_len()?) as usize);
    value.encode_to_slice(&mut bytes)?;
    Ok(bytes)
}

impl KeyFile {
    /// Finds the key in the bytes of a file. `passphrase` is asked once, where the key is encrypted.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Passphrase`], [`Error::WrongPassphrase`], and [`Error::Unusable`] for all that is no private or
    /// secret key that could be imported.
    pub fn open(bytes: &[u8], format: Format, passphrase: &mut dyn FnMut() -> Option<SecretString>) -> Result<Self, Error> {
        let content = text::trimmed(bytes);
        if bytes.is_empty() || (content.is_empty() && format != Format::Raw) {
            return Err(Error::Empty);
        }
        let (found, coat) = match format {
            Format::Auto => return opening::any(bytes, passphrase),
            Format::Hex => return opening::hex(bytes, passphrase)?.ok_or_else(|| opening::other_than("hexadecimal text")),
            Format::Base64 => return opening::base64(bytes, passphrase)?.ok_or_else(|| opening::other_than("base64 text")),
            Format::Raw => (Found::bytes(bytes.into()), ", raw"),
            Format::Der => (asn1::read(bytes, Source::DER, passphrase)?, ", DER"),
            Format::Jwk if jwk::is_json(content) => (jwk::read(content)?, ""),
            Format::Jwk => return Err(opening::other_than("JSON object")),
            Format::OpenSsh => (openssh::in_pem(bytes, passphrase)?, ", PEM"),
            Format::Pem if pem::is_in(bytes) => (pem::read(bytes, passphrase)?, ", PEM"),
            Format::Pem => return Err(opening::other_than("PEM")),
        };
        Ok(Self { found, coat: coat.into(), text: None })
    }

    /// What it is, for its owner to read: "a PKCS#8 EC private key on P-521, PEM", "32 bytes, hexadecimal text".
    pub fn description(&self) -> String {
        let key = match &self.found.content {
            Content::Secret(bytes) => {
                let form = if self.found.form.is_empty() { String::new() } else { format!(", {}", self.found.form) };
                return format!("{}{form}{}", plural(bytes.len()), self.coat);
            }
            Content::Rsa { bits, .. } => format!("RSA private key of {bits} bits"),
            Content::Ec { curve, .. } => format!("EC private key on {curve}"),
        };
        let form = match self.found.encrypted {
            true => format!("an encrypted {}", self.found.form),
            false if self.found.form == openssh::NAME => format!("an {}", self.found.form),
            false => format!("a {}", self.found.form),
        };
        format!("{form} {key}{}", self.coat)
    }

    /// The key specs whose material it can be, the usual one first; none where it is of another size.
    pub fn specs(&self) -> Vec<KeySpec> {
        KeySpec::supported().filter(|spec| spec.material().is_some_and(|kind| self.suits(kind))).collect()
    }

    fn suits(&self, kind: MaterialKind) -> bool {
        match (&self.found.content, kind) {
            (Content::Secret(bytes), kind) => kind.secret_bytes() == Some(bytes.len()),
            (Content::Rsa { bits, .. }, MaterialKind::Rsa(wanted)) => *bits == wanted,
            (Content::Ec { curve, .. }, MaterialKind::Ec(wanted)) => *curve == wanted,
            _ => false,
        }
    }

    /// The key as material of this kind: raw bytes, or PKCS#8 in the one form that is sure to fit: version 1 without attributes, the
    /// curve named once, the public point uncompressed, RSA with all the numbers of RFC 8017.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where it is of another kind or size; says which key specs it would do for.
    pub fn material(&self, kind: MaterialKind) -> Result<Material, Error> {
        if !self.suits(kind) {
            let (found, specs, hint) = (self.description(), self.specs(), self.hint(kind));
            return Err(Error::Mismatch { found, wanted: opening::wanted(kind), specs, hint });
        }
        match &self.found.content {
            Content::Secret(bytes) => locked_material(kind, bytes),
            Content::Rsa { pkcs8, .. } | Content::Ec { pkcs8, .. } => locked_material(kind, pkcs8),
        }
    }

    /// Where the text itself, and not what it stands for, may be the key.
    fn hint(&self, kind: MaterialKind) -> String {
        let cut = match (self.text, kind.secret_bytes()) {
            (Some([whole, _]), Some(wanted)) if whole == wanted => "",
            (Some([_, trimmed]), Some(wanted)) if trimmed == wanted => "take the blanks around them away and ",
            _ => return String::new(),
        };
        format!("; if these characters are the key itself, {cut}say --key-material-format raw")
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyFile({})", self.description())
    }
}
