//! Several processes over one record and one token, killed in the middle of what they do: no pair is handed out twice.

use std::collections::HashSet;

use keyferry::model::{OaepHash, WrappingAlgorithm, WrappingKeySpec};
use proptest::test_runner::{Config, TestRunner};
use tokio::task::JoinSet;

use crate::harness::client::import_request;
use crate::harness::daemon::{Replica, field};
use crate::harness::refusal::surely;
use crate::harness::{Client, Installation, Plaintext, Settings, openssl, postgres};

/// One kind of pairs, and few of them, so that callers empty the pool and wait again and again.
const POOL: &str = "\
[pool]
rsa_2048 = { low = 4, high = 6 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

/// Callers at once.
const CALLERS: usize = 6;

/// Of two replicas, the one that is killed, and after how many answers.
type Kill = (usize, usize);

async fn ask(client: &Client, key: &str) -> Option<Vec<u8>> {
    let asked = client.parameters(key, WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa2048).await;
    asked.ok().map(|set| set.public_key)
}

/// Asks both replicas until `answers` have come, kills one of them meanwhile, and waits for all who were asking.
async fn ask_and_kill(
    replicas: &mut [Option<Replica>; 2],
    clients: [Client; 2],
    key: &str,
    (victim, answers): Kill,
) -> Vec<Vec<u8>> {
    let mut asking = JoinSet::new();
    let ask_next = |asking: &mut JoinSet<Option<Vec<u8>>>, n: usize| {
        let (client, key) = (clients[n % 2].clone(), key.to_owned());
        asking.spawn(async move { ask(&client, &key).await });
    };
    for n in 0..CALLERS {
        ask_next(&mut asking, n);
    }
    let mut given = Vec::new();
    let mut asked = CALLERS;
    while let Some(answer) = asking.join_next().await {
        given.extend(answer.unwrap());
        if given.len() < answers {
            ask_next(&mut asking, asked);
            asked += 1;
        } else {
            // In the middle of what the others asked it for, and of what it was filling the pool with.
            drop(replicas[victim].take());
        }
    }
    given
}

async fn none_is_given_twice(kills: Vec<Kill>) {
    let store_url = Some(postgres::database().await);
    let settings = Settings { host_assisted: "none", more: POOL.to_owned(), store_url, ..Settings::default() };
    let installation = Installation::new(settings);
    let start = || Some(Replica::start(&installation));
    let first = start();
    // One after the other, and not while the other fills the pool: SoftHSM 2.6.1 does not bear it.
    first.as_ref().unwrap().wait_for_log(|line| field(line, "message") == "the pools are filled");
    let mut replicas = [first, start()];
    let client = replicas[0].as_ref().unwrap().client(&installation).await;
    let key = client.create_symmetric().await.key_id;
    let mut given = HashSet::new();
    for kill in kills {
        let mut clients = Vec::new();
        for replica in replicas.iter().flatten() {
            clients.push(replica.client(&installation).await);
        }
        let clients: [Client; 2] = clients.try_into().unwrap_or_else(|_| panic!("both run"));
        for spki in ask_and_kill(&mut replicas, clients, &key, kill).await {
            assert!(given.insert(spki), "a pair was handed out twice");
        }
        replicas[kill.0] = start();
    }
    // What one replica handed out comes in through the other.
    let [issuing, importing] = [&replicas[0], &replicas[1]].map(|replica| replica.as_ref().unwrap());
    let (issuing, importing) = (issuing.client(&installation).await, importing.client(&installation).await);
    let ask = || issuing.parameters(&key, WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa2048);
    let set = surely(ask).await.unwrap();
    assert!(given.insert(set.public_key.clone()), "a pair was handed out twice");
    let ciphertext = openssl::oaep(&set.public_key, OaepHash::Sha1, &Plaintext::aes().bytes);
    surely(|| importing.import(import_request(&set, ciphertext.clone()))).await.unwrap();
}

#[test]
fn two_processes_never_hand_out_one_pair_twice_whenever_one_is_killed() {
    let kills = proptest::collection::vec((0..2_usize, 1..16_usize), 1..4);
    let config = Config { cases: 3, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let checked = TestRunner::new(config).run(&kills, |kills| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(none_is_given_twice(kills));
        Ok(())
    });
    checked.unwrap();
}
