//! Private keys in the one form that travels: PKCS#8 is taken, everything else is recognised and told what to become.

use der::asn1::AnyRef;
use der::{Decode, ErrorKind, Reader, SliceReader, Tag, Tagged};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use rsa::BoxedUint;
use rsa::traits::PrivateKeyParts;
use sec1::EcPrivateKey;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::spki::{EC, RSA, bits};
use super::words::plural;
use super::{Error, curve};
use crate::model::MaterialKind;
use crate::model::key_spec::Curve;

/// NIST SP 800-56B §6.2 and FIPS 186-5 §5.1 take no smaller exponent.
pub(super) const LEAST_EXPONENT: &[u8] = &[1, 0, 1];

/// What a private key says of itself, once it is checked.
pub(super) enum Private {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8>, scalar: Zeroizing<Vec<u8>> },
}

const PKCS8: &str = "an unencrypted PKCS#8 private key";
const PKCS1: &str = "a PKCS#1 RSA private key";
const SEC1: &str = "a SEC1 EC private key";
const ENCRYPTED: &str = "an encrypted PKCS#8 private key";
const PUBLIC: &str = "a public key";

fn convert(from_der: bool) -> String {
    let form = if from_der { "-inform DER " } else { "" };
    format!("openssl pkcs8 -topk8 -nocrypt {form}-in KEY -outform DER -out KEY.der")
}

/// Takes DER PKCS#8 of a private key of this kind.
pub(super) fn parse(kind: MaterialKind, der: &[u8]) -> Result<Private, Error> {
    let expected = match kind {
        MaterialKind::Ec(curve) => format!("{PKCS8} in DER, EC on {curve}"),
        MaterialKind::Rsa(bits) => format!("{PKCS8} in DER, RSA with two primes and {bits} bits"),
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => "no private key".into(),
    };
    let unfit = |(found, remedy)| Error::Unfit { found, expected: expected.clone(), remedy };
    let info = PrivateKeyInfoRef::from_der(der).map_err(|error| unfit(recognise(der, &error)))?;
    let found = |found: String| unfit((found, None));
    if info.public_key.is_some() {
        return Err(found("PKCS#8 of version 2 (RFC 5958)".into()));
    }
    match (info.algorithm.oid, kind) {
        (EC, MaterialKind::Ec(curve)) => parse_ec(curve, &info).map_err(found),
        (RSA, MaterialKind::Rsa(bits)) => parse_rsa(bits, &info).map_err(found),
        (EC, _) => Err(found("a PKCS#8 EC private key".into())),
        (RSA, _) => Err(found("a PKCS#8 RSA private key".into())),
        (other, _) => Err(found(format!("a PKCS#8 private key of the algorithm {other}"))),
    }
}

/// What DER is that is not PKCS#8, and the command that makes PKCS#8 of it.
fn recognise(bytes: &[u8], error: &der::Error) -> (String, Option<String>) {
    if let ErrorKind::TrailingData { remaining, .. } = error.kind() {
        return (format!("DER followed by {} more", plural(u32::from(remaining) as usize)), None);
    }
    // EncryptedPrivateKeyInfo and SubjectPublicKeyInfo are a pair each: an algorithm, and a string of its own kind.
    let is_pair_with = |second: Tag| {
        let pair = SliceReader::new(bytes).and_then(|mut reader| {
            reader.sequence(|inner| {
                AnyRef::decode(inner)?.tag().assert_eq(Tag::Sequence)?;
                AnyRef::decode(inner)?.tag().assert_eq(second)
            })
        });
        pair.is_ok()
    };
    if RsaPrivateKeyRef::from_der(bytes).is_ok() {
        (PKCS1.into(), Some(convert(true)))
    } else if EcPrivateKey::from_der(bytes).is_ok() {
        (SEC1.into(), Some(convert(true)))
    } else if is_pair_with(Tag::OctetString) {
        (ENCRYPTED.into(), Some(convert(true)))
    } else if is_pair_with(Tag::BitString) {
        (PUBLIC.into(), None)
    } else if bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        ("PEM text".into(), Some(convert(false)))
    } else {
        (format!("{} that are no DER of a private key", plural(bytes.len())), None)
    }
}

