//! ImportKeyMaterial, by as many callers as the bare loop has threads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keyferry::model::key_spec::Curve;
use keyferry::model::{KeySpec, KeyUsage, MaterialKind, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use keyferry::wrap::wrap;

use super::floor::imports::Importing;
use super::load::at_once;
use super::pool::{Pools, Watch};
use super::report::{Goal, Report};
use super::samples::Samples;
use super::stock::Stock;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, openssl};

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material {
    /// An AES-256 key, under RSA-OAEP alone.
    Aes,
    /// An HMAC-SHA-256 key, likewise.
    Hmac,
    /// A private key on P-256, under RSA-OAEP and AES-KWP.
    P256,
}

const ROWS: [(Material, WrappingKeySpec); 4] = [
    (Material::Aes, WrappingKeySpec::Rsa2048),
    (Material::Aes, WrappingKeySpec::Rsa4096),
    (Material::P256, WrappingKeySpec::Rsa2048),
    (Material::P256, WrappingKeySpec::Rsa4096),
];
/// Callers, and threads of the bare loop.
const AT_ONCE: usize = 2;
/// Service and floor take turns: so many imports of one, then as many of the other.
const TURN: usize = 100;
const TURNS: usize = 2;

pub async fn measure(report: &mut Report) {
    let installation = Pools::STILL.install();
    let pairs = 2 * TURN * TURNS;
    let ready = vec![(WrappingKeySpec::Rsa2048, pairs), (WrappingKeySpec::Rsa4096, pairs)];
    let mut bare = Importing::prepare(&ready).await;
    Stock { ready, ..Stock::default() }.lay_in(&installation).await;
    let daemon = Daemon::serve(installation, &[]);
    for (material, spec) in ROWS {
        let algorithm = material.algorithm();
        let (floor, service) = beside_the_floor(&mut bare, &daemon, material, spec).await;
        report.samples(&format!("ImportKeyMaterial {algorithm} {spec}, floor"), &floor);
        report.samples(&format!("ImportKeyMaterial {algorithm} {spec}, service"), &service);
        let measure = format!("ImportKeyMaterial {algorithm} {spec}, imports a second");
        report.figure(measure, Goal::RatioAtLeast(0.85), service.per_second(), Some(floor.per_second()));
    }
}

async fn beside_the_floor(
    floor: &mut Importing,
    daemon: &Daemon,
    material: Material,
    spec: WrappingKeySpec,
) -> (Samples, Samples) {
    let client = daemon.client().await;
    let watch = Watch::over(&daemon.installation);
    let mut requests = Vec::new();
    for _ in 0..TURN * TURNS {
        requests.push(material.request(&client, spec).await);
    }
    let (mut bare, mut served) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        bare.push(floor.import(material, spec, TURN, AT_ONCE));
        served.push(import(&client, &watch, &requests[turn * TURN..][..TURN]).await);
    }
    (Samples::joined(bare), Samples::joined(served))
}

/// One turn of the service, which lasts until the wrapping keys are destroyed as well: that is not on the callers' time, but
/// it is on the token's and the disk's.
async fn import(client: &Client, watch: &Watch, requests: &[pb::ImportKeyMaterialRequest]) -> Samples {
    let began = Instant::now();
    let (client, requests) = (client.clone(), Arc::new(requests.to_vec()));
    let call = move |number: usize| {
        let (client, requests) = (client.clone(), Arc::clone(&requests));
        async move { client.import(requests[number].clone()).await.map(drop) }
    };
    let outcome = at_once(TURN, AT_ONCE, call).await;
    assert_eq!(outcome.refusal, None);
    while watch.doomed().await > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    outcome.samples.lasting(began.elapsed())
}

impl Material {
    fn algorithm(self) -> WrappingAlgorithm {
        match self {
            Self::Aes | Self::Hmac => WrappingAlgorithm::RsaesOaepSha1,
            Self::P256 => WrappingAlgorithm::RsaAesKeyWrapSha1,
        }
    }

    /// Fresh material under this public key.
    pub fn wrapped(self, spki: &[u8]) -> Vec<u8> {
        let plain = match self {
            Self::Aes | Self::Hmac => openssl::random(32),
            Self::P256 => openssl::private_key(MaterialKind::Ec(Curve::P256)),
        };
        wrap(spki, self.algorithm(), &plain).unwrap()
    }

    /// An import that is ready to be sent, into a key of its own.
    async fn request(self, client: &Client, spec: WrappingKeySpec) -> pb::ImportKeyMaterialRequest {
        let key = match self {
            Self::Aes => client.create_symmetric().await,
            Self::Hmac => client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await,
            Self::P256 => client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await,
        };
        let set = client.parameters(&key.key_id, self.algorithm(), spec).await.unwrap();
        import_request(&set, self.wrapped(&set.public_key))
    }
}
