//! The compatibility matrix, spelled out once more: what may be imported how.

use keyferry::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};

use KeySpec::{
    EccNistP256, EccNistP384, EccNistP521, EccSecgP256k1, Hmac224, Hmac256, Hmac384, Hmac512, Rsa2048, Rsa3072, Rsa4096,
    Sm2, SymmetricDefault,
};

const YES: [bool; 3] = [true; 3];
const NO: [bool; 3] = [false; 3];

/// Which wrapping key specs (RSA_2048, RSA_3072, RSA_4096) go with each key spec, under OAEP and under the hybrid, whatever the hash; and
/// whether SM2 goes with it.
#[rustfmt::skip]
const MATRIX: [(KeySpec, [bool; 3], [bool; 3], bool); 13] = [
    //                OAEP                 hybrid  SM2PKE
    (SymmetricDefault, YES,                 NO,     false), // these are for private keys
    (Hmac224,          YES,                 NO,     false),
    (Hmac256,          YES,                 NO,     false),
    (Hmac384,          YES,                 NO,     false),
    (Hmac512,          YES,                 NO,     false),
    (Rsa2048,          NO,                  YES,    true), // too long for OAEP
    (Rsa3072,          NO,                  YES,    true),
    (Rsa4096,          NO,                  YES,    true),
    (EccNistP256,      YES,                 YES,    true),
    (EccNistP384,      YES,                 YES,    true),
    (EccNistP521,      [false, true, true], YES,    true), // 241 bytes do not fit RSA_2048
    (EccSecgP256k1,    YES,                 YES,    true),
    (Sm2,              YES,                 NO,     true),
];

/// One combination.
pub struct Cell {
    pub key: KeySpec,
    pub algorithm: WrappingAlgorithm,
    pub wrapping: WrappingKeySpec,
    pub allowed: bool,
    /// Counts the cells of its key spec with the same `allowed`.
    pub ordinal: usize,
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} under {} with {}", self.key, self.algorithm, self.wrapping)
    }
}

/// All 169 of them.
pub fn all() -> Vec<Cell> {
    use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256, Sm2pke};
    let mut cells = Vec::new();
    for (key, oaep, hybrid, sm2) in MATRIX {
        let rows =
            [(RsaesOaepSha1, oaep), (RsaesOaepSha256, oaep), (RsaAesKeyWrapSha1, hybrid), (RsaAesKeyWrapSha256, hybrid)];
        let specs = [WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072, WrappingKeySpec::Rsa4096];
        let under_rsa =
            rows.into_iter().flat_map(|(algorithm, row)| specs.into_iter().zip(row).map(move |cell| (algorithm, cell)));
        let mut ordinals = [0, 0];
        for (algorithm, (wrapping, allowed)) in under_rsa.chain([(Sm2pke, (WrappingKeySpec::Sm2, sm2))]) {
            let ordinal = &mut ordinals[usize::from(allowed)];
            cells.push(Cell { key, algorithm, wrapping, allowed, ordinal: *ordinal });
            *ordinal += 1;
        }
    }
    assert_eq!(cells.len(), 169);
    cells
}
