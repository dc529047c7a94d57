//! Which lengths a ciphertext can have: what the service's arithmetic says, beside lengths counted up from the material's.
#![no_main]

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
use libfuzzer_sys::fuzz_target;

/// The reference's limit of EncryptedKeyMaterial.
const MOST: usize = 6144;

/// As long as the modulus; for the hybrid, followed by AES-KWP of one byte of material or more (RFC 5649 §4.1): 8 bytes, and the
/// material padded to a multiple of 8.
fn possible(algorithm: WrappingAlgorithm, modulus: usize, length: usize) -> bool {
    match algorithm {
        WrappingAlgorithm::RsaAesKeyWrapSha1 | WrappingAlgorithm::RsaAesKeyWrapSha256 => (1..=MOST)
            .map(|material: usize| modulus + 8 + material + (8 - material % 8) % 8)
            .take_while(|wrapped| *wrapped <= MOST)
            .any(|wrapped| wrapped == length),
        WrappingAlgorithm::Sm2pke => false,
        _ => length == modulus,
    }
}

fuzz_target!(|input: (u8, u8, u16, usize)| {
    let (algorithm, spec, short, long) = input;
    let algorithms: Vec<_> = WrappingAlgorithm::supported().collect();
    let algorithm = algorithms[usize::from(algorithm) % algorithms.len()];
    let (spec, modulus) = match spec % 4 {
        0 => (WrappingKeySpec::Rsa2048, 256),
        1 => (WrappingKeySpec::Rsa3072, 384),
        2 => (WrappingKeySpec::Rsa4096, 512),
        // A point, a digest and a byte (GB/T 32918.4 §6.1).
        _ => {
            let fits = algorithm == WrappingAlgorithm::Sm2pke && (65 + 32 + 1..=MOST).contains(&long);
            return assert_eq!(algorithm.fits(WrappingKeySpec::Sm2, long), fits, "{algorithm} {long}");
        }
    };
    for length in [usize::from(short), long] {
        assert_eq!(algorithm.fits(spec, length), possible(algorithm, modulus, length), "{algorithm} {spec} {length}");
    }
});
