//! Operations that the reference has and this service has not: they are refused by name, so that a client can tell them from a typing
//! error, and from a service that is down.

use http::StatusCode;

use super::refusal::Fault;
use crate::service::Error;

/// The reference's operations that are not served.
const UNSERVED: [&str; 14] = [
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "CreateGrant",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GetKeyLastUsage",
    "ListGrants",
    "ListRetirableGrants",
    "RetireGrant",
    "RevokeGrant",
    "UpdateCustomKeyStore",
];

/// Why a target is not answered.
pub(super) fn fault(target: &str) -> Fault {
    let operation = target.strip_prefix("TrentService.").filter(|operation| UNSERVED.contains(operation));
    match operation {
        Some(operation) => Fault::Refused(Error::Unsupported(format!("{operation} is not supported by keyferry.")).into()),
        None => Fault::protocol(
            "UnknownOperationException",
            StatusCode::BAD_REQUEST,
            "the operation that X-Amz-Target names is unknown",
        ),
    }
}
