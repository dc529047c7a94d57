//! Signatures by private keys that are material. The host hashes, so that a token signs a digest whoever made it.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use der::Encode;
use der::asn1::UintRef;

use super::{Error, Token};
use crate::model::{ObjectId, SignatureHash, SignatureScheme};

impl Token {
    /// The signature of a digest, which is as long as the hash. An ECDSA signature is DER (RFC 3279 §2.2.3).
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn sign_digest(
        &self,
        key: &ObjectId,
        scheme: SignatureScheme,
        hash: SignatureHash,
        digest: &[u8],
    ) -> Result<Vec<u8>, Error> {
        if digest.len() != hash.bytes() {
            return Err(Error::Host(format!("a digest of {} bytes for {hash:?}", digest.len())));
        }
        let (name, mechanism, signed) = match scheme {
            SignatureScheme::Pkcs1 => ("CKM_RSA_PKCS", Mechanism::RsaPkcs, [digest_info(hash), digest].concat()),
            SignatureScheme::Pss => ("CKM_RSA_PKCS_PSS", pss(hash), digest.to_vec()),
            SignatureScheme::Ecdsa => ("CKM_ECDSA", Mechanism::Ecdsa, digest.to_vec()),
        };
        let signature = self.with_material(key, name, |key| self.session.sign(&mechanism, key, &signed))?;
        match scheme {
            SignatureScheme::Ecdsa => {
                ecdsa(&signature).ok_or_else(|| Error::Misbehaved("half an ECDSA signature".to_owned()))
            }
            SignatureScheme::Pkcs1 | SignatureScheme::Pss => Ok(signature),
        }
    }
}

/// The ECDSA-Sig-Value (RFC 3279 §2.2.3) of r ‖ s, of equal length each, which is what a token answers.
fn ecdsa(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at(signature.len() / 2);
    if r.len() != s.len() || r.is_empty() {
        return None;
    }
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}

fn pss(hash: SignatureHash) -> Mechanism<'static> {
    let (hash_alg, mgf) = match hash {
        SignatureHash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        SignatureHash::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
        SignatureHash::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
    };
    Mechanism::RsaPkcsPss(PkcsPssParams { hash_alg, mgf, s_len: (hash.bytes() as u64).into() })
}

/// What stands before the digest in a DigestInfo (RFC 8017 §9.2, note 1).
fn digest_info(hash: SignatureHash) -> &'static [u8] {
    match hash {
        SignatureHash::Sha256 => &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
        ],
        SignatureHash::Sha384 => &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30,
        ],
        SignatureHash::Sha512 => &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_numbers_of_an_ecdsa_signature_are_as_short_as_der_wants_them_and_never_negative() {
        assert_eq!(ecdsa(&[0, 1, 0x80, 2]), Some(vec![0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2]));
        assert_eq!(ecdsa(&[0, 0, 0, 1]), Some(vec![0x30, 6, 2, 1, 0, 2, 1, 1]));
        assert_eq!(ecdsa(&[1, 2, 3]), None);
        assert_eq!(ecdsa(&[]), None);
    }
}
