//! The compatibility matrix, spelled out once more: what may be imported how.

use keyferry::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};

use KeySpec::{
    EccNistP256, EccNistP384, EccNistP521, EccSecgP256k1, Hmac224, Hmac256, Hmac384, Hmac512, Rsa2048, Rsa3072, Rsa4096,
    SymmetricDefault,
};

const YES: [bool; 3] = [true; 3];
const NO: [bool; 3] = [false; 3];

/// Which wrapping key specs (RSA_2048, RSA_3072, RSA_4096) go with each key spec, under OAEP and under the hybrid, whatever the hash.
#[rustfmt::skip]
const MATRIX: [(KeySpec, [bool; 3], [bool; 3]); 12] = [
    //                OAEP                 hybrid
    (SymmetricDefault, YES,                 NO), // the hybrid is for private keys
    (Hmac224,          YES,                 NO),
    (Hmac256,          YES,                 NO),
    (Hmac384,          YES,                 NO),
    (Hmac512,          YES,                 NO),
    (Rsa2048,          NO,                  YES), // too long for OAEP
    (Rsa3072,          NO,                  YES),
    (Rsa4096,          NO,                  YES),
    (EccNistP256,      YES,                 YES),
    (EccNistP384,      YES,                 YES),
    (EccNistP521,      [false, true, true], YES), // 241 bytes do not fit RSA_2048
    (EccSecgP256k1,    YES,                 YES),
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

/// All 144 of them.
pub fn all() -> Vec<Cell> {
    use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};
    let mut cells = Vec::new();
    for (key, oaep, hybrid) in MATRIX {
        let mut ordinals = [0, 0];
        let rows =
            [(RsaesOaepSha1, oaep), (RsaesOaepSha256, oaep), (RsaAesKeyWrapSha1, hybrid), (RsaAesKeyWrapSha256, hybrid)];
        for (algorithm, row) in rows {
            for (wrapping, allowed) in
                [WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072, WrappingKeySpec::Rsa4096].into_iter().zip(row)
            {
                let ordinal = &mut ordinals[usize::from(allowed)];
                cells.push(Cell { key, algorithm, wrapping, allowed, ordinal: *ordinal });
                *ordinal += 1;
            }
        }
    }
    assert_eq!(cells.len(), 144);
    cells
}
