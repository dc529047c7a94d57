//! Who may, and what the audit log says of it, seen over the wire.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use serde_json::{Value, json};

use crate::call;
use crate::harness::installation::ACCOUNT;
use crate::harness::{Daemon, Installation, Settings};

const ADMINISTRATOR: &str = "spiffe://example.org/administrator";
const STARTER: &str =
    concat!(include_str!("../../deploy/policy/roles.cedar"), include_str!("../../deploy/policy/limits.cedar"));

fn named<'a>(events: &'a [Value], name: &str) -> &'a Value {
    events.iter().rfind(|event| event["eventName"] == name).unwrap()
}

#[tokio::test]
async fn a_rotation_and_an_alias_have_their_lines() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let request = pb::RotateKeyOnDemandRequest { key_id: key.key_id.clone() };
    call!(client.rotations(), rotate_key_on_demand, request).unwrap();
    let now = client.describe(&key.key_id).await.current_key_material_id;
    let other = client.create_symmetric().await;
    let request = pb::CreateAliasRequest { alias_name: "alias/a".into(), target_key_id: key.key_id.clone() };
    call!(client.aliases(), create_alias, request).unwrap();
    let request = pb::UpdateAliasRequest { alias_name: "alias/a".into(), target_key_id: other.key_id.clone() };
    call!(client.aliases(), update_alias, request).unwrap();

    let events = daemon.installation.events();
    let rotation = named(&events, "RotateKeyOnDemand");
    assert_eq!(rotation["requestParameters"], json!({ "keyId": key.key_id }));
    assert_eq!(rotation["responseElements"], json!({ "keyId": key.arn }));
    let added = &rotation["additionalEventData"];
    assert_eq!(added["previousKeyMaterialId"], key.current_key_material_id);
    assert_eq!(added["currentKeyMaterialId"], now);
    let update = named(&events, "UpdateAlias");
    assert_eq!(update["requestParameters"], json!({ "aliasName": "alias/a", "targetKeyId": other.key_id }));
    let resource = |arn: &str| json!({ "accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn });
    assert_eq!(update["resources"], json!([resource(&key.arn), resource(&other.arn)]));
}

#[tokio::test]
async fn policies_see_the_tags_that_are_given_and_taken_and_both_keys_of_an_alias() {
    let stays = "@id(\"billing-stays\") forbid (principal, action == Action::\"kms:UpdateAlias\", resource) \
                 when { resource.hasTag(\"team\") && resource.getTag(\"team\") == \"billing\" };";
    let installation = Installation::new(Settings::default());
    installation.replace_policies(&format!("{STARTER}\n{stays}"));
    let daemon = Daemon::serve(installation, &[]);
    let identity = daemon.installation.authority.client_by_uri(ADMINISTRATOR);
    let client = daemon.try_client(Some(&identity)).await.unwrap();
    let (first, second) = (client.create_symmetric().await.key_id, client.create_symmetric().await.key_id);
    let tag = |key: &str, value: &str| {
        let tags = vec![pb::Tag { tag_key: key.to_owned(), tag_value: value.to_owned() }];
        pb::TagResourceRequest { key_id: first.clone(), tags }
    };
    let denied = call!(client.keys(), tag_resource, tag("approval", "two-person")).unwrap_err();
    denied.assert_is("AccessDeniedException", "given");
    let untag = pb::UntagResourceRequest { key_id: first.clone(), tag_keys: vec!["approval".to_owned()] };
    call!(client.keys(), untag_resource, untag).unwrap_err().assert_is("AccessDeniedException", "taken");
    call!(client.keys(), tag_resource, tag("team", "billing")).unwrap();

    for (name, key) in [("alias/a", &first), ("alias/b", &second)] {
        let request = pb::CreateAliasRequest { alias_name: name.into(), target_key_id: key.clone() };
        call!(client.aliases(), create_alias, request).unwrap();
    }
    for (name, to) in [("alias/a", &second), ("alias/b", &first)] {
        let request = pb::UpdateAliasRequest { alias_name: name.into(), target_key_id: to.clone() };
        let denied = call!(client.aliases(), update_alias, request).unwrap_err();
        denied.assert_is("AccessDeniedException", name);
    }
}