fn parse_ec(curve: Curve, info: &PrivateKeyInfoRef<'_>) -> Result<Private, String> {
    let Some(parameters) = info.algorithm.parameters else { return Err("an EC key without a curve".into()) };
    let Ok(name) = info.algorithm.parameters_oid() else {
        let kind = if parameters.tag() == Tag::Sequence { "explicit" } else { "unknown" };
        return Err(format!("an EC key with {kind} curve parameters"));
    };
    match curve::named(name) {
        Some(found) if found == curve => {}
        Some(found) => return Err(format!("an EC key on {found}")),
        None => return Err(format!("an EC key on the curve {name}")),
    }
    let key = EcPrivateKey::from_der(info.private_key.as_bytes())
        .map_err(|_| "PKCS#8 with no ECPrivateKey (RFC 5915) inside".to_owned())?;
    if key.parameters.and_then(sec1::EcParameters::named_curve).is_some_and(|inner| inner != name) {
        return Err("an EC key that names two curves".into());
    }
    if key.private_key.len() != curve.field_bytes() {
        return Err(format!("an EC key with a scalar of {}, not {}", plural(key.private_key.len()), curve.field_bytes()));
    }
    let point = curve::public_point(curve, key.private_key)
        .ok_or_else(|| format!("an EC key whose scalar is not within 1 and {}", curve::greatest_scalar(curve)))?;
    if key.public_key.is_some_and(|public| !curve::is_same_point(&point, public)) {
        return Err("an EC key with the public point of another key".into());
    }
    Ok(Private::Ec { curve, point, scalar: Zeroizing::new(key.private_key.to_vec()) })
}

fn parse_rsa(wanted: usize, info: &PrivateKeyInfoRef<'_>) -> Result<Private, String> {
    if info.algorithm.parameters.is_some_and(|parameters| !parameters.is_null()) {
        return Err("an RSA key with algorithm parameters".into());
    }
    let key = RsaPrivateKeyRef::from_der(info.private_key.as_bytes())
        .map_err(|_| "PKCS#8 with no RSAPrivateKey (RFC 8017) inside".to_owned())?;
    if key.version() != pkcs1::Version::TwoPrime {
        return Err("an RSA key of more than two primes".into());
    }
    let (modulus, exponent) = (key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec());
    if bits(&modulus) != wanted {
        return Err(format!("an RSA key of {} bits", bits(&modulus)));
    }
    if (exponent.len(), exponent.as_slice()) < (LEAST_EXPONENT.len(), LEAST_EXPONENT) {
        return Err("an RSA key whose public exponent is less than 65537".into());
    }
    if !is_coherent(key) {
        return Err("an RSA key whose numbers do not belong together".into());
    }
    Ok(Private::Rsa { modulus, exponent })
}

/// Whether n = p·q, e·d ≡ 1 and the CRT numbers are what follows from them, and whether they work. A token would take them as
/// they are.
fn is_coherent(key: RsaPrivateKeyRef<'_>) -> bool {
    let same = |computed: &BoxedUint, given: &[u8]| {
        let computed = Zeroizing::new(computed.to_be_bytes());
        let zeros = computed.iter().take_while(|byte| **byte == 0).count();
        &computed[zeros..] == given
    };
    let [given_dp, given_dq, given_qinv] = [key.exponent1, key.exponent2, key.coefficient];
    let Ok(checked) = rsa::PrivateKey::try_from(key) else { return false };
    let (Some(dp), Some(dq), Some(qinv)) = (checked.dp(), checked.dq(), checked.qinv()) else { return false };
    let qinv = Zeroizing::new(qinv.retrieve());
    same(dp, given_dp.as_bytes()) && same(dq, given_dq.as_bytes()) && same(&qinv, given_qinv.as_bytes()) && is_pair(&checked)
}

/// Whether the private key opens what the public key closed (NIST SP 800-56B §6.4.1.1).
///
/// Where p or q is no prime it does not, however well the numbers agree: by Fermat's little theorem, so that a Carmichael number
/// would get through. Whether the primes are prime is not tested otherwise: whoever made the key answers for that.
pub(super) fn is_pair(key: &rsa::PrivateKey) -> bool {
    const PROBE: &[u8] = b"pair";
    let opened = key.as_public_key().oaep_encrypt::<Sha256>(PROBE).and_then(|closed| key.oaep_decrypt::<Sha256>(&closed));
    opened.is_ok_and(|opened| opened == PROBE)
}
