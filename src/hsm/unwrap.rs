//! The five ways of wrapped material into the token, and what is done with it there before it may stay.

use cryptoki::error::Error as Pkcs11Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use zeroize::{Zeroize, Zeroizing};

use super::fault::is_stale;
use super::mechanism::{KeyWrap, oaep};
use super::prove::Proved;
use super::session_object::SessionObject;
use super::sm2pke::Ciphertext;
use super::token::not_logged_in;
use super::wrapping::without_leading_zeros;
use super::{Error, Token, oaep as padding, prove, sm2pke, templates};
use crate::model::wrapping::KEK_BYTES;
use crate::model::{KeyUsage, MaterialKind, OaepHash, ObjectId, UnwrapPath, WrappingAlgorithm};
use crate::wrap;

/// Wrapped material, and what it is to become.
#[derive(Clone, Debug)]
pub struct Import {
    /// The CKA_ID of the wrapping key's private half.
    pub wrapping_key: ObjectId,
    /// Its public half, DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// How it was wrapped.
    pub algorithm: WrappingAlgorithm,
    /// How it is to be unwrapped.
    pub path: UnwrapPath,
    /// As long as [`WrappingAlgorithm::fits`] says.
    pub ciphertext: Vec<u8>,
    /// What it must be.
    pub kind: MaterialKind,
    /// What it will be for.
    pub usage: KeyUsage,
    /// The CKA_ID that it will have.
    pub object: ObjectId,
}

/// A wrapped blob and the way it goes.
pub(super) struct Wrapped<'a> {
    pub(super) path: UnwrapPath,
    pub(super) key_wrap: Option<KeyWrap>,
    pub(super) envelope: Envelope<'a>,
    pub(super) kind: MaterialKind,
}

/// What a wrapped blob consists of.
pub(super) enum Envelope<'a> {
    /// RSA-OAEP, and, of the hybrid, RFC 5649.
    Rsa { hash: OaepHash, oaep: &'a [u8], kwp: &'a [u8] },
    /// SM2 public-key encryption.
    Sm2(Box<Ciphertext<'a>>),
}

impl<'a> Envelope<'a> {
    /// Takes a blob apart that was made with a key of this modulus, where it is an RSA key, or of this public half.
    ///
    /// # Errors
    /// [`Error::Rejected`] where it is none that a token may be shown.
    pub(super) fn read(
        algorithm: WrappingAlgorithm,
        modulus: Option<&[u8]>,
        spki: &[u8],
        blob: &'a [u8],
    ) -> Result<Self, Error> {
        if algorithm == WrappingAlgorithm::Sm2pke {
            let public = sm2pke::public_half(spki)?;
            return Ciphertext::read(&public, blob).map(|read| Self::Sm2(Box::new(read))).ok_or(Error::Rejected);
        }
        match (algorithm.oaep_hash(), modulus) {
            (Some(hash), Some(modulus)) => {
                let (oaep, kwp) = blob.split_at_checked(modulus.len()).ok_or(Error::Rejected)?;
                // Some tokens read past a blob that is too short, or take an integer that is none of RSA's: never let them see one.
                if oaep >= modulus { Err(Error::Rejected) } else { Ok(Self::Rsa { hash, oaep, kwp }) }
            }
            (Some(_), None) => Err(Error::Misbehaved("it does not show a modulus".to_owned())),
            // RSAES_PKCS1_V1_5 is withdrawn.
            (None, _) => Err(Error::Rejected),
        }
    }
}

