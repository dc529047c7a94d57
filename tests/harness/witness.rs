//! The other end of [`super::token`]: a process that holds a PKCS#11 session and does what it is told on standard input.

use std::io::{BufRead, Write};
use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeInfo, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};

use super::openssl::hex;
use super::softhsm;
use super::token::{Command, MARK, Object, SignWith, WITNESS};

/// SoftHSM 2.6.1 fails now and then to open a token that another process writes to; opening again helps.
const ATTEMPTS: usize = 50;

/// Not a test: the process behind [`super::token::Token`].
#[test]
#[ignore = "run by other tests"]
fn token_witness() {
    let Some(module) = std::env::var_os(WITNESS) else { return };
    let session = (0..ATTEMPTS).find_map(|_| open(Path::new(&module))).expect("the token does not open");
    for line in std::io::stdin().lock().lines() {
        let answer = obey(&session, serde_json::from_str(&line.unwrap()).unwrap()).map_err(|error| error.to_string());
        // Not by print!, which the test runner may keep to itself.
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{MARK}{}", serde_json::to_string(&answer).unwrap()).unwrap();
        stdout.flush().unwrap();
    }
}

fn open(module: &Path) -> Option<Session> {
    let module = Pkcs11::new(module).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).ok()?;
    let log_in = || {
        let ours = |slot: &_| module.get_token_info(*slot).is_ok_and(|info| info.label() == softhsm::LABEL);
        let slot = module.get_slots_with_initialized_token().ok()?.into_iter().find(ours)?;
        let session = module.open_rw_session(slot).ok()?;
        session.login(UserType::User, Some(&softhsm::PIN.into())).ok()?;
        Some(session)
    };
    let session = log_in();
    if session.is_none() {
        module.finalize().ok()?;
    }
    session
}

fn obey(session: &Session, command: Command) -> Result<serde_json::Value, Error> {
    let bytes = |hex: &str| base16ct::lower::decode_vec(hex).unwrap();
    let answer = match command {
        Command::Audit => return Ok(serde_json::to_value(audit(session)?).unwrap()),
        Command::EncryptGcm { id, iv, plaintext } => {
            let mut iv = bytes(&iv);
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into())?);
            session.encrypt(&mechanism, key(session, &bytes(&id))?, &bytes(&plaintext))?
        }
        Command::Sign { id, with, message } => {
            session.sign(&mechanism(with), key(session, &bytes(&id))?, &bytes(&message))?
        }
        Command::DecryptOaep { id, ciphertext } => {
            let params = PkcsOaepParams::new(MechanismType::SHA1, PkcsMgfType::MGF1_SHA1, PkcsOaepSource::empty());
            session.decrypt(&Mechanism::RsaPkcsOaep(params), key(session, &bytes(&id))?, &bytes(&ciphertext))?
        }
        Command::Plant { id, label, value, soft } => {
            session.create_object(&[
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(!soft),
                Attribute::Extractable(soft),
                Attribute::Encrypt(true),
                Attribute::Id(bytes(&id)),
                Attribute::Label(label.into_bytes()),
                Attribute::Value(bytes(&value)),
            ])?;
            Vec::new()
        }
        Command::Derive { id, point, length } => derive(session, key(session, &bytes(&id))?, &bytes(&point), length)?,
    };
    Ok(hex(&answer).into())
}

fn mechanism(with: SignWith) -> Mechanism<'static> {
    match with {
        SignWith::HmacSha224 => Mechanism::Sha224Hmac,
        SignWith::HmacSha256 => Mechanism::Sha256Hmac,
        SignWith::HmacSha384 => Mechanism::Sha384Hmac,
        SignWith::HmacSha512 => Mechanism::Sha512Hmac,
        SignWith::Ecdsa => Mechanism::Ecdsa,
        SignWith::RsaPkcs1Sha256 => Mechanism::Sha256RsaPkcs,
        SignWith::RsaPssSha256 => Mechanism::Sha256RsaPkcsPss(PkcsPssParams {
            hash_alg: MechanismType::SHA256,
            mgf: PkcsMgfType::MGF1_SHA256,
            s_len: 32.into(),
        }),
    }
}

