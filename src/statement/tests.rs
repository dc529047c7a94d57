//! Statements are read back as they were written, from whom they must be, and in no other way.
#![allow(clippy::unwrap_used)]

use coset::cbor::value::Value;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::EncodePublicKey;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{
    InstallationId, KeyAttribute, KeyAttributes, KeyMaterialId, KeySpec, ObjectId, RequestDigest, Timestamp, TokenIdentity,
    UnwrapPath, WrappingAlgorithm, WrappingKeyId, WrappingKeySpec,
};

fn identity() -> TokenIdentity {
    let text = |text: &str| text.to_owned();
    TokenIdentity { manufacturer: text("SoftHSM"), model: text("v2"), serial: text("f00d"), firmware: text("2.6") }
}

fn attributes() -> KeyAttributes {
    KeyAttributes::of(|attribute| Some(![KeyAttribute::Extractable, KeyAttribute::Sign].contains(&attribute)))
}

fn attestation(millis: i64) -> WrappingKeyStatement {
    WrappingKeyStatement {
        installation: InstallationId(Uuid::from_u128(1)),
        key_arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        issued_at: Timestamp::from_millis(millis),
        expires_at: Timestamp::from_millis(millis + 86_400_000),
        wrapping_key: WrappingKeyId(Uuid::from_u128(2)),
        spki_hash: [4; 32],
        object: ObjectId([3; 16]),
        spec: WrappingKeySpec::Rsa3072,
        algorithm: WrappingAlgorithm::RsaesOaepSha256,
        key_spec: KeySpec::Hmac384,
        path: UnwrapPath::HostKek,
        token: identity(),
        attributes: attributes(),
        vendor_hash: Some([5; 32]),
    }
}

fn receipt() -> Receipt {
    Receipt {
        installation: InstallationId(Uuid::from_u128(1)),
        key_arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        imported_at: Timestamp::from_millis(1_796_083_200_123),
        wrapping_key: WrappingKeyId(Uuid::from_u128(2)),
        object: ObjectId([3; 16]),
        key_spec: KeySpec::SymmetricDefault,
        material: KeyMaterialId([6; 32]),
        kcv: Some([7; 3]),
        path: UnwrapPath::TwoStep,
        request: RequestDigest([8; 32]),
        token: identity(),
        attributes: attributes(),
    }
}

/// A test's signer, in place of the token.
fn signer(seed: u8) -> (SigningKey, Vec<u8>) {
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    let spki = key.verifying_key().to_public_key_der().unwrap().into_vec();
    (key, spki)
}

fn signature(key: &SigningKey, digest: &[u8; 32]) -> Signature {
    key.sign_prehash(digest).unwrap()
}

fn sign(statement: &impl Statement, seed: u8) -> Vec<u8> {
    let (key, spki) = signer(seed);
    let unsigned = Unsigned::new(statement, &key_id(&spki)).unwrap();
    let signature = signature(&key, &unsigned.to_be_signed());
    unsigned.with_signature(&signature.to_bytes().into()).unwrap()
}

/// Signs what the house would not make, as a signer could.
fn sign_as_it_is(cose: CoseSign1, seed: u8) -> Vec<u8> {
    let signature = signature(&signer(seed).0, &Sha256::digest(cose.tbs_data(&[])).into());
    CoseSign1 { signature: signature.normalize_s().to_bytes().to_vec(), ..cose }.to_tagged_vec().unwrap()
}

fn accept(bytes: &[u8]) -> Result<WrappingKeyStatement, Foreign> {
    verify(bytes, &signer(1).1)
}

#[test]
fn a_statement_is_a_tagged_cose_sign1_over_exactly_its_own_structure() {
    let bytes = sign(&attestation(0), 1);
    assert_eq!(bytes[0], 0xd2, "CBOR tag 18");
    let cose = CoseSign1::from_tagged_slice(&bytes).unwrap();
    assert!(cose.tbs_data(&[]).starts_with(b"\x84\x6aSignature1"), "Sig_structure of RFC 9052 §4.4");
    assert!(cose.unprotected.is_empty() && bytes.len() < 1500, "{}", bytes.len());
}

#[test]
fn what_may_be_absent_may_be_absent() {
    let bare = WrappingKeyStatement { vendor_hash: None, ..attestation(0) };
    assert_eq!(accept(&sign(&bare, 1)), Ok(bare));
    for receipt in [receipt(), Receipt { kcv: None, ..receipt() }] {
        assert_eq!(verify(&sign(&receipt, 1), &signer(1).1), Ok(receipt));
    }
}

#[test]
fn no_bit_of_a_statement_can_be_flipped() {
    let bytes = sign(&attestation(1_796_083_200_123), 1);
    assert!(accept(&bytes).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(accept(&altered).is_err(), "bit {bit}");
    }
}

#[test]
fn a_receipt_is_no_attestation_and_an_attestation_is_no_receipt() {
    let spki = signer(1).1;
    let refusal = accept(&sign(&receipt(), 1)).unwrap_err();
    assert_eq!(refusal.to_string(), "it is application/keyferry-receipt+cwt, and not application/keyferry-wrapping-key+cwt");
    let refusal = verify::<Receipt>(&sign(&attestation(0), 1), &spki).unwrap_err();
    assert!(matches!(refusal, Foreign::Kind { .. }));
    // Nor are the claims of one taken under the content type of the other.
    let payload = receipt().encode().unwrap();
    let header = protected(WrappingKeyStatement::CONTENT_TYPE, &key_id(&spki));
    let forged = sign_as_it_is(CoseSign1Builder::new().protected(header).payload(payload).build(), 1);
    assert!(matches!(accept(&forged), Err(Foreign::Malformed(_))));
}

