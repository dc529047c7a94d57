//! Tokens are read back as they were written, and in no other way.
#![allow(clippy::unwrap_used)]

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use uuid::Uuid;

use super::*;
use crate::model::{Account, InstallationId, Timestamp, WrappingAlgorithm, WrappingKeyId, WrappingKeySpec};

fn claims(millis: i64) -> Claims {
    Claims {
        installation: InstallationId(Uuid::from_u128(1)),
        key_arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        issued_at: Timestamp::from_millis(millis),
        expires_at: Timestamp::from_millis(millis + 86_400_000),
        wrapping_key: WrappingKeyId(Uuid::from_u128(2)),
        spec: WrappingKeySpec::Rsa3072,
        algorithm: WrappingAlgorithm::RsaesOaepSha256,
        object: ObjectId([3; 16]),
        token: "f00d".to_owned(),
        spki_hash: [4; 32],
        account: Account::parse("111122223333").unwrap(),
    }
}

const MAC_KEY: ObjectId = ObjectId([9; 16]);

fn mac(data: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(b"a test's key").unwrap().chain_update(data).finalize().into_bytes().into()
}

fn issue(claims: &Claims) -> Vec<u8> {
    let unsigned = Unsigned::new(claims, &MAC_KEY).unwrap();
    let tag = mac(&unsigned.to_be_maced());
    unsigned.with_mac(&tag).unwrap()
}

fn accept(bytes: &[u8]) -> Result<Claims, Foreign> {
    let received = Received::parse(bytes)?;
    if *received.mac_key() != MAC_KEY {
        return Err(Foreign);
    }
    let tag = mac(&received.to_be_maced());
    received.verify(&tag)
}

#[test]
fn a_token_is_a_tagged_cose_mac0_over_exactly_its_own_structure() {
    let token = issue(&claims(1_796_083_200_123));
    assert_eq!(token[0], 0xd1, "CBOR tag 17");
    let structure = Received::parse(&token).unwrap().to_be_maced();
    assert!(structure.starts_with(b"\x84\x64MAC0"), "MAC_structure of RFC 9052 §6.3");
}

#[test]
fn an_unprotected_header_is_refused_although_its_mac_verifies() {
    let unsigned = Unsigned::new(&claims(0), &MAC_KEY).unwrap();
    let tag = mac(&unsigned.to_be_maced());
    let mut cose = unsigned.cose;
    cose.unprotected = HeaderBuilder::new().key_id(vec![1]).build();
    cose.tag = tag.to_vec();
    assert!(matches!(Received::parse(&cose.to_tagged_vec().unwrap()), Err(Foreign)));
}

/// A token as version 0.1.0 makes it, of [`claims`] and [`MAC_KEY`]. Not to be replaced: others of its kind are out when a later version
/// starts to serve.
const GOLDEN: &str = "\
    d18455a20105045009090909090909090909090909090909a059011bab01782430303030303030302d303030302d303030302d303030302d3030\
    3030303030303030303102784b61726e3a6177733a6b6d733a75732d656173742d313a3131313132323232333333333a6b65792f313233346162\
    63642d313261622d333463642d353665662d31323334353637383930616204fb41dac3d7e007df3b06fb41dac3838007df3b0750000000000000\
    000000000000000000023a00011170685253415f333037323a000111717252534145535f4f4145505f5348415f3235363a000111725003030303\
    0303030303030303030303033a0001117364663030643a0001117458200404040404040404040404040404040404040404040404040404040404\
    0404043a000111756c3131313132323232333333335820e87f3d32a5276e03a0417d6b1238545d34fc56895e4c66e11809d30901fa883f";

#[test]
fn a_token_of_an_earlier_version_is_accepted() {
    let token = base16ct::lower::decode_vec(GOLDEN).unwrap();
    assert_eq!(accept(&token), Ok(claims(1_796_083_200_123)));
    assert_eq!(issue(&claims(1_796_083_200_123)), token, "and earlier versions accept what this one makes");
}

#[test]
fn a_claim_that_a_later_version_adds_is_ignored_and_one_that_is_missing_is_not() {
    use coset::CborSerializable;
    use coset::cbor::value::Value;
    use coset::cwt::ClaimsSet;

    let with = |change: &dyn Fn(&mut ClaimsSet)| {
        let mut unsigned = Unsigned::new(&claims(0), &MAC_KEY).unwrap();
        let mut set = ClaimsSet::from_slice(unsigned.cose.payload.as_deref().unwrap()).unwrap();
        change(&mut set);
        unsigned.cose.payload = Some(set.to_vec().unwrap());
        let tag = mac(&unsigned.to_be_maced());
        accept(&unsigned.with_mac(&tag).unwrap())
    };
    let later = coset::RegisteredLabelWithPrivate::PrivateUse(-70_099);
    assert_eq!(with(&|set| set.rest.push((later.clone(), Value::Bool(true)))), Ok(claims(0)));
    assert_eq!(with(&|set| drop(set.rest.pop())), Err(Foreign));
    assert_eq!(with(&|set| set.expiration_time = None), Err(Foreign));
}

proptest! {
    #[test]
    fn what_is_written_is_read(millis in 0i64..253_402_300_799_999) {
        let claims = claims(millis);
        prop_assert_eq!(accept(&issue(&claims)), Ok(claims));
    }

    #[test]
    fn no_altered_token_is_accepted(position in any::<prop::sample::Index>(), mask in 1u8..) {
        let mut token = issue(&claims(1_796_083_200_123));
        let position = position.index(token.len());
        token[position] ^= mask;
        prop_assert_eq!(accept(&token), Err(Foreign));
    }

    #[test]
    fn no_shortened_or_lengthened_token_is_accepted(cut in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 1..40)) {
        let token = issue(&claims(1_796_083_200_123));
        prop_assert_eq!(accept(&token[..cut.index(token.len())]), Err(Foreign));
        let longer: Vec<u8> = token.iter().chain(&tail).copied().collect();
        prop_assert_eq!(accept(&longer), Err(Foreign));
    }

    #[test]
    fn garbage_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(accept(&bytes), Err(Foreign));
    }
}
