//! Secrets agreed on with a peer: ECDH (NIST SP 800-56A §5.7.1.2) by a private key of the token.

use cryptoki::error::Error as Pkcs11Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use zeroize::Zeroizing;

use super::session_object::SessionObject;
use super::sm2pke::Ciphertext;
use super::{Error, Token, templates};
use crate::model::ObjectId;
use crate::model::key_spec::Curve;

impl Token {
    /// The x coordinate of what the key and the peer share, as long as a field element. `point` is the peer's, uncompressed, and
    /// known to be on the curve.
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn agree(&self, key: &ObjectId, curve: Curve, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let derived = self.with_material(key, "CKM_ECDH1_DERIVE", |key| self.derive_shared(key, curve, point))?;
        self.coordinate(&derived, curve)
    }

    /// An object of the session that shows x of `key` times `point`.
    pub(super) fn derive_shared(
        &self,
        key: ObjectHandle,
        curve: Curve,
        point: &[u8],
    ) -> Result<SessionObject<'_>, Pkcs11Error> {
        let ecdh = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
        let derived = self.session.derive_key(&ecdh, key, &templates::readable_coordinate(curve.field_bytes()))?;
        Ok(SessionObject::new(self, derived))
    }

    /// Objects of the session that show x of `key` times either point, both on the SM2 curve.
    pub(super) fn derive_for_sm2(
        &self,
        key: ObjectHandle,
        [point, beside]: &[Vec<u8>; 2],
    ) -> Result<[SessionObject<'_>; 2], Pkcs11Error> {
        Ok([self.derive_shared(key, Curve::Sm2, point)?, self.derive_shared(key, Curve::Sm2, beside)?])
    }

    /// What is in a ciphertext by what such objects show; `None` where it is not right.
    pub(super) fn open_sm2(
        &self,
        ciphertext: &Ciphertext<'_>,
        [derived, beside]: &[SessionObject<'_>; 2],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let (x, x_beside) = (self.coordinate(derived, Curve::Sm2)?, self.coordinate(beside, Curve::Sm2)?);
        Ok(ciphertext.open([&x, &x_beside]))
    }

    /// What such an object shows, as long as a field element.
    pub(super) fn coordinate(&self, derived: &SessionObject<'_>, curve: Curve) -> Result<Zeroizing<Vec<u8>>, Error> {
        let shown = self.session.get_attributes(derived.handle, &[AttributeType::Value])?;
        let coordinate = shown.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(coordinate) => Some(Zeroizing::new(coordinate)),
            _ => None,
        });
        coordinate.filter(|coordinate| coordinate.len() == curve.field_bytes()).ok_or_else(|| {
            Error::Misbehaved("it does not show a coordinate, as long as a field element, that it was asked for".to_owned())
        })
    }
}
