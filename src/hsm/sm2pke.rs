//! The host's half of SM2 decryption (GB/T 32918.4 §7.1, GM/T 0003.4): the token multiplies points by its key and shows x of what comes
//! of it. y is one of two, and x alone would take −C1 for C1: a second product tells them apart, and the digest in the ciphertext decides.
//!
//! With the key d, its public half P and the base point G, S = d·C1 is wanted, and d·(C1 + G) = S + P: of ±S the right one is that whose
//! sum with P has the x that the token shows of the second product. The other's has it never, for −S + P = ±(S + P) means that S or P is
//! infinity. Nothing here branches or indexes on what was decrypted until it is known whether it is right.

#[cfg(test)]
mod tests;

use sm2::elliptic_curve::Group;
use sm2::elliptic_curve::point::{AffineCoordinates, DecompressPoint};
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pkcs8::DecodePublicKey;
use sm2::pke::{Cipher, Mode};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey};
use sm3::{Digest, Sm3};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::Error;

/// The first byte of the ASN.1 form (GM/T 0009 §7.2), a SEQUENCE, and of the raw one, an uncompressed point.
const ASN1: u8 = 0x30;
const RAW: u8 = 0x04;

/// A ciphertext whose point is on the curve, and what is to be asked of the key that it is for.
pub(super) struct Ciphertext<'a> {
    cipher: Cipher<'a>,
    /// The point that is multiplied beside its own: C1 + G, and C1 − G where that would be infinity.
    beside: ProjectivePoint,
    /// What the key makes of the difference of the two points: its public half, or the negative of it.
    step: ProjectivePoint,
}

impl<'a> Ciphertext<'a> {
    /// Reads either form: SEQUENCE { x INTEGER, y INTEGER, digest OCTET STRING, ciphertext OCTET STRING } in DER, or C1 ‖ C3 ‖ C2 with
    /// C1 uncompressed. `public` is the public half of the key that is to open it. `None` where it is neither, its point is not on the
    /// curve, or it holds nothing.
    pub(super) fn read(public: &PublicKey, bytes: &'a [u8]) -> Option<Self> {
        let cipher = match *bytes.first()? {
            ASN1 => <Cipher<'a> as der::Decode>::from_der(bytes).ok()?,
            RAW => Cipher::from_slice(bytes, Mode::C1C3C2).ok()?,
            _ => return None,
        };
        if cipher.c2().is_empty() {
            return None;
        }
        let (point, public) = (ProjectivePoint::from(*cipher.c1()), public.to_projective());
        let (next, before) = (point + ProjectivePoint::GENERATOR, point - ProjectivePoint::GENERATOR);
        let (beside, step) = if next.is_identity().into() { (before, -public) } else { (next, public) };
        Some(Self { cipher, beside, step })
    }

    /// The points that the token is to multiply by its key, uncompressed (SEC 1 §2.3.3): its point C1, and one beside it.
    pub(super) fn points(&self) -> [Vec<u8>; 2] {
        let points = [*self.cipher.c1(), self.beside.to_affine()];
        points.map(|point| point.to_sec1_point(false).as_bytes().to_vec())
    }

    /// What is in it, by the x coordinates of the key times its two points; `None` where it is not right.
    pub(super) fn open(&self, [x, x_beside]: [&[u8]; 2]) -> Option<Zeroizing<Vec<u8>>> {
        let x = Zeroizing::new(FieldBytes::try_from(x).ok()?);
        let shared = Zeroizing::new(Option::<AffinePoint>::from(AffinePoint::decompress(&x, Choice::from(0)))?);
        let shared = Zeroizing::new(ProjectivePoint::from(*shared));
        let negative = Zeroizing::new(-*shared);
        let (first, second) = (self.leads_to(&shared, x_beside), self.leads_to(&negative, x_beside));
        let shared = Zeroizing::new(ProjectivePoint::conditional_select(&shared, &negative, second));
        let (opened, is_right) = self.open_with(&Zeroizing::new(shared.to_affine()));
        bool::from(is_right & (first | second)).then_some(opened)
    }

    /// Whether the token's second product follows from this point as the first.
    fn leads_to(&self, shared: &ProjectivePoint, x_beside: &[u8]) -> Choice {
        let sum = Zeroizing::new(*shared + self.step);
        let x = Zeroizing::new(Zeroizing::new(sum.to_affine()).x());
        x.as_slice().ct_eq(x_beside) & !sum.is_identity()
    }

    /// What the ciphertext decrypts to under a shared point, and whether that is what was encrypted.
    fn open_with(&self, shared: &AffinePoint) -> (Zeroizing<Vec<u8>>, Choice) {
        let (x, y) = (Zeroizing::new(shared.x()), Zeroizing::new(shared.y()));
        let mut plain = Zeroizing::new(self.cipher.c2().to_vec());
        let masked = mask(&mut plain, [&x, &y]);
        let mut digest = Sm3::new().chain_update(x.as_slice()).chain_update(&*plain).chain_update(y.as_slice()).finalize();
        let is_right = digest.ct_eq(self.cipher.c3()) & masked;
        digest.zeroize();
        (plain, is_right)
    }
}

/// The public half of a key on the curve that `spki`, a DER SubjectPublicKeyInfo on record, is.
///
/// # Errors
/// Where it is none.
pub(super) fn public_half(spki: &[u8]) -> Result<PublicKey, Error> {
    PublicKey::from_public_key_der(spki).map_err(|error| Error::Host(format!("an SM2 public key on record: {error}")))
}

/// XORs the KDF of a shared point's coordinates into `target` (GB/T 32918.4 §5.4.3); whether any bit of it was set, as it must be.
fn mask(target: &mut [u8], [x, y]: [&FieldBytes; 2]) -> Choice {
    let mut any = 0;
    for (counter, chunk) in (1u32..).zip(target.chunks_mut(<Sm3 as Digest>::output_size())) {
        let hash = Sm3::new().chain_update(x).chain_update(y).chain_update(counter.to_be_bytes());
        let mut block = hash.finalize();
        for (byte, mask) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= mask;
            any |= mask;
        }
        block.zeroize();
    }
    !any.ct_eq(&0)
}
