//! Both fronts side by side: the same call, over gRPC with mutual TLS and over the KMS API's own protocol with a signature.

use std::sync::{Arc, Mutex};

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use serde_json::json;

use super::load::at_once;
use super::pool::Pools;
use super::report::Report;
use super::samples::Samples;
use crate::harness::installation::IMPORTER;
use crate::harness::{AccessKey, Client, Daemon, JsonClient};

/// Callers, each with a connection of its own.
const AT_ONCE: usize = 8;
/// The fronts take turns: so many calls of one, then as many of the other.
const TURN: usize = 1000;
const TURNS: usize = 3;
const PLAINTEXT: [u8; 1024] = [7; 1024];

/// What is called.
#[derive(Clone, Copy, Debug)]
enum What {
    DescribeKey,
    Encrypt,
    Sign,
}

/// A connection to one of the fronts.
enum Line {
    Grpc(Client),
    Json(JsonClient),
}

pub async fn measure(report: &mut Report) {
    let daemon = Daemon::serve(Pools::STILL.install(), &[]);
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    let (mut grpc, mut json) = (Vec::new(), Vec::new());
    for _ in 0..AT_ONCE {
        grpc.push(Line::Grpc(daemon.client().await));
        json.push(Line::Json(JsonClient::connect(&daemon, &access_key).await));
    }
    let fronts = [("gRPC", Arc::new(Mutex::new(grpc))), ("JSON", Arc::new(Mutex::new(json)))];
    let client = daemon.client().await;
    for what in [What::DescribeKey, What::Encrypt, What::Sign] {
        let (spec, usage) = match what {
            What::DescribeKey | What::Encrypt => (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
            What::Sign => (KeySpec::EccNistP256, KeyUsage::SignVerify),
        };
        let key: Arc<str> = client.create_generated(spec, usage).await.key_id.into();
        let mut served = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            for ((_, lines), served) in fronts.iter().zip(&mut served) {
                served.push(turn(what, lines, &key).await);
            }
        }
        for ((front, _), served) in fronts.iter().zip(served) {
            report.samples(&format!("{what:?}, {AT_ONCE} callers, {front}"), &Samples::joined(served));
        }
    }
}

async fn turn(what: What, lines: &Arc<Mutex<Vec<Line>>>, key: &Arc<str>) -> Samples {
    let (lines, key) = (Arc::clone(lines), Arc::clone(key));
    let call = move |_| {
        let (lines, key) = (Arc::clone(&lines), Arc::clone(&key));
        async move {
            // As many as there are callers.
            let mut line = lines.lock().unwrap().pop().unwrap();
            line.call(what, key.to_string()).await;
            lines.lock().unwrap().push(line);
            Ok(())
        }
    };
    at_once(TURN, AT_ONCE, call).await.samples
}

impl Line {
    async fn call(&mut self, what: What, key_id: String) {
        match self {
            Self::Grpc(client) => match what {
                What::DescribeKey => {
                    client.keys().describe_key(pb::DescribeKeyRequest { key_id }).await.map(drop).unwrap();
                }
                What::Encrypt => {
                    let request = pb::EncryptRequest { key_id, plaintext: PLAINTEXT.to_vec(), ..Default::default() };
                    client.cryptography().encrypt(request).await.map(drop).unwrap();
                }
                What::Sign => {
                    let request = pb::SignRequest {
                        key_id,
                        message: PLAINTEXT.to_vec(),
                        signing_algorithm: pb::SigningAlgorithm::EcdsaSha256.into(),
                        ..Default::default()
                    };
                    client.cryptography().sign(request).await.map(drop).unwrap();
                }
            },
            Self::Json(client) => {
                let plain = Base64::encode_string(&PLAINTEXT);
                let body = match what {
                    What::DescribeKey => json!({ "KeyId": key_id }),
                    What::Encrypt => json!({ "KeyId": key_id, "Plaintext": plain }),
                    What::Sign => json!({ "KeyId": key_id, "Message": plain, "SigningAlgorithm": "ECDSA_SHA_256" }),
                };
                let answer = client.call(&format!("{what:?}"), &body).await;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        }
    }
}