impl Token {
    /// Unwraps material into the session, proves it and, if `accept` likes what it proved to be, keeps it on the token.
    ///
    /// # Errors
    /// [`Error::Rejected`] where the blob or the material is wrong, whatever is wrong with it. Nothing is left behind then,
    /// nor where `accept` refuses: its refusal is the inner error.
    pub fn import<E>(
        &self,
        import: &Import,
        accept: impl FnOnce(&Proved) -> Result<(), E>,
    ) -> Result<Result<Proved, E>, Error> {
        let (key, shown) = self.with_object(&import.wrapping_key, |key| {
            Ok((key, self.session.get_attributes(key, &[AttributeType::Modulus])?))
        })?;
        let modulus = shown.into_iter().find_map(|attribute| match attribute {
            Attribute::Modulus(modulus) => Some(without_leading_zeros(modulus)),
            _ => None,
        });
        let envelope = Envelope::read(import.algorithm, modulus.as_deref(), &import.spki, &import.ciphertext)?;
        let key_wrap = self.shared.key_wrap.get().copied();
        let wrapped = Wrapped { path: import.path, key_wrap, envelope, kind: import.kind };
        let epoch = self.shared.handles().epoch();
        let unwrapped = self.unwrap(key, &wrapped).and_then(|object| {
            crate::failpoint::reach("import.unwrapped");
            let proved = self.prove(&object, import.kind)?;
            Ok((object, proved))
        });
        let (object, proved) = unwrapped.map_err(|error| self.whose_fault(error, epoch))?;
        if let Err(refusal) = accept(&proved) {
            return Ok(Err(refusal));
        }
        crate::failpoint::reach("import.proved");
        let usage = templates::material_usage(import.usage, import.kind);
        self.keep(&object, &import.object, &templates::material_to_stay(&import.object, import.usage, import.kind), &usage)?;
        crate::failpoint::reach("import.kept");
        Ok(Ok(proved))
    }

    /// Unwraps material into a session object that nothing is known of yet.
    pub(super) fn unwrap(&self, key: ObjectHandle, wrapped: &Wrapped<'_>) -> Result<SessionObject<'_>, Error> {
        match (&wrapped.envelope, wrapped.path) {
            (Envelope::Rsa { hash, oaep, kwp }, _) => self.unwrap_of_rsa(key, wrapped, *hash, oaep, kwp),
            (Envelope::Sm2(ciphertext), UnwrapPath::HostSm2) => {
                let derived = self.derive_for_sm2(key, &ciphertext.points());
                let derived = derived.map_err(|error| self.of_wrapping_key(error))?;
                self.create_material(wrapped.kind, &self.open_sm2(ciphertext, &derived)?.ok_or(Error::Rejected)?)
            }
            (Envelope::Sm2(_), _) => Err(Error::Rejected),
        }
    }

    fn unwrap_of_rsa(
        &self,
        key: ObjectHandle,
        wrapped: &Wrapped<'_>,
        hash: OaepHash,
        oaep: &[u8],
        kwp: &[u8],
    ) -> Result<SessionObject<'_>, Error> {
        let in_proof = templates::material_in_proof(wrapped.kind);
        match wrapped.path {
            UnwrapPath::Direct => self.unwrap_rsa(hash, key, oaep, &in_proof),
            UnwrapPath::TwoStep => {
                let kek = self.unwrap_rsa(hash, key, oaep, &templates::kek())?;
                self.harden(&kek)?;
                self.require_length(kek.handle, KEK_BYTES)?;
                self.unwrap_under(&kek, wrapped, kwp, &in_proof)
            }
            UnwrapPath::HostKek => {
                let kek = self.decrypt_on_host(key, hash, oaep)?;
                if kek.len() != KEK_BYTES {
                    return Err(Error::Rejected);
                }
                let mut template = templates::kek();
                template.push(Attribute::Value(kek.to_vec()));
                let kek = self.create(template)?;
                self.harden(&kek)?;
                self.unwrap_under(&kek, wrapped, kwp, &in_proof)
            }
            UnwrapPath::HostMaterial => self.create_material(wrapped.kind, &self.decrypt_on_host(key, hash, oaep)?),
            UnwrapPath::HostSm2 => Err(Error::Rejected),
        }
    }