/// The one key with this CKA_ID; the public half that others leave beside a private one does not count.
fn key(session: &Session, id: &[u8]) -> Result<ObjectHandle, Error> {
    let mut found = Vec::new();
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::SECRET_KEY] {
        found.extend(session.find_objects(&[
            Attribute::Token(true),
            Attribute::Class(class),
            Attribute::Id(id.to_vec()),
        ])?);
    }
    assert_eq!(found.len(), 1, "keys with the CKA_ID {}", hex(id));
    Ok(found[0])
}

fn derive(session: &Session, key: ObjectHandle, point: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen(u64::try_from(length).unwrap().into()),
    ];
    let secret = session.derive_key(&mechanism, key, &template)?;
    match session.get_attributes(secret, &[AttributeType::Value])?.pop() {
        Some(Attribute::Value(value)) => Ok(value),
        other => panic!("a derived secret without a value: {other:?}"),
    }
}

fn audit(session: &Session) -> Result<Vec<Object>, Error> {
    let objects = session.find_objects(&[Attribute::Token(true)])?;
    let gone = |seen: &Result<Object, Error>| matches!(seen, Err(Error::Pkcs11(RvError::ObjectHandleInvalid, _)));
    // What others destroy while it is looked at is not there.
    objects.into_iter().map(|object| inspect(session, object)).filter(|seen| !gone(seen)).collect()
}

fn inspect(session: &Session, object: ObjectHandle) -> Result<Object, Error> {
    use AttributeType as Type;
    let named = [Type::Label, Type::Id, Type::Class, Type::KeyType, Type::AllowedMechanisms];
    let flags = [
        Type::Token,
        Type::Private,
        Type::Sensitive,
        Type::Extractable,
        Type::Encrypt,
        Type::Decrypt,
        Type::Sign,
        Type::SignRecover,
        Type::Verify,
        Type::VerifyRecover,
        Type::Wrap,
        Type::Unwrap,
        Type::Derive,
        Type::Local,
        Type::AlwaysSensitive,
        Type::NeverExtractable,
    ];
    let mut seen = Object {
        label: String::new(),
        id: String::new(),
        class: String::new(),
        key_type: String::new(),
        mechanisms: Vec::new(),
        set: Vec::new(),
        history: Vec::new(),
        readable: readable(session, object)?,
        escapes: Vec::new(),
    };
    for attribute in session.get_attributes(object, &[&named[..], &flags[..]].concat())? {
        match attribute {
            Attribute::Label(label) => seen.label = String::from_utf8_lossy(&label).into_owned(),
            Attribute::Id(id) => seen.id = hex(&id),
            Attribute::Class(ObjectClass::DATA) => seen.class = "data".into(),
            Attribute::Class(ObjectClass::PRIVATE_KEY) => seen.class = "private".into(),
            Attribute::Class(ObjectClass::SECRET_KEY) => seen.class = "secret".into(),
            Attribute::Class(other) => seen.class = format!("{other}"),
            Attribute::KeyType(KeyType::AES) => seen.key_type = "AES".into(),
            Attribute::KeyType(KeyType::GENERIC_SECRET) => seen.key_type = "GENERIC_SECRET".into(),
            Attribute::KeyType(KeyType::RSA) => seen.key_type = "RSA".into(),
            Attribute::KeyType(KeyType::EC) => seen.key_type = "EC".into(),
            Attribute::KeyType(other) => seen.key_type = format!("{other}"),
            Attribute::AllowedMechanisms(mechanisms) => {
                seen.mechanisms = mechanisms
                    .into_iter()
                    .map(|mechanism| match mechanism {
                        MechanismType::RSA_PKCS_OAEP => "RSA_PKCS_OAEP".into(),
                        MechanismType::RSA_X_509 => "RSA_X_509".into(),
                        MechanismType::ECDH1_DERIVE => "ECDH1_DERIVE".into(),
                        other => format!("{other}"),
                    })
                    .collect();
            }
            Attribute::Local(yes) => seen.history.extend(yes.then(|| "LOCAL".into())),
            Attribute::AlwaysSensitive(yes) => seen.history.extend(yes.then(|| "ALWAYS_SENSITIVE".into())),
            Attribute::NeverExtractable(yes) => seen.history.extend(yes.then(|| "NEVER_EXTRACTABLE".into())),
            flag => seen.set.extend(set(&flag).map(str::to_owned)),
        }
    }
    if seen.class != "data" {
        seen.escapes = escapes(session, object)?;
    }
    seen.set.sort();
    Ok(seen)
}

