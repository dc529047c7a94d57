//! Policy documents are kept and shown, and decide nothing.

use keyferry::service::{CreateKey, Error, GetKeyPolicy, Kind, ListOfKey, PutKeyPolicy};

use super::{assert_refused, created, described, doomed_key, external_key};
use crate::harness::service::{House, call, start};

const LOCKED_OUT: &str = "The new key policy will not allow you to update the key policy in the future.";

fn document(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"kms:*","Resource":"*"}}]}}"#
    )
}

fn put(key_id: &str, policy: &str) -> PutKeyPolicy {
    PutKeyPolicy { key_id: key_id.to_owned(), policy: policy.to_owned(), ..PutKeyPolicy::default() }
}

async fn policy(house: &House, key_id: &str, name: Option<&str>) -> Result<String, Error> {
    let request = GetKeyPolicy { key_id: key_id.to_owned(), policy_name: name.map(str::to_owned) };
    house.service.key_policy(&call(), request).await
}

#[tokio::test]
async fn a_key_has_the_usual_document_until_its_owner_keeps_another() {
    let house = start("policies").await;
    for key in [external_key(&house).await, doomed_key(&house).await] {
        let (key_id, version) = (key.arn.as_str(), described(&house, key.arn.as_str()).await.key.version);
        let usual: serde_json::Value = serde_json::from_str(&policy(&house, key_id, None).await.unwrap()).unwrap();
        let expected = serde_json::json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
                "Action": "kms:*",
                "Resource": "*",
            }],
        });
        assert_eq!(usual, expected);
        let kept = document("importer.test");
        house.service.put_key_policy(&call(), put(key_id, &kept)).await.unwrap();
        assert_eq!(policy(&house, key_id, Some("default")).await.unwrap(), kept, "to the letter");
        assert_eq!(described(&house, key_id).await.key.version, version + 1);

        let request = ListOfKey { key_id: key_id.to_owned(), ..ListOfKey::default() };
        let page = house.service.list_key_policies(&call(), request.clone()).await.unwrap();
        assert_eq!((page.names, page.next_marker), (vec!["default".to_owned()], None));
        let second = ListOfKey { marker: Some("ZGVmYXVsdA".to_owned()), ..request };
        assert_eq!(house.service.list_key_policies(&call(), second).await.unwrap_err().kind(), Kind::InvalidMarker);
    }
}

#[tokio::test]
async fn a_document_that_shuts_everybody_out_decides_nothing() {
    let house = start("bypass").await;
    let key = external_key(&house).await.arn.to_string();
    let shut = document("arn:aws:iam::999999999999:root");
    let request = PutKeyPolicy { bypass_policy_lockout_safety_check: true, ..put(&key, &shut) };
    house.service.put_key_policy(&call(), request).await.unwrap();
    assert_eq!(policy(&house, &key, None).await.unwrap(), shut);
    house.service.put_key_policy(&call(), put(&key, &document("111122223333"))).await.unwrap();
}

#[tokio::test]
async fn a_key_is_made_with_a_document() {
    let house = start("made with").await;
    let request = |policy: String, bypass_policy_lockout_safety_check| CreateKey {
        origin: Some("EXTERNAL".to_owned()),
        policy: Some(policy),
        bypass_policy_lockout_safety_check,
        ..CreateKey::default()
    };
    let kept = document("111122223333");
    let key = created(&house, request(kept.clone(), false)).await.arn.to_string();
    assert_eq!(policy(&house, &key, None).await.unwrap(), kept);
    let shut = document("999999999999");
    let refused = house.service.create_key(&call(), request(shut.clone(), false)).await;
    assert_refused(refused, Kind::MalformedPolicyDocument, LOCKED_OUT);
    created(&house, request(shut, true)).await;
}

#[tokio::test]
async fn what_is_no_document_is_refused_as_the_reference_refuses_it() {
    let house = start("no document").await;
    let key = external_key(&house).await.arn.to_string();
    let outcome = house.service.put_key_policy(&call(), put(&key, &document("999999999999"))).await;
    assert_refused(outcome, Kind::MalformedPolicyDocument, LOCKED_OUT);
    let outcome = house.service.put_key_policy(&call(), put(&key, "{")).await;
    assert_refused(outcome, Kind::MalformedPolicyDocument, "the key policy must be a JSON object");
    let long = format!("{}{}", document("*"), " ".repeat(32_768));
    let outcome = house.service.put_key_policy(&call(), put(&key, &long)).await;
    assert_refused(outcome, Kind::LimitExceeded, "the key policy is longer than 32768 bytes: shorten it");
    let named = PutKeyPolicy { policy_name: Some("other".to_owned()), ..put(&key, &document("*")) };
    assert_refused(house.service.put_key_policy(&call(), named).await, Kind::NotFound, "No such policy exists");
    assert_refused(policy(&house, &key, Some("Default")).await, Kind::NotFound, "No such policy exists");
    assert_eq!(policy(&house, &key, Some("not-a-word")).await.unwrap_err().kind(), Kind::Validation);
    assert_eq!(house.service.put_key_policy(&call(), put(&key, "")).await.unwrap_err().kind(), Kind::Validation);
}