    /// Makes a session object of material that is plain on the host.
    fn create_material(&self, kind: MaterialKind, bytes: &[u8]) -> Result<SessionObject<'_>, Error> {
        let material = wrap::material(kind, bytes).map_err(|_| Error::Rejected)?;
        let mut template = templates::material_in_proof(kind);
        match kind {
            MaterialKind::Aes256 | MaterialKind::Hmac(_) => template.push(Attribute::Value(material.bytes().to_vec())),
            MaterialKind::Ec(curve) => {
                let scalar = material.ec_scalar().ok_or(Error::Rejected)?;
                template.push(Attribute::EcParams(prove::curve_params(curve).to_vec()));
                template.push(Attribute::Value(scalar.to_vec()));
            }
            MaterialKind::Rsa(_) => {
                let numbers = material.rsa_numbers().ok_or(Error::Rejected)?;
                template.extend([
                    Attribute::Modulus(numbers.modulus.as_bytes().to_vec()),
                    Attribute::PublicExponent(numbers.public_exponent.as_bytes().to_vec()),
                    Attribute::PrivateExponent(numbers.private_exponent.as_bytes().to_vec()),
                    Attribute::Prime1(numbers.prime1.as_bytes().to_vec()),
                    Attribute::Prime2(numbers.prime2.as_bytes().to_vec()),
                    Attribute::Exponent1(numbers.exponent1.as_bytes().to_vec()),
                    Attribute::Exponent2(numbers.exponent2.as_bytes().to_vec()),
                    Attribute::Coefficient(numbers.coefficient.as_bytes().to_vec()),
                ]);
            }
        }
        self.create(template)
    }

    fn unwrap_under(
        &self,
        kek: &SessionObject<'_>,
        wrapped: &Wrapped<'_>,
        blob: &[u8],
        template: &[Attribute],
    ) -> Result<SessionObject<'_>, Error> {
        let key_wrap = wrapped.key_wrap.ok_or_else(|| Error::Misbehaved("no mechanism for RFC 5649".to_owned()))?;
        let unwrapped = self.session.unwrap_key(&key_wrap.mechanism(), kek.handle, blob, template)?;
        Ok(SessionObject::new(self, unwrapped))
    }

    fn unwrap_rsa(
        &self,
        hash: OaepHash,
        key: ObjectHandle,
        blob: &[u8],
        template: &[Attribute],
    ) -> Result<SessionObject<'_>, Error> {
        let unwrapped = self.session.unwrap_key(&oaep(hash), key, blob, template);
        Ok(SessionObject::new(self, unwrapped.map_err(|error| self.of_wrapping_key(error))?))
    }

    fn decrypt_on_host(&self, key: ObjectHandle, hash: OaepHash, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let decrypted = self.session.decrypt(&Mechanism::RsaX509, key, ciphertext);
        let decrypted = decrypted.map_err(|error| self.of_wrapping_key(error))?;
        let decrypted = Zeroizing::new(decrypted);
        padding::decode_short(hash, ciphertext.len(), &decrypted).ok_or(Error::Rejected)
    }

    /// Makes a session object of a template that holds a secret, and wipes the template.
    fn create(&self, mut template: Vec<Attribute>) -> Result<SessionObject<'_>, Error> {
        let created = self.session.create_object(&template);
        for attribute in &mut template {
            if let Attribute::Value(secret)
            | Attribute::PrivateExponent(secret)
            | Attribute::Prime1(secret)
            | Attribute::Prime2(secret)
            | Attribute::Exponent1(secret)
            | Attribute::Exponent2(secret)
            | Attribute::Coefficient(secret) = attribute
            {
                secret.zeroize();
            }
        }
        Ok(SessionObject::new(self, created?))
    }

    /// What an error means that came of using the wrapping key itself: it may have been destroyed by whoever consumed it.
    fn of_wrapping_key(&self, error: Pkcs11Error) -> Error {
        if !is_stale(&error) {
            return Error::from(error);
        }
        match self.require_login() {
            Ok(()) => Error::Stale(error),
            Err(gone) => gone,
        }
    }

    /// Whose fault an error is that a ciphertext, or what came out of it, may have led to: bad ciphertext and a sick token share
    /// return codes. Anything that only some plaintexts lead to would tell about the plaintext, so whatever it is, if the token still
    /// works then it was the blob.
    ///
    /// But where the login or a session was lost since the handles were in `epoch`, it was that: no plaintext leads to it.
    pub(super) fn whose_fault(&self, error: Error, epoch: u64) -> Error {
        match error {
            Error::Busy
            | Error::Hanging
            | Error::Host(_)
            | Error::Lacks(_)
            | Error::Missing(_)
            | Error::Rejected
            | Error::Stale(_)
            | Error::Stopped => error,
            Error::Failed(_) | Error::Full(_) | Error::Gone(_) | Error::Misbehaved(_) => {
                self.spoiled.set(self.spoiled.get() || matches!(error, Error::Gone(_)));
                match self.self_test() {
                    Ok(()) if self.shared.handles().epoch() != epoch => not_logged_in(),
                    Ok(()) => {
                        if let Error::Misbehaved(what) = &error {
                            tracing::warn!(what, "material is refused");
                        }
                        Error::Rejected
                    }
                    Err(Error::Failed(sick)) => Error::Gone(sick),
                    Err(sick) => sick,
                }
            }
        }
    }
}
