//! Tags, policy documents, aliases and rotations, as they look on the wire.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext};

fn tag(key: &str, value: &str) -> pb::Tag {
    pb::Tag { tag_key: key.to_owned(), tag_value: value.to_owned() }
}

#[tokio::test]
async fn tags_are_merged_taken_away_and_listed_by_the_page() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key_id = client.create_symmetric().await.key_id;
    for tags in [vec![tag("team", "hsm"), tag("cost", "")], vec![tag("team", "payments"), tag("use", "backup")]] {
        call!(client.keys(), tag_resource, pb::TagResourceRequest { key_id: key_id.clone(), tags }).unwrap();
    }
    let list = async |limit, marker| {
        let request = pb::ListResourceTagsRequest { key_id: key_id.clone(), limit, marker };
        call!(client.keys(), list_resource_tags, request)
    };
    let first = list(Some(2), None).await.unwrap();
    assert_eq!((first.tags, first.truncated), (vec![tag("cost", ""), tag("team", "payments")], true));
    let last = list(Some(2), Some(first.next_marker)).await.unwrap();
    assert_eq!((last.tags, last.truncated, last.next_marker.as_str()), (vec![tag("use", "backup")], false, ""));

    let tag_keys = vec!["team".to_owned(), "absent".to_owned()];
    call!(client.keys(), untag_resource, pb::UntagResourceRequest { key_id: key_id.clone(), tag_keys }).unwrap();
    assert_eq!(list(None, None).await.unwrap().tags, [tag("cost", ""), tag("use", "backup")]);

    let request = pb::TagResourceRequest { key_id: key_id.clone(), tags: vec![tag("aws:mine", "")] };
    let refusal = call!(client.keys(), tag_resource, request).unwrap_err();
    refusal.assert_says("TagException", "Tags beginning with aws: are reserved", "a reserved one");
    list(Some(0), None).await.unwrap_err().assert_blames("limit", "no page at all");
    list(None, Some("not ours".to_owned())).await.unwrap_err().assert_is("InvalidMarkerException", "not ours");
}

#[tokio::test]
async fn a_policy_document_is_kept_as_it_is_and_decides_nothing() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    // Nobody may do anything, if it decided.
    let policy = r#"{ "Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}] }"#;
    let request = pb::CreateKeyRequest {
        origin: pb::Origin::External.into(),
        policy: Some(policy.to_owned()),
        bypass_policy_lockout_safety_check: true,
        ..Default::default()
    };
    let key_id = call!(client.keys(), create_key, request).unwrap().key_metadata.unwrap().key_id;
    let get = async |policy_name: Option<&str>| {
        let request = pb::GetKeyPolicyRequest { key_id: key_id.clone(), policy_name: policy_name.map(str::to_owned) };
        call!(client.keys(), get_key_policy, request)
    };
    let put = async |policy: &str, bypass_policy_lockout_safety_check| {
        let policy = policy.to_owned();
        let request = pb::PutKeyPolicyRequest {
            key_id: key_id.clone(),
            policy_name: None,
            policy,
            bypass_policy_lockout_safety_check,
        };
        call!(client.keys(), put_key_policy, request)
    };
    let kept = get(Some("default")).await.unwrap();
    assert_eq!((kept.policy.as_str(), kept.policy_name.as_str()), (policy, "default"));
    client.describe(&key_id).await;

    for document in ["{", policy] {
        put(document, false).await.unwrap_err().assert_is("MalformedPolicyDocumentException", document);
    }
    let long = format!("{policy}{}", " ".repeat(100_000));
    put(&long, true).await.unwrap_err().assert_is("LimitExceededException", "more than the front's other calls may send");
    put(policy, true).await.unwrap();
    let refusal = get(Some("other")).await.unwrap_err();
    refusal.assert_says("NotFoundException", "No such policy exists", "another name");

    let names = call!(client.keys(), list_key_policies, pb::ListKeyPoliciesRequest { key_id, ..Default::default() });
    let expected = pb::ListKeyPoliciesResponse { policy_names: vec!["default".into()], ..Default::default() };
    assert_eq!(names.unwrap(), expected);
}

#[tokio::test]
async fn an_alias_stands_for_its_key_until_it_is_given_to_another() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let [first, second] = [client.create_symmetric().await, client.create_symmetric().await];
    let alias = format!("alias/of-{}", first.key_id);
    let arn = format!("arn:aws:kms:us-east-1:111122223333:{alias}");
    let create = pb::CreateAliasRequest { alias_name: alias.clone(), target_key_id: first.arn.clone() };
    call!(client.aliases(), create_alias, create.clone()).unwrap();
    let refusal = call!(client.aliases(), create_alias, create).unwrap_err();
    refusal.assert_says("AlreadyExistsException", &format!("An alias with the name {arn} already exists"), "once more");
    refusal.assert_blames("aliasName", "once more");

    let list = async |key_id: &str| {
        let request = pb::ListAliasesRequest { key_id: Some(key_id.to_owned()), ..Default::default() };
        call!(client.aliases(), list_aliases, request).unwrap().aliases
    };
    let made = list(&first.key_id).await.remove(0);
    let expected = pb::AliasListEntry {
        alias_name: alias.clone(),
        alias_arn: arn.clone(),
        target_key_id: first.key_id.clone(),
        creation_date: made.creation_date,
        last_updated_date: made.creation_date,
    };
    assert!(made.creation_date.is_some());
    assert_eq!(made, expected);
    for name in [&alias, &arn] {
        assert_eq!(client.describe(name).await.key_id, first.key_id);
    }
    let request = pb::EnableKeyRequest { key_id: alias.clone() };
    let refusal = call!(client.keys(), enable_key, request).unwrap_err();
    assert_eq!(refusal.reason, "NotFoundException", "only some operations take aliases: {refusal:?}");

    let update = pb::UpdateAliasRequest { alias_name: alias.clone(), target_key_id: second.key_id.clone() };
    call!(client.aliases(), update_alias, update).unwrap();
    assert_eq!(client.describe(&alias).await.key_id, second.key_id);
    assert_eq!((list(&first.key_id).await.len(), list(&second.arn).await.len()), (0, 1));
    let mac = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let update = pb::UpdateAliasRequest { alias_name: alias.clone(), target_key_id: mac.key_id };
    call!(client.aliases(), update_alias, update).unwrap_err().assert_is("ValidationException", "another kind of key");

    let delete = pb::DeleteAliasRequest { alias_name: alias.clone() };
    call!(client.aliases(), delete_alias, delete.clone()).unwrap();
    let refusal = call!(client.aliases(), delete_alias, delete).unwrap_err();
    refusal.assert_says("NotFoundException", &format!("Alias {arn} is not found."), "it is gone");
}

