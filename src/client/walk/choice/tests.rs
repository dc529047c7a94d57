use super::*;
use HostExposure::{HostKek, HostMaterial, Token};
use KeySpec::{EccNistP256, EccNistP521, Rsa2048 as RsaKey, SymmetricDefault};
use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};
use WrappingKeySpec::{Rsa2048, Rsa3072, Rsa4096};

const OPEN: Fixed = Fixed { algorithm: None, wrapping: None };

fn path(key_spec: KeySpec, wrapping_algorithm: WrappingAlgorithm, served: Option<HostExposure>) -> Path {
    Path {
        key_spec,
        wrapping_algorithm,
        served,
        reason: if served.is_none() { "no mechanism".into() } else { String::new() },
    }
}

fn order(spec: KeySpec, fixed: Fixed, paths: &[Path]) -> Vec<(WrappingAlgorithm, WrappingKeySpec)> {
    let choices = choices(spec, fixed, paths).unwrap();
    choices.iter().map(|choice| (choice.wrapping_algorithm, choice.wrapping_key_spec)).collect()
}

#[test]
fn least_exposure_goes_before_the_hash_and_the_hash_before_the_length() {
    let paths =
        [path(SymmetricDefault, RsaesOaepSha1, Some(Token)), path(SymmetricDefault, RsaesOaepSha256, Some(HostMaterial))];
    let lengths = [Rsa4096, Rsa3072, Rsa2048];
    let sha1 = lengths.map(|length| (RsaesOaepSha1, length));
    let sha256 = lengths.map(|length| (RsaesOaepSha256, length));
    assert_eq!(order(SymmetricDefault, OPEN, &paths), [sha1, sha256].concat());

    let paths = [path(SymmetricDefault, RsaesOaepSha1, Some(Token)), path(SymmetricDefault, RsaesOaepSha256, Some(Token))];
    assert_eq!(order(SymmetricDefault, OPEN, &paths), [sha256, sha1].concat());
    // Where the service says nothing of itself, strength alone decides.
    assert_eq!(order(SymmetricDefault, OPEN, &[]), [sha256, sha1].concat());
}

#[test]
fn the_ephemeral_key_on_the_host_is_less_than_the_material_on_it() {
    let paths = [
        path(EccNistP256, RsaesOaepSha256, Some(HostMaterial)),
        path(EccNistP256, RsaAesKeyWrapSha256, Some(HostKek)),
        path(EccNistP256, RsaAesKeyWrapSha1, None),
    ];
    let choices = choices(EccNistP256, OPEN, &paths).unwrap();
    assert_eq!((choices[0].wrapping_algorithm, choices[0].host_exposure), (RsaAesKeyWrapSha256, Some(HostKek)));
    assert!(choices.iter().all(|choice| choice.wrapping_algorithm != RsaAesKeyWrapSha1));
}

#[test]
fn of_two_ways_alike_the_one_with_fewer_layers_is_taken() {
    assert_eq!(order(EccNistP256, OPEN, &[])[..2], [(RsaesOaepSha256, Rsa4096), (RsaAesKeyWrapSha256, Rsa4096)]);
}

#[test]
fn what_does_not_fit_the_key_is_never_chosen() {
    assert!(!order(EccNistP521, OPEN, &[]).contains(&(RsaesOaepSha256, Rsa2048)));
    assert_eq!(order(RsaKey, OPEN, &[])[0], (RsaAesKeyWrapSha256, Rsa4096));
}

#[test]
fn what_the_caller_fixed_is_kept_to() {
    let fixed = Fixed { algorithm: Some(RsaesOaepSha1), wrapping: Some(Rsa3072) };
    let paths = [path(SymmetricDefault, RsaesOaepSha1, Some(Token)), path(SymmetricDefault, RsaesOaepSha256, Some(Token))];
    assert_eq!(order(SymmetricDefault, fixed, &paths), [(RsaesOaepSha1, Rsa3072)]);
    let unfit = Fixed { algorithm: Some(RsaAesKeyWrapSha256), wrapping: None };
    assert_eq!(
        choices(SymmetricDefault, unfit, &paths).unwrap_err().to_string(),
        "Wrapping algorithm RSA_AES_KEY_WRAP_SHA_256 and wrapping key spec RSA_4096 cannot be used to import a SYMMETRIC_DEFAULT key."
    );
}

#[test]
fn where_nothing_is_served_the_services_reasons_are_given() {
    let paths = [path(SymmetricDefault, RsaesOaepSha256, Some(Token)), path(RsaKey, RsaAesKeyWrapSha256, None)];
    assert_eq!(
        choices(RsaKey, OPEN, &paths).unwrap_err().to_string(),
        "the service imports no RSA_2048 key that way: RSA_AES_KEY_WRAP_SHA_1: not known; RSA_AES_KEY_WRAP_SHA_256: no mechanism; SM2PKE: not known"
    );
}

#[test]
fn the_reason_says_what_the_host_sees_and_what_settled_the_rest() {
    let reason = |exposure, fixed| {
        let choices = choices(SymmetricDefault, fixed, &[path(SymmetricDefault, RsaesOaepSha256, exposure)]).unwrap();
        choices[0].reason.clone()
    };
    let fixed = |algorithm, wrapping| Fixed { algorithm, wrapping };
    #[rustfmt::skip]
    let cases = [
        (Some(Token),        OPEN,                                        "The token unwraps it by itself, which counts most, then the hash, then the length of the wrapping key."),
        (Some(HostKek),      fixed(Some(RsaesOaepSha256), None),          "The service's host sees the AES key around the material; the algorithm is as asked for, and the longest wrapping key goes first."),
        (Some(HostMaterial), fixed(None, Some(Rsa2048)),                  "The service's host sees the material for a moment, which counts most, then the hash; the wrapping key spec is as asked for."),
        (Some(Token),        fixed(Some(RsaesOaepSha256), Some(Rsa2048)), "The token unwraps it by itself; algorithm and wrapping key spec are as asked for."),
    ];
    for (exposure, fixed, expected) in cases {
        assert_eq!(reason(exposure, fixed), expected);
    }
    assert_eq!(
        choices(SymmetricDefault, OPEN, &[]).unwrap()[0].reason,
        "The service does not say what its host sees; the hash counts most, then the length of the wrapping key."
    );
}
