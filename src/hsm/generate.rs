//! Material made in the token, for keys of origin AWS_KMS.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};

use super::prove::{Proved, curve_params};
use super::session_object::SessionObject;
use super::{Error, Token, templates};
use crate::model::{KeyUsage, MaterialKind, ObjectId, ObjectKind};

impl Token {
    /// Makes material of this kind, proves it and keeps it on the token under `id`.
    ///
    /// # Errors
    /// Where the token does not do it. Nothing is left behind then.
    pub fn generate(&self, id: &ObjectId, kind: MaterialKind, usage: KeyUsage) -> Result<Proved, Error> {
        let in_proof = templates::material_in_proof(kind);
        let object = match kind {
            MaterialKind::Aes256 => self.secret(&Mechanism::AesKeyGen, in_proof, 32)?,
            MaterialKind::Hmac(hash) => self.secret(&Mechanism::GenericSecretKeyGen, in_proof, hash.key_bytes())?,
            MaterialKind::Rsa(bits) => self.rsa_material(bits, &without_class_and_type(in_proof))?,
            MaterialKind::Ec(curve) => {
                let mut public = templates::public_half();
                public.push(Attribute::EcParams(curve_params(curve).to_vec()));
                let private = without_class_and_type(in_proof);
                let (public, private) = self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
                let _public = SessionObject::new(self, public);
                SessionObject::new(self, private)
            }
        };
        if !self.session.get_attributes(object.handle, &[AttributeType::Local])?.contains(&Attribute::Local(true)) {
            return Err(Error::Misbehaved("it does not say of a key that it made it".to_owned()));
        }
        let proved = self.prove(&object, kind).map_err(|error| match error {
            Error::Rejected => Error::Misbehaved("it made a key that does not work".to_owned()),
            error => error,
        })?;
        self.keep(&object, id, &templates::material_to_stay(id, usage, kind), &templates::material_usage(usage, kind))?;
        Ok(proved)
    }

    /// Makes the key that authenticates import tokens and keeps it under `id`: HMAC-SHA-256, 32 bytes.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn make_mac_key(&self, id: &ObjectId) -> Result<(), Error> {
        self.make_hmac_key(id, ObjectKind::Mac, &templates::mac_key_usage())
    }

    /// Makes the key that the secrets of access keys are derived under and keeps it under `id`: HMAC-SHA-256, 32 bytes.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn make_access_keys_key(&self, id: &ObjectId) -> Result<(), Error> {
        self.make_hmac_key(id, ObjectKind::AccessKeys, &templates::derivation_key_usage())
    }

    fn make_hmac_key(&self, id: &ObjectId, kind: ObjectKind, usage: &[Attribute; 7]) -> Result<(), Error> {
        let key = self.session.generate_key(&Mechanism::GenericSecretKeyGen, &templates::hmac_key(usage))?;
        let key = SessionObject::new(self, key);
        self.require_hidden(key.handle, None)?;
        self.keep(&key, id, &templates::to_stay(id, kind), usage)
    }

    fn secret(
        &self,
        mechanism: &Mechanism<'_>,
        mut template: Vec<Attribute>,
        bytes: usize,
    ) -> Result<SessionObject<'_>, Error> {
        template.push(Attribute::ValueLen((bytes as u64).into()));
        Ok(SessionObject::new(self, self.session.generate_key(mechanism, &template)?))
    }
}

/// C_GenerateKeyPair knows class and type by its mechanism, and some tokens refuse to hear them again.
fn without_class_and_type(template: Vec<Attribute>) -> Vec<Attribute> {
    template.into_iter().filter(|a| !matches!(a, Attribute::Class(_) | Attribute::KeyType(_))).collect()
}