#[test]
fn another_signer_is_told_from_a_forger() {
    let others = sign(&attestation(0), 2);
    assert_eq!(accept(&others), Err(Foreign::OtherSigner(key_id(&signer(2).1))));
    // Under the name of the right one.
    let header = protected(WrappingKeyStatement::CONTENT_TYPE, &key_id(&signer(1).1));
    let payload = attestation(0).encode().unwrap();
    let forged = sign_as_it_is(CoseSign1Builder::new().protected(header).payload(payload).build(), 2);
    assert_eq!(accept(&forged), Err(Foreign::Signature));
    assert_eq!(verify::<Receipt>(&sign(&receipt(), 1), &[0; 91]), Err(Foreign::OtherSigner(key_id(&signer(1).1))));
}

#[test]
fn the_other_signature_that_ecdsa_leaves_open_is_refused() {
    let bytes = sign(&attestation(0), 1);
    let mut cose = CoseSign1::from_tagged_slice(&bytes).unwrap();
    let low = Signature::from_slice(&cose.signature).unwrap();
    let (r, s) = low.split_scalars();
    let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    cose.signature = high.to_bytes().to_vec();
    assert_eq!(accept(&cose.to_tagged_vec().unwrap()), Err(Foreign::Signature));
    let unsigned = Unsigned { cose: CoseSign1::from_tagged_slice(&bytes).unwrap() };
    assert_eq!(unsigned.with_signature(&high.to_bytes().into()).unwrap(), bytes);
}

#[test]
fn what_the_signer_signed_in_another_form_is_refused() {
    let name = key_id(&signer(1).1);
    let header = || protected(WrappingKeyStatement::CONTENT_TYPE, &name);
    let payload = attestation(0).encode().unwrap();
    let build = |header, payload| CoseSign1Builder::new().protected(header).payload(payload);
    let refused = |cose: CoseSign1| assert!(matches!(accept(&sign_as_it_is(cose, 1)), Err(Foreign::Malformed(_))));
    assert!(accept(&sign_as_it_is(build(header(), payload.clone()).build(), 1)).is_ok());

    refused(build(header(), payload.clone()).unprotected(HeaderBuilder::new().key_id(vec![1]).build()).build());
    let mut critical = header();
    critical.rest.push((coset::Label::Int(-70_000), Value::Null));
    refused(build(critical, payload.clone()).build());
    let mut other = header();
    other.alg = Some(coset::RegisteredLabelWithPrivate::Assigned(Algorithm::ES384));
    refused(build(other, payload.clone()).build());
    refused(CoseSign1Builder::new().protected(header()).build());

    // One claim more, one claim twice, one attribute more, a longer number, something behind it.
    let claims = || match coset::cbor::from_reader(&payload[..]).unwrap() {
        Value::Map(claims) => claims,
        other => panic!("{other:?}"),
    };
    let written = |claims: Vec<(Value, Value)>| {
        let mut bytes = Vec::new();
        coset::cbor::into_writer(&Value::Map(claims), &mut bytes).unwrap();
        bytes
    };
    assert_eq!(written(claims()), payload);
    refused(build(header(), written([claims(), vec![(Value::from(-70_099), Value::Null)]].concat())).build());
    refused(build(header(), written([claims(), vec![claims()[0].clone()]].concat())).build());
    refused(build(header(), written(claims().into_iter().rev().collect())).build());
    let mut more = claims();
    for (_, value) in &mut more {
        if let Value::Map(attributes) = value {
            attributes.push((Value::from("CKA_MODIFIABLE"), Value::Bool(true)));
        }
    }
    refused(build(header(), written(more)).build());
    refused(build(header(), [&[0xb8, payload[0] & 0x1f][..], &payload[1..]].concat()).build());
    refused(build(header(), [&payload[..], &[0]].concat()).build());
}

#[test]
fn an_exposure_that_does_not_follow_from_the_path_is_refused() {
    let payload = attestation(0).encode().unwrap();
    let at = payload.windows(8).position(|window| window == b"HOST_KEK").unwrap();
    let mut altered = payload.clone();
    altered[at..at + 8].copy_from_slice(b"HOST_MEK");
    let header = protected(WrappingKeyStatement::CONTENT_TYPE, &key_id(&signer(1).1));
    let forged = sign_as_it_is(CoseSign1Builder::new().protected(header).payload(altered).build(), 1);
    assert_eq!(accept(&forged), Err(NOT_CANONICAL));
}

#[test]
fn what_is_too_long_is_neither_made_nor_read() {
    let long = WrappingKeyStatement { key_arn: "x".repeat(MAX_BYTES), ..attestation(0) };
    let unsigned = Unsigned::new(&long, &[0; 32]).unwrap();
    let signature = signature(&signer(1).0, &unsigned.to_be_signed());
    assert_eq!(unsigned.with_signature(&signature.to_bytes().into()), Err(TOO_LONG));
    assert_eq!(accept(&[0; MAX_BYTES + 1]), Err(TOO_LONG));
}

proptest! {
    #[test]
    fn what_is_written_is_read(millis in 0i64..253_402_300_799_999) {
        let statement = attestation(millis);
        prop_assert_eq!(accept(&sign(&statement, 1)), Ok(statement));
    }

    #[test]
    fn no_shortened_or_lengthened_statement_is_accepted(cut in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 1..40)) {
        let bytes = sign(&attestation(0), 1);
        prop_assert!(accept(&bytes[..cut.index(bytes.len())]).is_err());
        let longer: Vec<u8> = bytes.iter().chain(&tail).copied().collect();
        prop_assert!(accept(&longer).is_err());
    }

    #[test]
    fn garbage_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(accept(&bytes).is_err());
    }
}
