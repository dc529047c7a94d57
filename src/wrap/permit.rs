//! What is said of a wrapping that does not go with a key: the reference's sentence, and then what would go.

use super::Error;
use super::words::either;
use crate::model::wrapping::choices;
use crate::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};

/// Whether material of a key of this spec may be wrapped so: the compatibility matrix.
///
/// # Errors
/// [`Error::Wrapping`] where it may not: the sentence of the KMS API Reference, and what fits instead.
pub fn permit(algorithm: WrappingAlgorithm, wrapping: WrappingKeySpec, spec: KeySpec) -> Result<(), Error> {
    algorithm
        .permit(wrapping, spec)
        .map_err(|refusal| Error::Wrapping(format!("{} {}", refusal.message, advice(algorithm, wrapping, spec))))
}

fn advice(algorithm: WrappingAlgorithm, wrapping: WrappingKeySpec, spec: KeySpec) -> String {
    let choices = choices(spec);
    let mut under: Vec<WrappingKeySpec> =
        choices.iter().filter(|(other, _)| *other == algorithm).map(|(_, wrapping)| *wrapping).collect();
    under.sort_unstable();
    // Those of the best hash are enough to name.
    let best = choices.first().and_then(|(best, _)| best.oaep_hash());
    let mut with: Vec<WrappingAlgorithm> =
        choices.iter().map(|(other, _)| *other).filter(|other| *other != algorithm && other.oaep_hash() == best).collect();
    if choices.iter().any(|(_, other)| *other == wrapping) {
        with.retain(|other| choices.contains(&(*other, wrapping)));
    }
    with.dedup();
    match (under.is_empty(), with.is_empty()) {
        (true, true) => format!("No wrapping takes a key of the spec {spec}: it is not supported."),
        (false, true) => format!("Such a key fits under {}.", either(&under)),
        (true, false) => format!("Such a key fits with {}.", either(&with)),
        (false, false) => format!("Such a key fits under {}, or with {}.", either(&under), either(&with)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapping_that_does_not_go_is_refused_with_those_that_do() {
        use KeySpec::{EccNistP521, MlDsa44, Rsa2048, SymmetricDefault};
        use WrappingAlgorithm::{RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};
        let refusal =
            |algorithm: WrappingAlgorithm, wrapping, spec| permit(algorithm, wrapping, spec).unwrap_err().to_string();
        let (k2, k3) = (WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072);
        #[rustfmt::skip]
        let cases = [
            (RsaesOaepSha256, k2, EccNistP521, "Such a key fits under RSA_3072 or RSA_4096, or with RSA_AES_KEY_WRAP_SHA_256."),
            (RsaesOaepSha1, k2, EccNistP521, "Such a key fits under RSA_3072 or RSA_4096, or with RSA_AES_KEY_WRAP_SHA_256."),
            (RsaAesKeyWrapSha256, k3, SymmetricDefault, "Such a key fits with RSAES_OAEP_SHA_256."),
            (RsaesOaepSha256, k3, Rsa2048, "Such a key fits with RSA_AES_KEY_WRAP_SHA_256."),
            (RsaesOaepSha256, WrappingKeySpec::Sm2, SymmetricDefault, "Such a key fits under RSA_2048, RSA_3072 or RSA_4096."),
            (RsaesOaepSha256, k2, MlDsa44, "No wrapping takes a key of the spec ML_DSA_44: it is not supported."),
        ];
        for (algorithm, wrapping, spec, advice) in cases {
            let sentence = format!(
                "Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a {spec} key. {advice}"
            );
            assert_eq!(refusal(algorithm, wrapping, spec), sentence);
        }
        assert_eq!(permit(RsaesOaepSha256, k3, EccNistP521), Ok(()));
    }
}
