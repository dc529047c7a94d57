//! Import tokens that are not what was issued: refused before RSA runs, all in the same words.

use keyferry::proto as pb;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext, Refusal, Settings};

const MESSAGE: &str = "the import token is invalid or is associated with a different KMS key";

/// The set's import with another token in it.
async fn with_token(client: &Client, good: &pb::ImportKeyMaterialRequest, token: Vec<u8>) -> Result<(), Refusal> {
    client.import(pb::ImportKeyMaterialRequest { import_token: token, ..good.clone() }).await.map(drop)
}

/// One way to alter bytes.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Truncate(Index),
    Extend(Vec<u8>),
    Remove(Index),
    Insert(Index, u8),
    Swap(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => any::<Index>().prop_map(Mutation::Truncate),
        1 => proptest::collection::vec(any::<u8>(), 1..40).prop_map(Mutation::Extend),
        1 => any::<Index>().prop_map(Mutation::Remove),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Mutation::Swap(one, other)),
    ]
}

impl Mutation {
    fn apply(&self, token: &[u8]) -> Vec<u8> {
        let mut token = token.to_vec();
        let length = token.len();
        match self {
            Self::Flip(at, bit) => token[at.index(length)] ^= 1 << bit,
            Self::Truncate(at) => token.truncate(at.index(length - 1) + 1),
            Self::Extend(tail) => token.extend(tail),
            Self::Remove(at) => drop(token.remove(at.index(length))),
            Self::Insert(at, byte) => token.insert(at.index(length + 1), *byte),
            Self::Swap(one, other) => token.swap(one.index(length), other.index(length)),
        }
        token
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mutation_of_an_import_token_is_accepted() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let good = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let handle = tokio::runtime::Handle::current();
    let outcome = tokio::task::block_in_place(|| {
        runner.run(&mutation(), |mutation| {
            let token = mutation.apply(&set.import_token);
            if token == set.import_token {
                return Err(TestCaseError::reject("changes nothing"));
            }
            let refusal = handle.block_on(with_token(&client, &good, token));
            prop_assert_eq!(
                refusal.map_err(|refusal| (refusal.reason, refusal.message)),
                Err(("InvalidImportTokenException".into(), MESSAGE.into()))
            );
            Ok(())
        })
    });
    outcome.unwrap();
    assert_eq!(client.describe(&key.key_id).await, key);
    // The token that was issued is still good: none of this reached the set.
    client.import(good).await.unwrap();
}

#[tokio::test]
async fn a_token_serves_its_own_key_and_installation_only() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let (ours, theirs) = (client.create_symmetric().await, client.create_symmetric().await);
    let (our_set, their_set) = (client.some_parameters(&ours.key_id).await, client.some_parameters(&theirs.key_id).await);
    let elsewhere = Daemon::start(Settings::default());
    let foreign_key = elsewhere.client().await.create_symmetric().await;
    let foreign_set = elsewhere.client().await.some_parameters(&foreign_key.key_id).await;
    let good = import_request(&our_set, Plaintext::aes().wrap_simply(&our_set.public_key));
    let swapped_parts = [
        &our_set.import_token[..our_set.import_token.len() / 2],
        &their_set.import_token[their_set.import_token.len() / 2..],
    ]
    .concat();
    #[rustfmt::skip]
    let cases = [
        ("another key's",          their_set.import_token.clone()),
        ("another installation's", foreign_set.import_token),
        ("half and half",          swapped_parts),
        ("one byte",               vec![0]),
        ("zeros",                  vec![0; 200]),
        ("text",                   b"AQECAHg".repeat(100)),
        ("deeply nested CBOR",     vec![0x81; 6144]),
        ("a huge CBOR length",     vec![0xd1, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("the public key",         our_set.public_key.clone()),
    ];
    for (case, token) in cases {
        let refusal = with_token(&client, &good, token).await.expect_err(case);
        refusal.assert_says("InvalidImportTokenException", MESSAGE, case);
        refusal.assert_blames("importToken", case);
    }
    assert_eq!(client.describe(&ours.key_id).await, ours);
    // The set of one key under the id of the other, ciphertext and all.
    let crossed = pb::ImportKeyMaterialRequest {
        key_id: theirs.key_id.clone(),
        ..import_request(&our_set, Plaintext::aes().wrap_simply(&our_set.public_key))
    };
    client.import(crossed).await.unwrap_err().assert_says("InvalidImportTokenException", MESSAGE, "crossed");
    assert_eq!(client.describe(&theirs.key_id).await, theirs);
    client.import(good).await.unwrap();
}
