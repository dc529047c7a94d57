//! Proof of RSA private keys: modulus and exponent are what the spec wants, and a signature verifies under them.

use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey;
use sha2::Sha256;

use super::super::mechanism::pss;
use super::super::session_object::SessionObject;
use super::super::{Error, Token};
use super::{Proved, challenge};
use crate::model::Evidence;
use crate::wrap::spki;

impl Token {
    pub(super) fn prove_rsa(&self, object: &SessionObject<'_>, bits: usize) -> Result<Proved, Error> {
        let (modulus, exponent) = self.rsa_public_half(object.handle)?;
        if !is_right_size(&modulus, bits) || !is_strong_exponent(&exponent) {
            return Err(Error::Rejected);
        }
        let spki = spki::rsa(&modulus, &exponent).map_err(|_| Error::Rejected)?;
        let public = PublicKey::from_public_key_der(&spki).map_err(|_| Error::Rejected)?;
        let challenge = challenge(32)?;
        // A key whose parts do not belong together is refused here or gives a signature that does not verify.
        let signature = self.session.sign(&pss(), object.handle, &challenge)?;
        public.pss_verify::<Sha256>(&challenge, &signature).map_err(|_| Error::Rejected)?;
        Ok(Proved { evidence: Evidence::Spki(spki), kcv: None })
    }
}

fn is_right_size(modulus: &[u8], bits: usize) -> bool {
    modulus.len() * 8 == bits
        && modulus.first().is_some_and(|byte| byte & 0x80 != 0)
        && modulus.last().is_some_and(|byte| byte & 1 == 1)
}

/// 2^16 < e < 2^256 and odd (FIPS 186-5 §5.4).
fn is_strong_exponent(exponent: &[u8]) -> bool {
    (3..=32).contains(&exponent.len()) && exponent.last().is_some_and(|byte| byte & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exponents_between_two_to_the_16_and_two_to_the_256_are_strong() {
        #[rustfmt::skip]
        let cases = [
            (vec![3],                 false),
            (vec![0xff, 0xff],        false), // 65535
            (vec![1, 0, 1],           true),
            (vec![1, 0, 0],           false), // even
            (vec![0xff; 32],          true),
            (vec![0xff; 33],          false),
            (vec![],                  false),
        ];
        for (exponent, strong) in cases {
            assert_eq!(is_strong_exponent(&exponent), strong, "{exponent:?}");
        }
    }
}
