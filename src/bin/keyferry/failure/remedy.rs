//! What to do about a refusal, in one line.

use keyferry::client::{Error, Refusal};

/// The line for this refusal of `operation`.
pub(super) fn of(operation: &str, refusal: &Refusal) -> String {
    let message = refusal.message.as_str();
    let line = match (refusal.code.as_str(), operation) {
        ("AccessDeniedException", _) => {
            "Ask whoever keeps the service's policy for this permission, or call as somebody else: --profile"
        }
        ("AlreadyExistsException", _) => "Choose another name, or use what is there",
        ("DependencyTimeoutException", _) => return again(refusal, "The service's token or database does not answer"),
        ("DisabledException", _) => "Enable the key first: keyferry enable-key --key-id ID",
        ("ExpiredImportTokenException", _) => {
            "Get new ones: keyferry get-parameters-for-import; then wrap and import again with them"
        }
        ("IncorrectKeyMaterialException", _) => {
            "Import the material that the key had before; its id is CurrentKeyMaterialId of keyferry describe-key, and keyferry wrap prints a file's"
        }
        ("InvalidArnException", _) => "Give a key id, or a key ARN of the form arn:aws:kms:REGION:ACCOUNT:key/ID",
        ("InvalidCiphertextException", _) => {
            "Wrap again with the PublicKey that came with this ImportToken: keyferry wrap --parameters FILE chooses hash, padding and format by itself"
        }
        ("InvalidImportTokenException", _) => {
            "Send the ImportToken of the answer that the PublicKey came with, for the same key; one that was used is used up: keyferry get-parameters-for-import"
        }
        ("InvalidMarkerException", _) => "Give NextMarker as the answer before had it, or start again without",
        ("KMSInternalException", _) => "Ask whoever runs the service to look into its log for this request id",
        ("KMSInvalidStateException", _) if message.ends_with("is pending deletion.") => {
            "Take the deletion back first: keyferry cancel-key-deletion --key-id ID"
        }
        ("KMSInvalidStateException", _) if message.ends_with("is pending import.") => {
            "Import its material first: keyferry import KEYFILE --key-id ID"
        }
        ("KMSInvalidStateException", _) => "See the key's state: keyferry describe-key --key-id ID",
        ("LimitExceededException", _) => "Delete what is no longer needed, or ask for a higher limit",
        ("NotFoundException", _) => {
            "See which keys there are: keyferry list-keys; and which service and Region is asked: keyferry configure list"
        }
        ("ThrottlingException", _) => return again(refusal, "The service has enough to do"),
        ("UnrecognizedClientException", _) => {
            "Show a certificate that the service knows: --client-cert and --client-key, or keyferry configure"
        }
        ("UnsupportedOperationException", _) if message.contains("origin is") => {
            "Only keys made for import take material: keyferry create-key --origin EXTERNAL"
        }
        ("UnsupportedOperationException", "GetParametersForImport") => {
            "See what the token can do: keyferry get-token-profile; or let keyferry import KEYFILE choose"
        }
        ("UnsupportedOperationException", _) => "See what the service can do: README, and keyferry get-token-profile",
        ("ValidationException", "GetParametersForImport") if message.starts_with("Wrapping algorithm") => {
            "Let keyferry import KEYFILE --dry-run show what fits this key"
        }
        ("ValidationException", _) => {
            return format!("Correct the request: keyferry {} --help", crate::names::verb(operation));
        }
        ("Unimplemented", _) => {
            "The service is older than this client, or is no keyferry: see its version with keyferry get-server-info"
        }
        ("Unavailable" | "ResourceExhausted", _) => return again(refusal, "The service cannot take this call now"),
        _ => "Try again with --debug, and ask whoever runs the service",
    };
    line.to_owned()
}

/// The line for a service that was not reached, or not heard of again.
pub(super) fn of_way(operation: &str, error: &Error) -> Option<String> {
    Some(match error {
        Error::Connection(unreachable) if unreachable.is_passing() => {
            "See whether the service runs, and whether it is the right one: keyferry configure list".to_owned()
        }
        Error::Connection(_) => {
            "See whether the certificates are the right ones: --ca-bundle for the service, --client-cert and --client-key for you; keyferry configure list"
                .to_owned()
        }
        Error::Lost(_) if operation.starts_with("List") || operation.starts_with("Get") || operation.starts_with("Describe") => {
            "Try again".to_owned()
        }
        Error::Lost(_) => "See what became of it before trying again: keyferry describe-key, or keyferry list-keys".to_owned(),
        _ => return None,
    })
}

fn again(refusal: &Refusal, why: &str) -> String {
    match refusal.retry_after {
        Some(after) => format!("{why}: try again in {:.1} seconds", after.as_secs_f64()),
        None => format!("{why}: try again in a moment"),
    }
}
