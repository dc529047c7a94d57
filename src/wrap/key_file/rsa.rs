//! RSA private keys, written anew: the numbers that the file has, checked, and those that it leaves out.
//!
//! What is kept is in locked pages, and what is made here is wiped. What is not: `rsa` and `crypto-bigint` compute with numbers of
//! the heap, and give some back as they are, primes among them. The process that opens key files is closed to debuggers and leaves
//! no core dump, so that nobody else reads there.

use der::asn1::{AnyRef, OctetStringRef, UintRef};
use pkcs1::{RsaPrivateKey, RsaPrivateKeyRef};
use pkcs8::PrivateKeyInfoRef;
use rsa::BoxedUint;
use rsa::traits::PrivateKeyParts;
use spki::AlgorithmIdentifier;
use zeroize::Zeroizing;

use super::Content;
use crate::wrap::private_key::{self, LEAST_EXPONENT};
use crate::wrap::spki::{RSA, bits};
use crate::wrap::{Error, Locked};

pub(super) const SIZES: &str = "what can be imported is RSA of 2048, 3072 or 4096 bits";
pub(super) const INCOHERENT: &str = "an RSA key whose numbers do not belong together";
const BROKEN: &str = "take another copy of the key";

/// The numbers of RFC 8017 §3.2, big-endian. What a file leaves out, or writes as zero, is empty.
#[derive(Clone, Copy, Default)]
pub(super) struct Numbers<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
    pub(super) d: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    pub(super) dp: &'a [u8],
    pub(super) dq: &'a [u8],
    pub(super) qinv: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub(super) fn of(key: &'a RsaPrivateKeyRef<'a>) -> Self {
        Self {
            n: key.modulus.as_bytes(),
            e: key.public_exponent.as_bytes(),
            d: key.private_exponent.as_bytes(),
            p: key.prime1.as_bytes(),
            q: key.prime2.as_bytes(),
            dp: key.exponent1.as_bytes(),
            dq: key.exponent2.as_bytes(),
            qinv: key.coefficient.as_bytes(),
        }
    }
}

/// The key of these numbers.
pub(super) fn key(numbers: Numbers<'_>) -> Result<Content, Error> {
    let size = bits(numbers.n);
    // Less and more than the library computes with.
    if !(1024..=8192).contains(&size) {
        return Err(Error::unusable(format!("an RSA key of {size} bits"), SIZES));
    }
    let e = significant(numbers.e);
    if (e.len(), e) < (LEAST_EXPONENT.len(), LEAST_EXPONENT) {
        let found = "an RSA key whose public exponent is less than 65537";
        return Err(Error::unusable(found, "make a key with another exponent: this one cannot be imported"));
    }
    let pkcs8 = written(numbers).ok_or_else(|| Error::unusable(INCOHERENT, BROKEN))?;
    Ok(Content::Rsa { bits: size, pkcs8 })
}

fn significant(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

/// PKCS#8 v1 (RFC 5208) of a two-prime RSAPrivateKey (RFC 8017 appendix A.1.2); `None` where the numbers do not belong together.
fn written(numbers: Numbers<'_>) -> Option<Locked> {
    let n = significant(numbers.n);
    // The library takes one away from e·d before it looks at either.
    if bits(numbers.d) == 0 {
        return None;
    }
    let size = u32::try_from(bits(n)).ok()?;
    // As wide as the library wants them: what it makes narrower it leaves behind as it was.
    let number = |bytes, width| BoxedUint::from_be_slice(significant(bytes), width).ok();
    let primes = match (bits(numbers.p), bits(numbers.q)) {
        (0, 0) => Vec::new(),
        (0, _) | (_, 0) => return None,
        _ => vec![number(numbers.p, size.div_ceil(2))?, number(numbers.q, size.div_ceil(2))?],
    };
    let exponent = BoxedUint::from_be_slice_vartime(significant(numbers.e));
    let key = rsa::PrivateKey::from_components(number(n, size)?, exponent, number(numbers.d, size)?, primes).ok()?;
    if !private_key::is_pair(&key) {
        return None;
    }

    let bytes = |number: &BoxedUint| Zeroizing::new(number.to_be_bytes());
    let [p, q] = key.primes() else { return None };
    let (p, q, dp, dq) = (bytes(p), bytes(q), bytes(key.dp()?), bytes(key.dq()?));
    let qinv = bytes(&Zeroizing::new(key.qinv()?.retrieve()));
    for (given, computed) in [(numbers.dp, &dp), (numbers.dq, &dq), (numbers.qinv, &qinv)] {
        if bits(given) != 0 && significant(given) != significant(computed) {
            return None;
        }
    }
    let uint = |bytes| UintRef::new(significant(bytes)).ok();
    let inner = super::encoded(&RsaPrivateKey {
        modulus: uint(n)?,
        public_exponent: uint(numbers.e)?,
        private_exponent: uint(numbers.d)?,
        prime1: uint(&p)?,
        prime2: uint(&q)?,
        exponent1: uint(&dp)?,
        exponent2: uint(&dq)?,
        coefficient: uint(&qinv)?,
        other_prime_infos: None,
    });
    let algorithm = AlgorithmIdentifier { oid: RSA, parameters: Some(AnyRef::NULL) };
    super::encoded(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner.ok()?).ok()?)).ok()
}
