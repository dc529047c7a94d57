//! The policy layer: what is loaded, what the policies say to it, and the starter set in `deploy/policy`.

mod deciding;
mod loading;
mod matrix;

use std::path::Path;

use keyferry::model::{
    Account, Action, ExpirationModel, Key, KeyArn, KeyId, KeySpec, KeyUsage, Origin, Principal, Realm, Timestamp,
    WrappingAlgorithm, WrappingKeySpec,
};
use keyferry::policy::{Circumstances, Decision, Error, Policies, Question, Resource};
use tempfile::TempDir;

const HOME: &str = "111122223333";
const ELSEWHERE: &str = "444455556666";

fn account(digits: &str) -> Account {
    Account::parse(digits).unwrap()
}

fn principal(name: &str, tags: &[(&str, &str)]) -> Principal {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Principal { name: name.to_owned(), account: account(HOME), tags }
}

/// A key and its name.
struct Named {
    arn: KeyArn,
    key: Key,
}

/// A key for import of this spec, with these tags, in this account.
fn key(spec: KeySpec, tags: &[(&str, &str)], owner: &str) -> Named {
    let id = KeyId::random(false);
    let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
    let key = Key {
        id,
        account: account(owner),
        spec,
        usage: spec.usages()[0],
        origin: Origin::External,
        description: String::new(),
        tags: principal("", tags).tags,
        policy: None,
        enabled: true,
        created_at: Timestamp::from_millis(0),
        deletion: None,
        token: "0123456789abcdef".to_owned(),
        materials: Vec::new(),
        relations: None,
        version: 0,
    };
    Named { arn: realm.arn(&key.account, &key.id), key }
}

impl Named {
    fn resource(&self) -> Resource<'_> {
        Resource::Key { arn: &self.arn, key: &self.key }
    }
}

/// Everything that any action asks of its circumstances.
fn usual() -> Circumstances {
    Circumstances {
        wrapping_algorithm: Some(WrappingAlgorithm::RsaesOaepSha256),
        wrapping_key_spec: Some(WrappingKeySpec::Rsa4096),
        expiration_model: Some(ExpirationModel::DoesNotExpire),
        key_spec: Some(KeySpec::SymmetricDefault),
        key_usage: Some(KeyUsage::EncryptDecrypt),
        key_origin: Some(Origin::External),
        multi_region: Some(false),
        pending_window_in_days: Some(30),
        replica_region: Some("eu-west-1".to_owned()),
        primary_region: Some("eu-west-1".to_owned()),
        requester: Some("spiffe://example.org/somebody".to_owned()),
        ..Circumstances::default()
    }
}

/// What an action is on.
fn resource<'a>(action: Action, of_key: &'a Named) -> Resource<'a> {
    if action.is_on_account() { Resource::Account(&of_key.key.account) } else { of_key.resource() }
}

fn ask(
    policies: &Policies,
    principal: &Principal,
    action: Action,
    resource: Resource<'_>,
    circumstances: &Circumstances,
) -> Decision {
    policies.decide(&Question { principal, action, resource, circumstances })
}

const NOBODY: &str = "version = \"v1\"\n";

/// A folder with this policy and these principals.
fn folder(policy: &str, principals: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.cedar"), policy).unwrap();
    std::fs::write(folder.path().join("principals.toml"), principals).unwrap();
    folder
}

/// Policies of one file.
fn policies(policy: &str) -> Policies {
    load(policy, NOBODY).unwrap()
}

fn load(policy: &str, principals: &str) -> Result<Policies, Error> {
    Policies::load(folder(policy, principals).path())
}

/// The starter set.
fn starter() -> Policies {
    Policies::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/policy")).unwrap()
}
