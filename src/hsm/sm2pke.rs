//! The host's half of SM2 decryption (GB/T 32918.4 §7.1, GM/T 0003.4): the token multiplies the point of a ciphertext by its key and
//! shows x of what comes of it; y is one of two, and the digest in the ciphertext decides.
//!
//! Nothing here branches or indexes on what was decrypted until it is known whether it is right, and both y are tried whichever it is.

use sm2::elliptic_curve::point::DecompressPoint;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pke::{Cipher, Mode};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint};
use sm3::{Digest, Sm3};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// The first byte of the ASN.1 form (GM/T 0009 §7.2), a SEQUENCE, and of the raw one, an uncompressed point.
const ASN1: u8 = 0x30;
const RAW: u8 = 0x04;

/// A ciphertext whose point is on the curve.
pub(super) struct Ciphertext<'a>(Cipher<'a>);

impl<'a> Ciphertext<'a> {
    /// Reads either form: SEQUENCE { x INTEGER, y INTEGER, digest OCTET STRING, ciphertext OCTET STRING } in DER, or C1 ‖ C3 ‖ C2 with
    /// C1 uncompressed. `None` where it is neither, its point is not on the curve, or it holds nothing.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let cipher = match *bytes.first()? {
            ASN1 => <Cipher<'a> as der::Decode>::from_der(bytes).ok()?,
            RAW => Cipher::from_slice(bytes, Mode::C1C3C2).ok()?,
            _ => return None,
        };
        (!cipher.c2().is_empty()).then_some(Self(cipher))
    }

    /// Its point C1, uncompressed (SEC 1 §2.3.3).
    pub(super) fn point(&self) -> Vec<u8> {
        self.0.c1().to_sec1_point(false).as_bytes().to_vec()
    }

    /// What is in it, by `x`, the x coordinate of the key times its point; `None` where it is not right under either y.
    pub(super) fn open(&self, x: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let x = Zeroizing::new(FieldBytes::try_from(x).ok()?);
        let shared: Option<AffinePoint> = AffinePoint::decompress(&x, Choice::from(0)).into();
        let shared = Zeroizing::new(ProjectivePoint::from(shared?));
        let (mut opened, mut right) = (Zeroizing::new(vec![0; self.0.c2().len()]), Choice::from(0));
        for shared in [*shared, -*shared] {
            let (plain, is_right) = self.open_with(&shared.to_affine());
            for (byte, plain) in opened.iter_mut().zip(plain.iter()) {
                byte.conditional_assign(plain, is_right);
            }
            right |= is_right;
        }
        bool::from(right).then_some(opened)
    }

    /// What the ciphertext decrypts to under a shared point, and whether that is what was encrypted.
    fn open_with(&self, shared: &AffinePoint) -> (Zeroizing<Vec<u8>>, Choice) {
        let encoded = Zeroizing::new(shared.to_sec1_point(false).to_bytes());
        let coordinates = &encoded[1..];
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let mut plain = Zeroizing::new(self.0.c2().to_vec());
        let masked = mask(&mut plain, coordinates);
        let mut digest = Sm3::new().chain_update(x).chain_update(&*plain).chain_update(y).finalize();
        let is_right = digest.ct_eq(self.0.c3()) & masked;
        digest.zeroize();
        (plain, is_right)
    }
}

/// XORs the KDF of `shared` into `target` (GB/T 32918.4 §5.4.3); whether any bit of it was set, as it must be.
fn mask(target: &mut [u8], shared: &[u8]) -> Choice {
    let mut any = 0;
    for (counter, chunk) in (1u32..).zip(target.chunks_mut(<Sm3 as Digest>::output_size())) {
        let mut block = Sm3::new().chain_update(shared).chain_update(counter.to_be_bytes()).finalize();
        for (byte, mask) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= mask;
            any |= mask;
        }
        block.zeroize();
    }
    !any.ct_eq(&0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use sm2::SecretKey;

    use super::*;

    /// The example of GB/T 32918.5-2017 annex C.3: a key, a text, and what it is encrypted as.
    const KEY: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    const TEXT: &[u8] = b"encryption standard";
    const C1: &str = "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e8\
                      58f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0";
    const C3: &str = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766";
    const C2: &str = "21886ca989ca9c7d58087307ca93092d651efa";

    fn bytes(hex: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(hex).unwrap()
    }

    fn raw() -> Vec<u8> {
        [C1, C3, C2].map(bytes).concat()
    }

    /// As a token shows it.
    fn shared_x(ciphertext: &Ciphertext<'_>) -> Vec<u8> {
        let key = SecretKey::from_slice(&bytes(KEY)).unwrap();
        let shared = (ProjectivePoint::from(*ciphertext.0.c1()) * *key.to_nonzero_scalar()).to_affine();
        shared.to_sec1_point(false).as_bytes()[1..33].to_vec()
    }

    #[test]
    fn the_standards_example_is_opened_in_either_form() {
        let raw = raw();
        let ciphertext = Ciphertext::read(&raw).unwrap();
        assert_eq!(ciphertext.point(), bytes(C1));
        let x = shared_x(&ciphertext);
        assert_eq!(**ciphertext.open(&x).unwrap(), *TEXT);
        let der = der::Encode::to_der(&ciphertext.0).unwrap();
        assert_eq!(**Ciphertext::read(&der).unwrap().open(&x).unwrap(), *TEXT);
    }

    #[test]
    fn no_bit_of_a_ciphertext_may_be_changed() {
        let good = raw();
        let x = shared_x(&Ciphertext::read(&good).unwrap());
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Ciphertext::read(&bad).and_then(|ciphertext| ciphertext.open(&x)).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_ciphertext_is_not_read() {
        let good = raw();
        let mut off_the_curve = good.clone();
        off_the_curve[64] ^= 1;
        let der = der::Encode::to_der(&Ciphertext::read(&good).unwrap().0).unwrap();
        let longer = [&der[..], &[0]].concat();
        for bad in [&[][..], &[4], &[0x30], &good[..97], &off_the_curve, &good[1..], &der[..der.len() - 1], &longer] {
            assert!(Ciphertext::read(bad).is_none(), "{bad:?}");
        }
    }
}
