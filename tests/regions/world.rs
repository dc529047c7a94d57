//! Three installations, each a Region: a token, a record, a daemon and policies of its own, and each a peer of the others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::proxy::Proxy;
use crate::harness::{Client, Daemon, Installation, Plaintext, Refusal, Settings, installation, openssl};

pub const HOME: &str = "us-east-1";
pub const EUROPE: &str = "eu-west-1";
pub const ASIA: &str = "ap-south-1";

/// How long it is waited for that all Regions agree.
const AGREED: Duration = Duration::from_secs(120);

/// The name that the service of a Region has elsewhere.
pub fn principal(region: &str) -> String {
    format!("spiffe://example.org/keyferry/{region}")
}

/// Regions that know each other.
pub struct World(pub BTreeMap<&'static str, Place>);

/// One Region.
pub struct Place {
    /// Absent while it is away.
    pub daemon: Option<Daemon>,
    /// The way that its peers take to it.
    way: Proxy,
}

impl World {
    /// These Regions, serving.
    pub async fn of(regions: &[&'static str]) -> Self {
        Self::served_by(regions, |installation| Daemon::serve(installation, &[])).await
    }

    /// These Regions, in which time can be moved.
    pub async fn with_clock_control(regions: &[&'static str]) -> Self {
        Self::served_by(regions, Daemon::serve_with_clock_control).await
    }

    async fn served_by(regions: &[&'static str], serve: fn(Installation) -> Daemon) -> Self {
        let mut prepared = Vec::new();
        for region in regions {
            let more = format!("{}[kms]\nregion = \"{region}\"\n", installation::NO_POOL);
            let installation = Installation::uninitialised(Settings { more, ..Settings::default() });
            prepared.push((*region, installation, Proxy::nowhere().await));
        }
        let mut peers = BTreeMap::<&str, String>::new();
        for (region, own, _) in &prepared {
            for (other, theirs, way) in prepared.iter().filter(|(other, ..)| other != region) {
                let shown = theirs.authority.client_by_uri(&principal(region));
                let file = |name: &str| own.file(&format!("{other}-{name}.pem"));
                std::fs::write(file("ca"), &theirs.authority.certificate).unwrap();
                std::fs::write(file("certificate"), &shown.certificate).unwrap();
                installation::write_private(&file("key"), &shown.private_key);
                let port = way.address.rsplit_once(':').unwrap().1;
                peers.entry(region).or_default().push_str(&format!(
                    "[[peer]]\nregion = \"{other}\"\nendpoint = \"https://localhost:{port}\"\nserver_ca = {:?}\n\
                     certificate = {:?}\nprivate_key = {:?}\nprincipal = {:?}\n",
                    file("ca"),
                    file("certificate"),
                    file("key"),
                    principal(other),
                ));
                own.add_principal(&principal(other), "peer");
            }
        }
        let mut places = BTreeMap::new();
        for (region, installation, way) in prepared {
            if let Some(peers) = peers.get(region) {
                installation.edit_config("[store]\n", &format!("{peers}[store]\n"));
            }
            let made = installation.command("init").output().unwrap();
            assert!(made.status.success(), "keyferryd init: {}", String::from_utf8_lossy(&made.stderr));
            let daemon = serve(installation);
            way.lead_to(daemon.address());
            places.insert(region, Place { daemon: Some(daemon), way });
        }
        Self(places)
    }

    pub fn daemon(&self, region: &str) -> &Daemon {
        self.0[region].daemon.as_ref().unwrap()
    }

    /// The usual client of this Region.
    pub async fn client(&self, region: &str) -> Client {
        self.daemon(region).client().await
    }

    /// Nobody reaches the Region from elsewhere any more.
    pub fn cut_off(&self, region: &str) {
        self.0[region].way.lead_nowhere();
    }

    /// It is reached again.
    pub fn reach(&self, region: &str) {
        self.0[region].way.lead_to(self.daemon(region).address());
    }

    /// Kills a Region's daemon and starts it again, with more in its environment.
    pub fn restart(&mut self, region: &'static str, environment: &[(&str, &str)]) {
        let place = self.0.get_mut(region).unwrap();
        let installation = place.daemon.take().unwrap().kill();
        self.start(region, installation, environment);
    }

    /// Starts a Region's daemon.
    pub fn start(&mut self, region: &'static str, installation: Installation, environment: &[(&str, &str)]) {
        let place = self.0.get_mut(region).unwrap();
        let daemon = Daemon::serve(installation, environment);
        place.way.lead_to(daemon.address());
        place.daemon = Some(daemon);
    }

    /// A symmetric multi-Region key at home that has this material.
    pub async fn primary(&self, material: &Plaintext) -> pb::KeyMetadata {
        let home = self.client(HOME).await;
        let request = pb::CreateKeyRequest { multi_region: true, origin: pb::Origin::External.into(), ..Default::default() };
        let key = call!(home.keys(), create_key, request).unwrap().key_metadata.unwrap();
        import(&home, &key.key_id, material, pb::ImportType::Unspecified).await.unwrap();
        home.describe(&key.key_id).await
    }

    /// The same, replicated to everywhere else, where the material is as well.
    pub async fn everywhere(&self, material: &Plaintext) -> String {
        let key = self.primary(material).await.key_id;
        let home = self.client(HOME).await;
        for region in self.0.keys().filter(|region| **region != HOME) {
            replicate(&home, &key, region).await.unwrap();
        }
        for region in self.0.keys().filter(|region| **region != HOME) {
            let there = self.client(region).await;
            import(&there, &key, material, pb::ImportType::ExistingKeyMaterial).await.unwrap();
        }
        key
    }

    /// Waits until the key is seen so in this Region.
    pub async fn until<T: PartialEq + std::fmt::Debug>(
        &self,
        region: &str,
        key: &str,
        wanted: T,
        see: impl Fn(pb::KeyMetadata) -> T,
    ) -> pb::KeyMetadata {
        let (client, began) = (self.client(region).await, Instant::now());
        loop {
            let request = pb::DescribeKeyRequest { key_id: key.to_owned() };
            let shown = call!(client.keys(), describe_key, request).map(|answer| answer.key_metadata.unwrap());
            let seen = shown.clone().map(&see);
            match shown {
                Ok(shown) if seen.as_ref().ok() == Some(&wanted) => return shown,
                _ => {
                    assert!(began.elapsed() < AGREED, "{region}: {seen:?} is not {wanted:?}\n{}", self.daemon(region).log())
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nobody knows the key in this Region.
    pub async fn until_gone(&self, region: &str, key: &str) {
        let (client, began) = (self.client(region).await, Instant::now());
        loop {
            let request = pb::DescribeKeyRequest { key_id: key.to_owned() };
            match call!(client.keys(), describe_key, request) {
                Err(refusal) if refusal.reason == "NotFoundException" => return,
                other => assert!(began.elapsed() < AGREED, "{region}: {other:?}"),
            }
        }
    }

    /// Waits until this Region shows the newest material of the key so.
    pub async fn until_newest(&self, region: &str, key: &str, wanted: pb::KeyMaterialState) {
        let (client, began) = (self.client(region).await, Instant::now());
        loop {
            let newest = rotations(&client, key).await.pop().map(|entry| entry.key_material_state());
            if newest == Some(wanted) {
                return;
            }
            assert!(began.elapsed() < AGREED, "{region}: {newest:?} is not {wanted:?}\n{}", self.daemon(region).log());
        }
    }
}

/// Which of the related keys it is, the Region of the primary, and the replicas' Regions.
pub fn family(key: pb::KeyMetadata) -> (pb::MultiRegionKeyType, String, Vec<String>) {
    let related = key.multi_region_configuration.unwrap();
    let (role, primary) = (related.multi_region_key_type(), related.primary_key.clone().unwrap());
    let arn = |region: &str| format!("arn:aws:kms:{region}:{}:key/{}", key.aws_account_id, key.key_id);
    for shown in related.replica_keys.iter().chain([&primary]) {
        assert_eq!(shown.arn, arn(&shown.region));
    }
    (role, primary.region, related.replica_keys.into_iter().map(|replica| replica.region).collect())
}

pub fn state(key: pb::KeyMetadata) -> pb::KeyState {
    key.key_state()
}

pub async fn replicate(client: &Client, key: &str, region: &str) -> Result<pb::ReplicateKeyResponse, Refusal> {
    let request = pb::ReplicateKeyRequest {
        key_id: key.to_owned(),
        replica_region: region.to_owned(),
        description: format!("of {region}"),
        tags: vec![pb::Tag { tag_key: "region".to_owned(), tag_value: region.to_owned() }],
        ..Default::default()
    };
    call!(client.keys(), replicate_key, request)
}

pub async fn update_primary_region(client: &Client, key: &str, region: &str) -> Result<(), Refusal> {
    let request = pb::UpdatePrimaryRegionRequest { key_id: key.to_owned(), primary_region: region.to_owned() };
    call!(client.keys(), update_primary_region, request).map(drop)
}

/// Imports material that OpenSSL has wrapped.
pub async fn import(
    client: &Client,
    key: &str,
    material: &Plaintext,
    import_type: pb::ImportType,
) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
    let set = client.some_parameters(key).await;
    let ciphertext = openssl::oaep(&set.public_key, keyferry::model::OaepHash::Sha256, &material.bytes);
    let request = pb::ImportKeyMaterialRequest { import_type: import_type.into(), ..import_request(&set, ciphertext) };
    client.import(request).await
}

/// All materials of a key.
pub async fn rotations(client: &Client, key: &str) -> Vec<pb::RotationsListEntry> {
    let request = pb::ListKeyRotationsRequest {
        key_id: key.to_owned(),
        include_key_material: pb::IncludeKeyMaterial::AllKeyMaterial.into(),
        ..Default::default()
    };
    call!(client.rotations(), list_key_rotations, request).unwrap().rotations
}

pub async fn rotate(client: &Client, key: &str) -> Result<(), Refusal> {
    let request = pb::RotateKeyOnDemandRequest { key_id: key.to_owned() };
    call!(client.rotations(), rotate_key_on_demand, request).map(drop)
}

pub async fn encrypt(client: &Client, key: &str) -> Result<Vec<u8>, Refusal> {
    let request = pb::EncryptRequest { key_id: key.to_owned(), plaintext: b"across the sea".to_vec(), ..Default::default() };
    call!(client.cryptography(), encrypt, request).map(|answer| answer.ciphertext_blob)
}

pub async fn decrypts(client: &Client, ciphertext: &[u8]) -> bool {
    let request = pb::DecryptRequest { ciphertext_blob: ciphertext.to_vec(), ..Default::default() };
    call!(client.cryptography(), decrypt, request).is_ok_and(|answer| answer.plaintext == b"across the sea")
}

/// A key of this kind in the Region of a client.
pub async fn multi_region_key(client: &Client, spec: KeySpec, usage: KeyUsage, origin: pb::Origin) -> String {
    use crate::harness::client::{wire_spec, wire_usage};
    let request = pb::CreateKeyRequest {
        multi_region: true,
        origin: origin.into(),
        key_spec: wire_spec(spec).into(),
        key_usage: wire_usage(usage).into(),
        ..Default::default()
    };
    call!(client.keys(), create_key, request).unwrap().key_metadata.unwrap().key_id
}
