//! Proof of EC private keys, and their public half, which many tokens do not show.
//!
//! ECDH with the curve's base point gives x of the public point; one signature decides which of the two y it is, and proves
//! that the key signs. A zero scalar, a foreign curve or a broken key fails one or the other.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};

use super::super::session_object::SessionObject;
use super::super::{Error, Token};
use super::{Proved, challenge, curve};
use crate::model::Evidence;
use crate::model::key_spec::Curve;
use crate::wrap::spki;

/// How many signatures must verify. A scalar past the group order gives bad ones only now and then on some tokens.
const SIGNATURES: usize = 4;

impl Token {
    pub(super) fn prove_ec(&self, object: &SessionObject<'_>, curve: Curve) -> Result<Proved, Error> {
        self.require_curve(object, curve)?;
        let derived = self.derive_shared(object.handle, curve, &curve::base_point(curve))?;
        let x = self.coordinate(&derived, curve)?;
        let mut candidates = curve::points_at(curve, &x);
        if candidates.is_empty() {
            return Err(Error::Rejected);
        }
        for _ in 0..SIGNATURES {
            let digest = challenge(curve::digest_bytes(curve))?;
            let signed = self.session.sign(&Mechanism::Ecdsa, object.handle, &digest);
            let signature = signed?;
            candidates.retain(|point| curve::verifies(curve, point, &digest, &signature));
        }
        let [point] = &candidates[..] else { return Err(Error::Rejected) };
        let spki = spki::ec(curve, point).map_err(|_| Error::Rejected)?;
        Ok(Proved { evidence: Evidence::Spki(spki), kcv: None })
    }

    /// Tokens that show CKA_EC_PARAMS must show this curve's; of the others, ECDH tells.
    fn require_curve(&self, object: &SessionObject<'_>, curve: Curve) -> Result<(), Error> {
        let attributes = self.session.get_attributes(object.handle, &[AttributeType::EcParams])?;
        let foreign = attributes.iter().any(|attribute| {
            matches!(attribute, Attribute::EcParams(params) if !params.is_empty() && params != curve::params(curve))
        });
        if foreign { Err(Error::Rejected) } else { Ok(()) }
    }
}
