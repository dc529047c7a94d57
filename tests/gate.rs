//! Who gets in, what they may do and how often, whose approval an import needs, and the line that each call has.

mod approval;
mod audited;
mod door;
mod limits;

use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Installation, Plaintext, Refusal, Settings};

const ADMINISTRATOR: &str = "spiffe://example.org/administrator";
const ANOTHER: &str = "spiffe://example.org/another";
const CUSTODIAN: &str = "spiffe://example.org/custodian";
const AUDITOR: &str = "spiffe://example.org/auditor";
const ELSEWHERE: &str = "spiffe://example.com/importer";

/// The starter set of deploy/policy, over the principals of the tests.
const STARTER: &str = concat!(include_str!("../deploy/policy/roles.cedar"), include_str!("../deploy/policy/limits.cedar"));

/// A daemon under these policies.
fn under(policies: &str) -> Daemon {
    let installation = Installation::new(Settings::default());
    installation.replace_policies(policies);
    Daemon::serve(installation, &[])
}

/// A client with a certificate in this name.
async fn client(daemon: &Daemon, name: &str) -> Client {
    let identity = daemon.installation.authority.client_by_uri(name);
    daemon.try_client(Some(&identity)).await.unwrap()
}

/// A key of the administrator's that waits for its material, tagged.
async fn key(administrator: &Client, tags: &[(&str, &str)]) -> pb::KeyMetadata {
    let tag = |(key, value): &(&str, &str)| pb::Tag { tag_key: (*key).to_owned(), tag_value: (*value).to_owned() };
    let request = pb::CreateKeyRequest {
        origin: pb::Origin::External.into(),
        tags: tags.iter().map(tag).collect(),
        ..Default::default()
    };
    call!(administrator.keys(), create_key, request).unwrap().key_metadata.unwrap()
}

/// Parameters that the starter set lets importers have.
async fn set(importer: &Client, key: &str) -> pb::GetParametersForImportResponse {
    use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
    importer.parameters(key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa3072).await.unwrap()
}

/// A whole import, and the digest under which it waits where it does.
async fn ask(
    importer: &Client,
    key: &str,
) -> (pb::ImportKeyMaterialRequest, Result<pb::ImportKeyMaterialResponse, Refusal>) {
    let set = set(importer, key).await;
    let request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    let outcome = importer.import(request.clone()).await;
    (request, outcome)
}
