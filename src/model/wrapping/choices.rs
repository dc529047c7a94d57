//! What to choose where there is a choice.

use super::{OaepHash, WrappingAlgorithm, WrappingKeySpec};
use crate::model::KeySpec;

/// Every wrapping that is permitted for keys of this spec, the strongest first: SHA-256 before SHA-1, then the longer RSA key,
/// then plain OAEP before the hybrid, which has one more layer and nothing to gain from it; SM2, which few services serve, last. Empty where the spec is not supported.
pub fn choices(spec: KeySpec) -> Vec<(WrappingAlgorithm, WrappingKeySpec)> {
    let all = WrappingAlgorithm::supported()
        .flat_map(|algorithm| WrappingKeySpec::ALL.iter().map(move |wrapping| (algorithm, *wrapping)));
    let mut permitted: Vec<_> = all.filter(|(algorithm, wrapping)| algorithm.permit(*wrapping, spec).is_ok()).collect();
    permitted.sort_by_key(|(algorithm, wrapping)| {
        (algorithm.oaep_hash() != Some(OaepHash::Sha256), std::cmp::Reverse(wrapping.modulus_bytes()), algorithm.is_hybrid())
    });
    permitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_wrapping_comes_first() {
        use WrappingAlgorithm::*;
        use WrappingKeySpec::*;
        #[rustfmt::skip]
        let p521 = [
            (RsaesOaepSha256, Rsa4096), (RsaAesKeyWrapSha256, Rsa4096),
            (RsaesOaepSha256, Rsa3072), (RsaAesKeyWrapSha256, Rsa3072),
            (RsaAesKeyWrapSha256, Rsa2048),
            (RsaesOaepSha1, Rsa4096), (RsaAesKeyWrapSha1, Rsa4096),
            (RsaesOaepSha1, Rsa3072), (RsaAesKeyWrapSha1, Rsa3072),
            (RsaAesKeyWrapSha1, Rsa2048),
            (Sm2pke, Sm2),
        ];
        assert_eq!(choices(KeySpec::EccNistP521), p521);
        assert_eq!(choices(KeySpec::Rsa2048)[0], (RsaAesKeyWrapSha256, Rsa4096));
        assert_eq!(choices(KeySpec::SymmetricDefault).len(), 6);
        for spec in KeySpec::ALL {
            assert_eq!(choices(*spec).is_empty(), spec.material().is_none(), "{spec}");
            for (algorithm, wrapping) in choices(*spec) {
                assert!(algorithm.permit(wrapping, *spec).is_ok(), "{spec} {algorithm} {wrapping}");
            }
        }
    }
}