fn set(attribute: &Attribute) -> Option<&'static str> {
    Some(match attribute {
        Attribute::Token(true) => "TOKEN",
        Attribute::Private(true) => "PRIVATE",
        Attribute::Sensitive(true) => "SENSITIVE",
        Attribute::Extractable(true) => "EXTRACTABLE",
        Attribute::Encrypt(true) => "ENCRYPT",
        Attribute::Decrypt(true) => "DECRYPT",
        Attribute::Sign(true) => "SIGN",
        Attribute::SignRecover(true) => "SIGN_RECOVER",
        Attribute::Verify(true) => "VERIFY",
        Attribute::VerifyRecover(true) => "VERIFY_RECOVER",
        Attribute::Wrap(true) => "WRAP",
        Attribute::Unwrap(true) => "UNWRAP",
        Attribute::Derive(true) => "DERIVE",
        _ => return None,
    })
}

fn readable(session: &Session, object: ObjectHandle) -> Result<Vec<String>, Error> {
    use AttributeType as Type;
    let secrets = [
        (Type::Value, "VALUE"),
        (Type::PrivateExponent, "PRIVATE_EXPONENT"),
        (Type::Prime1, "PRIME_1"),
        (Type::Prime2, "PRIME_2"),
        (Type::Exponent1, "EXPONENT_1"),
        (Type::Exponent2, "EXPONENT_2"),
        (Type::Coefficient, "COEFFICIENT"),
    ];
    let mut readable = Vec::new();
    for (secret, name) in secrets {
        let info = session.get_attribute_info(object, &[secret])?;
        if matches!(info[..], [AttributeInfo::Available(_)]) {
            readable.push(name.to_owned());
        }
    }
    Ok(readable)
}

/// Tries what must not work: making the key readable, copying it readable, wrapping it out.
fn escapes(session: &Session, object: ObjectHandle) -> Result<Vec<String>, Error> {
    let kek = session.generate_key(
        &Mechanism::AesKeyGen,
        &[Attribute::Token(false), Attribute::ValueLen(32.into()), Attribute::Wrap(true)],
    )?;
    let copy = |attribute| session.copy_object(object, &[Attribute::Token(false), attribute]).is_ok();
    // Each token has another of these that wraps private keys.
    let wrappings = [Mechanism::AesKeyWrapPad, Mechanism::AesKeyWrap, Mechanism::AesCbcPad([0; 16])];
    let wrapped = wrappings.iter().any(|mechanism| session.wrap_key(mechanism, kek, object).is_ok());
    let tried = [
        ("made extractable", session.update_attributes(object, &[Attribute::Extractable(true)]).is_ok()),
        ("made readable", session.update_attributes(object, &[Attribute::Sensitive(false)]).is_ok()),
        ("copied as extractable", copy(Attribute::Extractable(true))),
        ("copied as readable", copy(Attribute::Sensitive(false))),
        ("wrapped out", wrapped),
    ];
    session.destroy_object(kek)?;
    Ok(tried.into_iter().filter(|(_, done)| *done).map(|(way, _)| way.to_owned()).collect())
}
