//! OAEP decoding on the host, for tokens that can do raw RSA but not the hash.
//!
//! Nothing here branches or indexes on what was decrypted until it is known whether all of it is right: where the padding
//! broke must not show in the time it takes (Manger, CRYPTO 2001).

use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::model::OaepHash;

/// The message in an encoded message of as many bytes as the modulus has (RFC 8017 §7.1.2 step 3), empty label; `None` where it is not one.
pub fn decode(hash: OaepHash, encoded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match hash {
        OaepHash::Sha1 => decode_with::<Sha1>(encoded),
        OaepHash::Sha256 => decode_with::<Sha256>(encoded),
    }
}

/// As [`decode`], of what a token decrypted: some leave leading zeros out.
pub(super) fn decode_short(hash: OaepHash, modulus_bytes: usize, decrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut encoded = Zeroizing::new(vec![0; modulus_bytes]);
    let start = modulus_bytes.checked_sub(decrypted.len())?;
    encoded[start..].copy_from_slice(decrypted);
    decode(hash, &encoded)
}

fn decode_with<D: Digest>(encoded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let hash_bytes = <D as Digest>::output_size();
    if encoded.len() < 2 * hash_bytes + 2 {
        return None;
    }
    let mut encoded = Zeroizing::new(encoded.to_vec());
    let (first, rest) = encoded.split_at_mut(1);
    let (seed, block) = rest.split_at_mut(hash_bytes);
    mask::<D>(seed, block);
    mask::<D>(block, seed);

    let (label_hash, padded) = block.split_at(hash_bytes);
    let right = first[0].ct_eq(&0) & label_hash.ct_eq(&D::digest([]));
    let mut before_one = Choice::from(1);
    let mut zeros = Choice::from(1);
    let mut start = 0u32;
    for (index, byte) in (1u32..).zip(padded.iter()) {
        let one = byte.ct_eq(&1);
        zeros &= !before_one | byte.ct_eq(&0) | one;
        start = u32::conditional_select(&start, &index, before_one & one);
        before_one &= !one;
    }
    if bool::from(right & zeros & !before_one) {
        let start = usize::try_from(start).ok()?;
        Some(Zeroizing::new(padded.get(start..)?.to_vec()))
    } else {
        None
    }
}

/// XORs MGF1 of `seed` into `target` (RFC 8017 appendix B.2.1).
fn mask<D: Digest>(target: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0u32..).zip(target.chunks_mut(<D as Digest>::output_size())) {
        let mut block = D::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        for (byte, mask) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= mask;
        }
        zeroize::Zeroize::zeroize(block.as_mut_slice());
    }
}