async fn import(client: &Client, key_id: &str, description: Option<&str>) -> String {
    let set = client.some_parameters(key_id).await;
    let request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    let request = pb::ImportKeyMaterialRequest {
        import_type: pb::ImportType::NewKeyMaterial.into(),
        key_material_description: description.map(str::to_owned),
        ..request
    };
    client.import(request).await.unwrap().key_material_id
}

#[tokio::test]
async fn new_material_takes_its_turn_and_the_list_says_when() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let rotate = async || {
        let request = pb::RotateKeyOnDemandRequest { key_id: key.key_id.clone() };
        call!(client.rotations(), rotate_key_on_demand, request)
    };
    let list = async |include: pb::IncludeKeyMaterial| {
        let request = pb::ListKeyRotationsRequest {
            key_id: key.key_id.clone(),
            include_key_material: include.into(),
            ..Default::default()
        };
        call!(client.rotations(), list_key_rotations, request).unwrap().rotations
    };
    let first = import(&client, &key.key_id, None).await;
    let message = format!("No available key material pending rotation for the key: {}.", key.arn);
    rotate().await.unwrap_err().assert_says("KMSInvalidStateException", &message, "nothing waits");
    let second = import(&client, &key.key_id, Some("of 2026")).await;
    assert!(list(pb::IncludeKeyMaterial::Unspecified).await.is_empty(), "nothing took its turn");
    assert_eq!(rotate().await.unwrap().key_id, key.arn);
    assert_eq!(client.describe(&key.key_id).await.current_key_material_id, second);

    let all = list(pb::IncludeKeyMaterial::AllKeyMaterial).await;
    let former = pb::RotationsListEntry {
        key_id: key.key_id.clone(),
        key_material_id: first,
        import_state: pb::ImportState::Imported.into(),
        key_material_state: pb::KeyMaterialState::NonCurrent.into(),
        expiration_model: pb::ExpirationModel::KeyMaterialDoesNotExpire.into(),
        ..Default::default()
    };
    let current = pb::RotationsListEntry {
        key_material_id: second,
        key_material_description: "of 2026".into(),
        key_material_state: pb::KeyMaterialState::Current.into(),
        rotation_date: all[1].rotation_date,
        rotation_type: pb::RotationType::OnDemand.into(),
        ..former.clone()
    };
    assert!(current.rotation_date.is_some());
    assert_eq!(all, [former, current.clone()]);
    assert_eq!(list(pb::IncludeKeyMaterial::RotationsOnly).await, [current]);
}

#[tokio::test]
async fn no_key_rotates_by_itself() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let request = pb::GetKeyRotationStatusRequest { key_id: key.key_id.clone() };
    let status = call!(client.rotations(), get_key_rotation_status, request).unwrap();
    assert_eq!((status.key_rotation_enabled, &status.key_id), (false, &key.arn));
    let message = format!("{} origin is EXTERNAL which is not valid for this operation.", key.arn);
    let enable = pb::EnableKeyRotationRequest { key_id: key.key_id.clone(), rotation_period_in_days: Some(90) };
    let refusal = call!(client.rotations(), enable_key_rotation, enable).unwrap_err();
    refusal.assert_says("UnsupportedOperationException", &message, "enable");
    let disable = pb::DisableKeyRotationRequest { key_id: key.key_id.clone() };
    let refusal = call!(client.rotations(), disable_key_rotation, disable).unwrap_err();
    refusal.assert_says("UnsupportedOperationException", &message, "disable");
    let enable = pb::EnableKeyRotationRequest { key_id: key.key_id, rotation_period_in_days: Some(89) };
    let refusal = call!(client.rotations(), enable_key_rotation, enable).unwrap_err();
    refusal.assert_is("ValidationException", "too often").assert_blames("rotationPeriodInDays", "too often");
}

#[tokio::test]
async fn a_clock_is_moved_only_where_the_service_was_started_for_it() {
    let client = Daemon::shared().client().await;
    let refusal = call!(client.operator(), advance_clock, pb::AdvanceClockRequest { seconds: 60 }).unwrap_err();
    refusal.assert_is("UnsupportedOperationException", "a service as it is");
}
