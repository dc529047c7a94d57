//! Errors, but for KMSInvalidStateException: `requirements`.

use keyferry::service::{Kind, Settings};

use super::doors::{Doors, OAEP, kept_up};
use super::validity::ask;
use crate::harness::service::{call, settings, start, start_with};
use crate::life::external_key;

/// InvalidArnException: "… because a specified ARN, or an ARN in a key policy, is not valid." No ARN of a key policy is read here.
#[tokio::test]
async fn invalid_arn_because_a_specified_arn_is_not_valid() {
    let (mut doors, key) = Doors::before_a_key().await;
    for arn in ["arn:", "arn:aws:s3:::bucket", &key.arn.replace("111122223333", "12"), &key.arn.replace(":aws:", ":aws-cn:")]
    {
        doors.assert_refused(arn, OAEP, "InvalidArnException", &format!("Invalid arn {arn}")).await;
    }
}

/// UnsupportedOperationException: "… because a specified parameter is not supported …" Or a resource not valid: `key_id`, of the Origin.
#[tokio::test]
async fn unsupported_operation_because_a_specified_parameter_is_not_supported() {
    let (_daemon, house) = (kept_up(), start_with("page: no SM2", Settings { sm2: false, ..settings() }).await);
    let key = external_key(&house).await;
    let request = keyferry::service::GetParametersForImport {
        key_id: key.arn.to_string(),
        wrapping_algorithm: Some("SM2PKE".to_owned()),
        wrapping_key_spec: Some("SM2".to_owned()),
    };
    assert_eq!(house.service.parameters_for_import(&call(), request).await.unwrap_err().kind(), Kind::Unsupported);
}

/// DependencyTimeoutException: "The system timed out while trying to fulfill the request. You can retry the request."
/// KMSInternalException: "… because an internal exception occurred. The request can be retried."
#[tokio::test]
async fn after_a_dependency_timeout_or_an_internal_exception_the_request_can_be_retried() {
    let (_daemon, house) = (kept_up(), start("page: retried").await);
    let (key, token) = (external_key(&house).await, house.hsm.profile().serial_number.clone());
    for (kind, wrong, right) in [
        (Kind::DependencyTimeout, "token = 'away'", format!("token = '{token}'")),
        (Kind::Internal, "spec = 'unknown'", "spec = 'SYMMETRIC_DEFAULT'".to_owned()),
    ] {
        house.tamper(&format!("UPDATE keys SET {wrong}")).await;
        assert_eq!(ask(&house, key.arn.as_str()).await.unwrap_err().kind(), kind);
        house.tamper(&format!("UPDATE keys SET {right}")).await;
        ask(&house, key.arn.as_str()).await.unwrap();
    }
}

/// NotFoundException: "… because the specified entity or resource could not be found."
#[tokio::test]
async fn not_found_because_the_specified_resource_could_not_be_found() {
    let mut doors = Doors::open().await;
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    doors.assert_refused(arn, OAEP, "NotFoundException", &format!("Key '{arn}' does not exist")).await;
    doors.assert_refused("fake-key-id", OAEP, "NotFoundException", "Invalid keyId 'fake-key-id'").await;
}
