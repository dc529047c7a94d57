//! Records to put in.

use std::time::Duration;

use keyferry::model::key::{Birth, Deletion, HandingOver, Relations, Relative, Role};
use keyferry::model::{
    Account, Answer, Claim, Expiration, HostExposure, InstallationId, Issue, Key, KeyId, KeyMaterialId, KeySpec, KeyUsage,
    Material, MaterialPresence, ObjectId, Origin, PairKind, PairUse, RequestDigest, Rotation, SetCaps, Timestamp,
    UnwrapPath, WrappingAlgorithm, WrappingKey, WrappingKeyId, WrappingKeySpec, WrappingKeyState,
};
use keyferry::store::{Settled, Store, Taken};

pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_123);
pub const TOKEN: &str = "f00dfeed";
pub const MAX_ATTEMPTS: u32 = 3;
pub const KIND: PairKind = PairKind { spec: WrappingKeySpec::Rsa4096, pair_use: PairUse::Unwrap };
/// Caps that nothing here reaches.
pub const CAPS: SetCaps = SetCaps { per_key: 1000, per_principal: 1000 };

pub fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

pub fn account() -> Account {
    Account::parse("111122223333").unwrap()
}

pub fn key() -> Key {
    Key {
        id: KeyId::random(false),
        account: account(),
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: Origin::External,
        description: "für Österreich 🔑".to_owned(),
        tags: [("team".to_owned(), "Zürich \"5\"".to_owned())].into(),
        policy: None,
        enabled: false,
        created_at: NOW,
        deletion: None,
        token: TOKEN.to_owned(),
        materials: Vec::new(),
        relations: None,
        version: 0,
    }
}

pub fn material(seed: u8, expiration: Expiration) -> Material {
    Material {
        id: KeyMaterialId([seed; 32]),
        object: ObjectId::random(),
        presence: MaterialPresence::Imported,
        rotation: Rotation::Current,
        rotated_at: None,
        description: String::new(),
        expiration,
        imported_at: NOW,
        spki: None,
        kcv: Some([seed, 0, 255]),
        exposure: HostExposure::Token,
    }
}

/// Of a primary with a replica that is still to be made.
fn relations() -> Relations {
    let birth = Birth {
        description: "drüben".to_owned(),
        tags: [("team".to_owned(), "Zürich".to_owned())].into(),
        policy: Some("{}".to_owned()),
        requester: "spiffe://example.org/administrator".to_owned(),
    };
    let replica = Relative {
        region: "eu-west-1".to_owned(),
        born: 1 << 40,
        told: 3,
        heard: Some(7),
        materials: vec![KeyMaterialId([1; 32])],
        birth: Some(birth),
        owed_primary: Some(1 << 32),
    };
    Relations {
        role: Role::Primary,
        generation: 1 << 33,
        born: 0,
        others: vec![replica],
        handing_over: Some(HandingOver { to: "eu-west-1".to_owned(), requester: "somebody".to_owned() }),
        owes_report: Some(3),
        is_leaving: false,
    }
}

/// A key with every field filled and two materials.
pub fn full_key() -> Key {
    let old = Material {
        presence: MaterialPresence::Expired,
        rotation: Rotation::NonCurrent,
        description: "the old one".to_owned(),
        spki: Some(vec![0x30, 0, 255]),
        kcv: None,
        exposure: HostExposure::HostMaterial,
        ..material(200, Expiration::At(later(60)))
    };
    Key {
        policy: Some("{\t\"ÿ\": \"a policy\"\n}".to_owned()),
        enabled: true,
        deletion: Some(Deletion { at: Some(later(7 * 86_400)), window_in_days: 7 }),
        relations: Some(Box::new(relations())),
        materials: vec![old, Material { rotated_at: Some(later(3)), ..material(1, Expiration::Never) }],
        ..key()
    }
}

pub fn issue() -> Issue {
    Issue {
        key: KeyId::random(true),
        account: account(),
        principal: "spiffe://example.org/importer".to_owned(),
        algorithm: WrappingAlgorithm::RsaesOaepSha256,
        path: UnwrapPath::Direct,
        issued_at: NOW,
        expires_at: later(86_400),
    }
}

/// A pair that is about to be made.
pub fn pair() -> WrappingKey {
    WrappingKey {
        id: WrappingKeyId::random(),
        object: ObjectId::random(),
        token: TOKEN.to_owned(),
        kind: KIND,
        state: WrappingKeyState::Making,
        spki: Vec::new(),
        created_at: NOW,
        issue: None,
        attempts: 0,
        answer: None,
    }
}

pub async fn ready_pair(store: &Store) -> WrappingKey {
    let pair = pair();
    store.begin_wrapping_key(&pair).await.unwrap();
    store.wrapping_key_ready(&pair.id, b"spki").await.unwrap();
    WrappingKey { state: WrappingKeyState::Ready, spki: b"spki".to_vec(), ..pair }
}

pub async fn issued_set(store: &Store) -> WrappingKey {
    issued_as(store, issue()).await
}

/// A set of a kind of its own, so that whatever else is ready stays so.
pub async fn issued_as(store: &Store, issue: Issue) -> WrappingKey {
    let kind = PairKind { spec: WrappingKeySpec::Rsa3072, pair_use: PairUse::RawDecrypt };
    let pair = WrappingKey { kind, ..pair() };
    store.begin_wrapping_key(&pair).await.unwrap();
    store.wrapping_key_ready(&pair.id, b"spki").await.unwrap();
    let taken = store.take_wrapping_key(pair.kind, &pair.token, &issue, CAPS).await.unwrap();
    let Taken::Taken(set) = taken else { panic!("{taken:?}") };
    *set
}

pub fn claim_on(set: &WrappingKey) -> Claim {
    Claim { object: ObjectId::random(), wrapping_key: Some(set.id), claimed_at: NOW, token: TOKEN.to_owned() }
}

pub fn claim_alone() -> Claim {
    Claim { object: ObjectId::random(), wrapping_key: None, claimed_at: NOW, token: TOKEN.to_owned() }
}

pub fn answer(seed: u8) -> Answer {
    Answer {
        digest: RequestDigest([seed; 32]),
        material: KeyMaterialId([seed; 32]),
        kcv: Some([seed; 3]),
        spki: Some(vec![seed; 91]),
        exposure: HostExposure::HostKek,
        receipt: vec![seed; 700],
    }
}

/// A key in the record, as it reads there.
pub async fn recorded(store: &Store, key: Key) -> Key {
    store.insert_key(&key, None).await.unwrap();
    store.key(&key.account, &key.id).await.unwrap().unwrap()
}

/// A set that an import has used up, and its claim, which is gone.
pub async fn consumed_set(store: &Store) -> (WrappingKey, Claim) {
    let set = issued_set(store).await;
    let claim = claim_on(&set);
    store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap();
    let key = recorded(store, key()).await;
    assert_eq!(store.settle(&claim, &key, &[], &answer(7), NOW).await.unwrap(), Settled::Settled);
    (set, claim)
}

pub async fn doomed(store: &Store) -> std::collections::BTreeSet<ObjectId> {
    store.doomed(TOKEN, None, 1000).await.unwrap().into_iter().collect()
}

pub fn installation() -> InstallationId {
    InstallationId::random()
}
