//! Requests and answers.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::Desk;
use crate::harness::JsonClient;

#[tokio::test]
async fn a_call_is_answered_in_the_references_form_over_either_http() {
    let desk = Desk::new();
    let http2 = JsonClient::connect_http2(&desk.daemon, &desk.access_key).await;
    for mut client in [desk.client().await, http2] {
        let made = client.call("CreateKey", &json!({ "Origin": "EXTERNAL", "Description": "über" })).await;
        assert_eq!(made.status, 200, "{made:?}");
        assert_eq!(made.headers["content-type"], "application/x-amz-json-1.1");
        assert!(uuid::Uuid::try_parse(made.headers["x-amzn-requestid"].to_str().unwrap()).is_ok());
        let key = &made.body["KeyMetadata"];
        assert_eq!((key["KeyState"].as_str(), key["Description"].as_str()), (Some("PendingImport"), Some("über")));
        let created = key["CreationDate"].as_f64().unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((now - created).abs() < 300.0, "{created}");
        for absent in ["ExpirationModel", "ValidTo", "CurrentKeyMaterialId", "DeletionDate"] {
            assert_eq!(key[absent], Value::Null, "{absent}");
        }
        // No output is no body.
        let described = client.call("UpdateKeyDescription", &json!({ "KeyId": key["KeyId"], "Description": "" })).await;
        assert_eq!((described.status.as_u16(), &described.body), (200, &Value::Null));
        // The request's id is that of the audit log.
        let id = described.headers["x-amzn-requestid"].to_str().unwrap().to_owned();
        let events = desk.daemon.installation.events();
        let event = events.iter().find(|event| event["requestID"] == id).unwrap();
        assert_eq!((&event["eventName"], &event["errorCode"]), (&json!("UpdateKeyDescription"), &Value::Null));
        assert_eq!(event["userIdentity"]["accessKeyId"], desk.access_key.id);
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_by_a_name_of_its_own() {
    let desk = Desk::new();
    let mut client = desk.client().await;
    let unknown = client.call("NoSuchOperation", &json!({})).await;
    assert_eq!((unknown.status.as_u16(), unknown.reason()), (400, "UnknownOperationException"));
    let unserved = client.call("ListGrants", &json!({ "KeyId": "x" })).await;
    assert_eq!((unserved.status.as_u16(), unserved.reason()), (400, "UnsupportedOperationException"));
    assert_eq!(unserved.body["message"], "ListGrants is not supported by keyferry.");
    for body in [&b"{"[..], b"[]", b"\xff", br#"{"KeyId":7}"#] {
        let refused = client.send("TrentService.DescribeKey", body.to_vec()).await;
        assert_eq!((refused.status.as_u16(), refused.reason()), (400, "SerializationException"), "{body:?}");
    }
    let missing = client.send("TrentService.DescribeKey", Vec::new()).await;
    assert_eq!(missing.reason(), "ValidationException");
    assert_eq!(
        missing.body["message"],
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
    );
    // Members that nobody knows are passed over: clients are newer than this.
    let listed = client.call("ListKeys", &json!({ "NoSuchMember": { "x": [] } })).await;
    assert_eq!(listed.status, 200);
    let untag = json!({ "KeyId": "x" });
    assert_eq!(client.call("UntagResource", &untag).await.reason(), "ValidationException");
    let import = json!({ "KeyId": "x", "ImportToken": "!!!", "EncryptedKeyMaterial": "AA==" });
    assert_eq!(client.call("ImportKeyMaterial", &import).await.reason(), "SerializationException");
}

#[tokio::test]
async fn a_body_has_its_limit() {
    let desk = Desk::new();
    let mut client = desk.client().await;
    let refused = client.send("TrentService.DescribeKey", vec![b' '; 256 * 1024 + 1]).await;
    assert_eq!((refused.status.as_u16(), refused.reason()), (413, "RequestEntityTooLargeException"));
    let mut client = desk.client().await;
    let mut body = vec![b' '; 256 * 1024 - 2];
    body.extend_from_slice(b"{}");
    assert_eq!(client.send("TrentService.ListKeys", body).await.status, 200);
}
