//! The attributes of every object that keyferry makes, spelled out: tokens differ in what they assume of those left out.
//!
//! Never CKA_VALUE_LEN and never CKA_EC_PARAMS on an unwrap: SoftHSM calls them read-only.

use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, KeyType, ObjectClass};

use crate::model::{KeyUsage, MaterialKind, ObjectId, ObjectKind, PairUse};

/// What makes an object a secret of the token: not readable, not exportable, for this session only.
fn secret_of_session(class: ObjectClass, key_type: KeyType) -> Vec<Attribute> {
    vec![
        Attribute::Class(class),
        Attribute::KeyType(key_type),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ]
}

/// What a key may do; all that is not said it may not.
#[derive(Default)]
struct May {
    decrypt: bool,
    derive: bool,
    encrypt: bool,
    sign: bool,
    unwrap: bool,
    verify: bool,
}

impl May {
    /// Every usage flag of a secret key.
    fn secret(self) -> [Attribute; 7] {
        let Self { decrypt, derive, encrypt, sign, unwrap, verify } = self;
        [
            Attribute::Decrypt(decrypt),
            Attribute::Derive(derive),
            Attribute::Encrypt(encrypt),
            Attribute::Sign(sign),
            Attribute::Unwrap(unwrap),
            Attribute::Verify(verify),
            Attribute::Wrap(false),
        ]
    }

    /// Every usage flag of a private key.
    fn private(self) -> [Attribute; 5] {
        let Self { decrypt, derive, encrypt: _, sign, unwrap, verify: _ } = self;
        [
            Attribute::Decrypt(decrypt),
            Attribute::Derive(derive),
            Attribute::Sign(sign),
            Attribute::SignRecover(false),
            Attribute::Unwrap(unwrap),
        ]
    }
}

/// The ephemeral AES key of the hybrid: it unwraps one blob.
pub(super) fn kek() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::AES);
    template.extend(May { unwrap: true, ..May::default() }.secret());
    template
}

/// Material while it is being proved, when it may do more than it will be allowed to.
pub(super) fn material_in_proof(kind: MaterialKind) -> Vec<Attribute> {
    let (class, key_type) = class_and_type(kind);
    let mut template = secret_of_session(class, key_type);
    match kind {
        MaterialKind::Aes256 => template.extend(May { encrypt: true, decrypt: true, ..May::default() }.secret()),
        MaterialKind::Hmac(_) => template.extend(May { sign: true, verify: true, ..May::default() }.secret()),
        MaterialKind::Rsa(_) => template.extend(May { sign: true, decrypt: true, ..May::default() }.private()),
        MaterialKind::Ec(_) => template.extend(May { sign: true, derive: true, ..May::default() }.private()),
    }
    template
}

pub(super) fn class_and_type(kind: MaterialKind) -> (ObjectClass, KeyType) {
    match kind {
        MaterialKind::Aes256 => (ObjectClass::SECRET_KEY, KeyType::AES),
        MaterialKind::Hmac(_) => (ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET),
        MaterialKind::Rsa(_) => (ObjectClass::PRIVATE_KEY, KeyType::RSA),
        MaterialKind::Ec(_) => (ObjectClass::PRIVATE_KEY, KeyType::EC),
    }
}

/// What the copy of material that stays on the token may do: no more than its usage needs.
pub(super) fn material_usage(usage: KeyUsage, kind: MaterialKind) -> Vec<Attribute> {
    match kind {
        MaterialKind::Aes256 => May { encrypt: true, decrypt: true, ..May::default() }.secret().to_vec(),
        MaterialKind::Hmac(_) => May { sign: true, verify: true, ..May::default() }.secret().to_vec(),
        MaterialKind::Rsa(_) | MaterialKind::Ec(_) => {
            // The token's part of SM2's decryption is a derivation.
            let decrypts = usage == KeyUsage::EncryptDecrypt;
            let is_rsa = matches!(kind, MaterialKind::Rsa(_));
            May {
                sign: usage == KeyUsage::SignVerify,
                decrypt: decrypts && is_rsa,
                derive: usage == KeyUsage::KeyAgreement || decrypts && !is_rsa,
                ..May::default()
            }
            .private()
            .to_vec()
        }
    }
}

/// What the copy of material that stays on the token has otherwise than the one that was proved.
pub(super) fn material_to_stay(id: &ObjectId, usage: KeyUsage, kind: MaterialKind) -> Vec<Attribute> {
    let mut template = to_stay(id, ObjectKind::Material);
    let in_proof = material_in_proof(kind);
    // Only what differs: tokens refuse to be told again what they will not change.
    template.extend(material_usage(usage, kind).into_iter().filter(|attribute| !in_proof.contains(attribute)));
    template
}

/// What every copy that stays on the token has: the id that ties it to its record.
pub(super) fn to_stay(id: &ObjectId, kind: ObjectKind) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(kind.label(id).into_bytes()),
    ]
}

/// The public half of any pair: for this session only, read once, then destroyed.
pub(super) fn public_half() -> Vec<Attribute> {
    vec![
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Encrypt(false),
        Attribute::Verify(false),
        Attribute::Wrap(false),
    ]
}

/// What the private half of a wrapping key pair may do: unwrap, decrypt raw, or derive, and nothing else.
pub(super) fn wrapping_key_usage(pair_use: PairUse) -> [Attribute; 5] {
    match pair_use {
        PairUse::Unwrap => May { unwrap: true, ..May::default() },
        PairUse::RawDecrypt => May { decrypt: true, ..May::default() },
        PairUse::Derive => May { derive: true, ..May::default() },
    }
    .private()
}

/// The private half of a wrapping key pair.
pub(super) fn wrapping_key(pair_use: PairUse) -> Vec<Attribute> {
    let mut template =
        vec![Attribute::Token(false), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
    template.extend(wrapping_key_usage(pair_use));
    template
}

/// The only mechanism that a wrapping key's private half may be used with. Some tokens do not know the attribute.
pub(super) fn wrapping_key_mechanism(pair_use: PairUse) -> Attribute {
    Attribute::AllowedMechanisms(vec![match pair_use {
        PairUse::Unwrap => MechanismType::RSA_PKCS_OAEP,
        PairUse::RawDecrypt => MechanismType::RSA_X_509,
        PairUse::Derive => MechanismType::ECDH1_DERIVE,
    }])
}

/// What the key that authenticates import tokens may do.
pub(super) fn mac_key_usage() -> [Attribute; 7] {
    May { sign: true, verify: true, ..May::default() }.secret()
}

/// What the key that secrets are derived under may do: nobody has to verify a secret.
pub(super) fn derivation_key_usage() -> [Attribute; 7] {
    May { sign: true, ..May::default() }.secret()
}

/// A key of the service's own, for HMAC-SHA-256.
pub(super) fn hmac_key(usage: &[Attribute; 7]) -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET);
    template.push(Attribute::ValueLen(32.into()));
    template.extend_from_slice(usage);
    template
}

/// What a key that signs statements may do.
pub(super) fn signing_key_usage() -> [Attribute; 5] {
    May { sign: true, ..May::default() }.private()
}

/// A key that signs statements.
pub(super) fn signing_key() -> Vec<Attribute> {
    let mut template =
        vec![Attribute::Token(false), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
    template.extend(signing_key_usage());
    template
}

/// The x coordinate of a shared point: the one secret-key object that is meant to be read.
pub(super) fn readable_coordinate(bytes: usize) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen((bytes as u64).into()),
    ]
}
