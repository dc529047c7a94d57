//! The token layer against SoftHSM2: what it is found able to do, and what it must refuse.

mod cryptography;
mod sm2;

use der::asn1::OctetStringRef;
use der::{Decode, Encode};
use keyferry::hsm::{Error, Hsm, Import, Proved, Token};
use keyferry::model::{
    HostAssisted, KeySpec, KeyUsage, ObjectId, PairKind, PairUse, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};
use keyferry::wrap;
use pkcs8::PrivateKeyInfoRef;

use crate::harness::der::ec_pkcs8;
use crate::harness::inprocess;
use crate::openssl;

#[tokio::test]
async fn softhsm_serves_every_cell_by_the_least_exposing_path_that_works() {
    let hsm = inprocess::open("profile", HostAssisted::Material);
    assert!(!hsm.profile().routes.is_empty());
    for ((key, algorithm), route) in &hsm.profile().routes {
        let expected = match algorithm {
            // It takes no PKCS#8 on this curve.
            WrappingAlgorithm::RsaesOaepSha1 if *key == KeySpec::Sm2 => UnwrapPath::HostMaterial,
            WrappingAlgorithm::RsaesOaepSha1 => UnwrapPath::Direct,
            WrappingAlgorithm::RsaesOaepSha256 => UnwrapPath::HostMaterial,
            WrappingAlgorithm::RsaAesKeyWrapSha1 => UnwrapPath::TwoStep,
            WrappingAlgorithm::Sm2pke => UnwrapPath::HostSm2,
            _ => UnwrapPath::HostKek,
        };
        assert_eq!(route.path, Some(expected), "{key} {algorithm} {}", route.reason);
    }
    assert_eq!(hsm.profile().key_wrap, Some(0x210A), "CKM_AES_KEY_WRAP_PAD is RFC 5649 on SoftHSM2, and KWP is absent");
}

#[tokio::test]
async fn what_the_bound_does_not_permit_is_not_served_and_the_setting_is_named() {
    let hsm = inprocess::open("bound", HostAssisted::None);
    for ((key, algorithm), route) in &hsm.profile().routes {
        let in_token = matches!(algorithm, WrappingAlgorithm::RsaesOaepSha1 | WrappingAlgorithm::RsaAesKeyWrapSha1)
            && *key != KeySpec::Sm2;
        assert_eq!(route.path.is_some(), in_token, "{key} {algorithm}");
        if !in_token {
            let names_the_mechanism = match algorithm {
                WrappingAlgorithm::Sm2pke => true,
                WrappingAlgorithm::RsaesOaepSha1 => route.reason.contains("CKM_RSA_PKCS_OAEP with SHA-1"),
                _ => route.reason.contains("CKM_RSA_PKCS_OAEP with SHA-256"),
            };
            assert!(names_the_mechanism, "{}", route.reason);
            assert!(route.reason.contains("needs hsm.host_assisted = "), "{}", route.reason);
        }
    }
}

/// PKCS#8 made by OpenSSL.
fn openssl_key(arguments: &str) -> Vec<u8> {
    openssl::genpkey(arguments)
}

/// An RSA key with one of its numbers altered.
fn rsa_with(pkcs8: &[u8], alter: impl for<'a> Fn(&mut pkcs1::RsaPrivateKeyRef<'a>, pkcs1::UintRef<'a>)) -> Vec<u8> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).unwrap();
    let mut key = pkcs1::RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).unwrap();
    alter(&mut key, pkcs1::UintRef::new(&[0]).unwrap());
    let key = key.to_der().unwrap();
    PrivateKeyInfoRef::new(info.algorithm, OctetStringRef::new(&key).unwrap()).to_der().unwrap()
}

/// Either of the two ways to compute with the key alone would still be right, and OpenSSL takes the one that is.
fn no_right_exponent<'a>(key: &mut pkcs1::RsaPrivateKeyRef<'a>, _zero: pkcs1::UintRef<'a>) {
    key.private_exponent = key.prime1;
    key.exponent1 = key.exponent2;
}

/// prime256v1 (RFC 5480 §2.1.1.1).
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// The order of P-256's group (SEC 2 §2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
    0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A wrapping key pair of each use, to be used again and again: only the service consumes them.
struct Pairs {
    hsm: Hsm,
    unwrap: (ObjectId, Vec<u8>),
    raw: (ObjectId, Vec<u8>),
    derive: (ObjectId, Vec<u8>),
}

