//! Secrets agreed on with a peer: ECDH (NIST SP 800-56A §5.7.1.2) by a private key of the token.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType};
use zeroize::Zeroizing;

use super::session_object::SessionObject;
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
        let ecdh = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
        let template = templates::readable_coordinate(curve.field_bytes());
        let derived = self.with_material(key, "CKM_ECDH1_DERIVE", |key| self.session.derive_key(&ecdh, key, &template))?;
        let derived = SessionObject::new(self, derived);
        let shown = self.session.get_attributes(derived.handle, &[AttributeType::Value])?;
        let secret = shown.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(secret) => Some(Zeroizing::new(secret)),
            _ => None,
        });
        secret.filter(|secret| secret.len() == curve.field_bytes()).ok_or_else(|| {
            Error::Misbehaved(
                "it does not show a shared secret, as long as a field element, that it was asked for".to_owned(),
            )
        })
    }
}