impl Pairs {
    async fn make(label: &str) -> Self {
        let hsm = inprocess::open(label, HostAssisted::Material);
        let make = async |spec, pair_use| {
            let id = ObjectId::random();
            let spki = hsm.make(move |token| token.make_wrapping_key(&id, PairKind { spec, pair_use })).await;
            (id, spki.unwrap().spki)
        };
        let rsa = WrappingKeySpec::Rsa2048;
        let (unwrap, raw) = (make(rsa, PairUse::Unwrap).await, make(rsa, PairUse::RawDecrypt).await);
        let derive = make(WrappingKeySpec::Sm2, PairUse::Derive).await;
        Self { unwrap, raw, derive, hsm }
    }

    async fn import(
        &self,
        key: KeySpec,
        usage: KeyUsage,
        algorithm: WrappingAlgorithm,
        material: &[u8],
    ) -> Result<Proved, Error> {
        self.import_as(ObjectId::random(), key, usage, algorithm, material).await
    }

    async fn import_as(
        &self,
        object: ObjectId,
        key: KeySpec,
        usage: KeyUsage,
        algorithm: WrappingAlgorithm,
        material: &[u8],
    ) -> Result<Proved, Error> {
        let path = self.hsm.profile().route(key, algorithm).unwrap().path.unwrap();
        let (wrapping_key, spki) = match path.pair_use() {
            PairUse::Unwrap => &self.unwrap,
            PairUse::RawDecrypt => &self.raw,
            PairUse::Derive => &self.derive,
        };
        let import = Import {
            wrapping_key: *wrapping_key,
            spki: spki.clone(),
            algorithm,
            path,
            ciphertext: wrap::wrap(spki, algorithm, material).unwrap(),
            kind: key.material().unwrap(),
            usage,
            object,
        };
        let imported = self.hsm.call(move |token| token.import(&import, |_| Ok::<(), ()>(()))).await?;
        Ok(imported.unwrap())
    }

    async fn objects(&self) -> usize {
        self.hsm.call(|token| token.objects()).await.unwrap().len()
    }
}

#[tokio::test]
async fn what_is_not_material_of_the_spec_never_becomes_a_key_and_leaves_nothing_behind() {
    use KeySpec::*;
    use WrappingAlgorithm::*;
    let pairs = Pairs::make("junk").await;
    let before = pairs.objects().await;
    let rsa = |bits: &str| openssl_key(&format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"));
    let ec = |curve: &str| openssl_key(&format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}"));
    let weak = openssl_key("-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3");
    let cut = |mut der: Vec<u8>| {
        der.pop();
        der
    };
    #[rustfmt::skip]
    let junk = [
        ("a byte short for AES-256",        SymmetricDefault, vec![7; 31]),
        ("a byte long for AES-256",         SymmetricDefault, vec![7; 33]),
        ("AES-128",                         SymmetricDefault, vec![7; 16]),
        ("one byte",                        SymmetricDefault, vec![7]),
        ("a byte short for HMAC_224",       Hmac224,          vec![7; 27]),
        ("a byte long for HMAC_224",        Hmac224,          vec![7; 29]),
        ("a byte long for HMAC_256",        Hmac256,          vec![7; 33]),
        ("a byte long for HMAC_384",        Hmac384,          vec![7; 49]),
        ("a byte long for HMAC_512",        Hmac512,          vec![7; 65]),
        ("another curve of the same size",  EccSecgP256k1,    ec("P-256")),
        ("another curve of the same size",  EccNistP256,      ec("secp256k1")),
        ("another curve of the same size",  EccNistP256,      ec("SM2")),
        ("another curve of the same size",  Sm2,              ec("P-256")),
        ("a curve that is not served",      EccNistP256,      ec("brainpoolP256r1")),
        ("a larger curve",                  EccNistP256,      ec("P-384")),
        ("scalar 0",                        EccNistP256,      ec_pkcs8(P256, &[0; 32])),
        ("scalar n",                        EccNistP256,      ec_pkcs8(P256, &P256_ORDER)),
        ("a truncated PKCS#8",              EccNistP256,      cut(ec("P-256"))),
        ("32 raw bytes",                    EccNistP256,      vec![7; 32]),
        ("RSA declared EC",                 EccNistP256,      rsa("1024")),
        ("EC declared RSA",                 Rsa2048,          ec("P-256")),
        ("RSA-1024",                        Rsa2048,          rsa("1024")),
        ("RSA-2048 for 3072",               Rsa3072,          rsa("2048")),
        ("RSA-2056 for 2048",               Rsa2048,          rsa("2056")),
        ("public exponent 3",               Rsa2048,          weak),
        ("a truncated PKCS#8",              Rsa2048,          cut(rsa("2048"))),
        ("public exponent 0",               Rsa2048,          rsa_with(&rsa("2048"), |key, zero| key.public_exponent = zero)),
        ("modulus 0",                       Rsa2048,          rsa_with(&rsa("2048"), |key, zero| key.modulus = zero)),
        ("no right private exponent",       Rsa2048,          rsa_with(&rsa("2048"), no_right_exponent)),
    ];
    for (what, key, material) in junk {
        for algorithm in [RsaesOaepSha1, RsaesOaepSha256, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, Sm2pke] {
            let (spki, wrapping) = match algorithm {
                Sm2pke => (&pairs.derive.1, WrappingKeySpec::Sm2),
                _ => (&pairs.unwrap.1, WrappingKeySpec::Rsa2048),
            };
            let fits = wrap::wrap(spki, algorithm, &material).is_ok();
            if algorithm.permit(wrapping, key).is_err() || !fits {
                continue;
            }
            let refused = pairs.import(key, key.usages()[0], algorithm, &material).await;
            assert!(matches!(refused, Err(Error::Rejected)), "{what} for {key} by {algorithm}: {refused:?}");
        }
    }
    assert_eq!(pairs.objects().await, before);
}

#[tokio::test]
async fn the_scalar_before_the_group_order_is_a_key_by_every_path() {
    let pairs = Pairs::make("last scalar").await;
    let mut scalar = P256_ORDER;
    scalar[31] -= 1;
    let material = ec_pkcs8(P256, &scalar);
    let mut proved = Vec::new();
    for algorithm in WrappingAlgorithm::supported() {
        proved.push(pairs.import(KeySpec::EccNistP256, KeyUsage::SignVerify, algorithm, &material).await.unwrap());
    }
    proved.dedup();
    assert_eq!(proved.len(), 1, "the paths disagree on which key it is");
}

#[tokio::test]
async fn only_the_host_assisted_path_sees_what_pkcs8_carries_beyond_the_key() {
    let pairs = Pairs::make("beyond").await;
    let ec = || openssl_key("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let (mut foreign, other) = (ec(), ec());
    let point = foreign.len() - 65;
    foreign[point..].copy_from_slice(&other[point..]);
    let mut trailing = ec();
    trailing.push(0);
    let mut past_the_order = P256_ORDER;
    past_the_order[31] += 7;
    let cases = [
        ("another key's public point", foreign),
        ("a trailing byte", trailing),
        ("a scalar past the group order", ec_pkcs8(P256, &past_the_order)),
    ];
    for (what, material) in cases {
        let key = KeySpec::EccNistP256;
        let seen = pairs.import(key, KeyUsage::SignVerify, WrappingAlgorithm::RsaesOaepSha256, &material).await;
        assert!(matches!(seen, Err(Error::Rejected)), "{what}: {seen:?}");
        let unseen = pairs.import(key, KeyUsage::SignVerify, WrappingAlgorithm::RsaesOaepSha1, &material).await;
        assert!(unseen.is_ok(), "{what}: SoftHSM2 has become stricter, and the documentation can be: {unseen:?}");
    }
}

#[tokio::test]
async fn a_scalar_past_the_group_order_is_the_key_that_it_is_modulo_the_order() {
    let pairs = Pairs::make("modulo").await;
    let mut past_the_order = P256_ORDER;
    past_the_order[31] += 7;
    let mut seven = [0; 32];
    seven[31] = 7;
    let mut spkis = Vec::new();
    for scalar in [past_the_order, seven] {
        let material = ec_pkcs8(P256, &scalar);
        let proved =
            pairs.import(KeySpec::EccNistP256, KeyUsage::SignVerify, WrappingAlgorithm::RsaesOaepSha1, &material).await;
        spkis.push(proved.unwrap().spki());
    }
    assert_eq!(spkis[0], spkis[1], "the public half shows which key it is");
}

#[tokio::test]
async fn a_refusal_by_the_caller_of_the_token_leaves_nothing_behind() {
    let pairs = Pairs::make("refusal").await;
    let before = pairs.objects().await;
    let import = Import {
        wrapping_key: pairs.unwrap.0,
        spki: pairs.unwrap.1.clone(),
        algorithm: WrappingAlgorithm::RsaesOaepSha1,
        path: UnwrapPath::Direct,
        ciphertext: wrap::wrap(&pairs.unwrap.1, WrappingAlgorithm::RsaesOaepSha1, &[7; 32]).unwrap(),
        kind: KeySpec::SymmetricDefault.material().unwrap(),
        usage: KeyUsage::EncryptDecrypt,
        object: ObjectId::random(),
    };
    let refused = pairs.hsm.call(move |token| token.import(&import, |_| Err("not this one"))).await.unwrap();
    assert_eq!(refused, Err("not this one"));
    assert_eq!(pairs.objects().await, before);
}

#[tokio::test]
async fn a_wrapping_key_serves_only_the_path_it_was_made_for() {
    let pairs = Pairs::make("one path").await;
    for (pair, path) in [(&pairs.raw, UnwrapPath::Direct), (&pairs.unwrap, UnwrapPath::HostMaterial)] {
        let import = Import {
            wrapping_key: pair.0,
            spki: pair.1.clone(),
            algorithm: WrappingAlgorithm::RsaesOaepSha1,
            path,
            ciphertext: wrap::wrap(&pair.1, WrappingAlgorithm::RsaesOaepSha1, &[7; 32]).unwrap(),
            kind: KeySpec::SymmetricDefault.material().unwrap(),
            usage: KeyUsage::EncryptDecrypt,
            object: ObjectId::random(),
        };
        let refused = pairs.hsm.call(move |token| token.import(&import, |_| Ok::<(), ()>(()))).await;
        assert!(matches!(refused, Err(Error::Rejected)), "{path}: {refused:?}");
    }
}

/// So many AES keys on the token.
async fn objects_on(hsm: &Hsm, count: usize) -> Vec<ObjectId> {
    let ids: Vec<ObjectId> = (0..count).map(|_| ObjectId::random()).collect();
    for id in ids.clone() {
        let kind = KeySpec::SymmetricDefault.material().unwrap();
        hsm.call(move |token| token.generate(&id, kind, KeyUsage::EncryptDecrypt)).await.unwrap();
    }
    ids
}

#[tokio::test]
async fn many_objects_are_destroyed_at_once_and_no_others() {
    let hsm = inprocess::open("many", HostAssisted::Material);
    let ids = objects_on(&hsm, 8).await;
    let (doomed, kept) = ids.split_at(5);
    // Those that never were are gone, too; and those whose handles nobody knows are found.
    inprocess::lose_the_login("many");
    let never: Vec<ObjectId> = (0..3).map(|_| ObjectId::random()).collect();
    let asked = [doomed, &never].concat();
    let swept = loop {
        let asked = asked.clone();
        let sweep = move |token: &Token| {
            let mut swept = token.destroy_all(&asked);
            token.confirm(&mut swept);
            Ok(swept)
        };
        match hsm.sweep(sweep).await {
            Ok(swept) if swept.left.is_empty() => break swept,
            // The login is back with the next session.
            _ => tokio::task::yield_now().await,
        }
    };
    assert_eq!(std::collections::HashSet::<ObjectId>::from_iter(swept.gone), asked.into_iter().collect());
    let mut left: Vec<ObjectId> =
        hsm.sweep(|token| token.objects()).await.unwrap().into_iter().map(|found| found.id).collect();
    let mut kept = kept.to_vec();
    left.sort();
    kept.sort();
    assert_eq!(left, kept);
}

#[tokio::test]
async fn handles_that_a_lost_login_made_worthless_are_found_again_by_one_listing() {
    let hsm = inprocess::open("listed", HostAssisted::Material);
    let ids = objects_on(&hsm, 3).await;
    assert_eq!(hsm.unknown_of(&ids), [], "what was made is known");
    inprocess::lose_the_login("listed");
    let first = ids[0];
    // Whoever meets the loss says so; the next has a session with a login again.
    while !matches!(hsm.call(move |token| token.contains(&first)).await, Ok(true)) || !hsm.unknown_of(&ids).is_empty() {
        let destroyed = ObjectId::random();
        let _ = hsm.call(move |token| token.destroy(&destroyed)).await;
        tokio::task::yield_now().await;
    }
    let mut known = hsm.known_objects(None, 2);
    known.extend(hsm.known_objects(known.last().copied(), 2));
    let mut expected = ids;
    expected.sort();
    assert_eq!(known, expected, "in pages, in order");
}
