//! What to do about a refusal, or a way that leads nowhere, in one line.

use keyferry::client::{Error, Local, Refusal, Setting};

/// The line for this refusal of `operation`.
pub(super) fn of(operation: &str, refusal: &Refusal) -> String {
    let message = refusal.message.as_str();
    let line = match (refusal.code.as_str(), operation) {
        ("AccessDeniedException", _) => {
            "Ask whoever keeps the service's policy for this permission, or call as somebody else: --profile"
        }
        ("AlreadyExistsException", "ReplicateKey") => {
            "Import the same material into the replica that is there: keyferry import KEYFILE --key-id ID --region REGION"
        }
        ("AlreadyExistsException", _) => "Choose another name, or use what is there",
        ("DependencyTimeoutException", "ReplicateKey" | "UpdatePrimaryRegion") if message.contains(" is not reached: ") => {
            return again(refusal, "The other Region is away, and nothing was changed");
        }
        ("DependencyTimeoutException", _) => return again(refusal, "The service's token or database does not answer"),
        ("DisabledException", _) => "Enable the key first: keyferry enable-key --key-id ID",
        ("DryRunOperationException", _) => "Nothing is wrong: leave --dry-run away to have it done",
        ("ExpiredImportTokenException", _) => {
            "Get new ones: keyferry get-parameters-for-import; then wrap and import again with them"
        }
        ("IncorrectKeyException", _) => {
            "Name the key that it was encrypted under, or, where that is a symmetric key, none: the ciphertext names it"
        }
        ("IncorrectKeyMaterialException", _) => {
            "Import the material that the key had before; its id is CurrentKeyMaterialId of keyferry describe-key, and keyferry wrap prints a file's"
        }
        ("InvalidArnException", _) => "Give a key id, or a key ARN of the form arn:aws:kms:REGION:ACCOUNT:key/ID",
        ("InvalidCiphertextException", "Decrypt" | "ReEncrypt") => {
            "Give the whole ciphertext as it was answered, fileb:// for bytes and base64 for text, with the encryption context it was made with; for an RSA key, its --key-id and algorithm"
        }
        ("InvalidCiphertextException", _) => {
            "Wrap again with the PublicKey that came with this ImportToken: keyferry wrap --parameters FILE chooses hash, padding and format by itself"
        }
        ("InvalidGrantTokenException", _) => "Leave --grant-tokens away: policies say who may do what",
        ("InvalidImportTokenException", _) => {
            "Send the ImportToken of the answer that the PublicKey came with, for the same key; one that was used is used up: keyferry get-parameters-for-import"
        }
        ("InvalidKeyUsageException", _) => {
            "See what the key is for, and by which algorithms: keyferry describe-key --key-id ID"
        }
        ("InvalidMarkerException", _) => "Give NextMarker as the answer before had it, or start again without",
        ("KMSInvalidMacException", _) => {
            "Do not trust the message; or give key, message and MAC exactly as they were when the MAC was made"
        }
        ("KMSInvalidSignatureException", _) => {
            "Do not trust the message; or give key, message, message type and algorithm exactly as they were when it was signed"
        }
        ("KMSInternalException", _) => "Ask whoever runs the service to look into its log for this request id",
        ("KMSInvalidStateException", _) if message.ends_with("is pending deletion.") => {
            "Take the deletion back first: keyferry cancel-key-deletion --key-id ID"
        }
        ("KMSInvalidStateException", _) if message.ends_with("is pending import.") => {
            "Import its material first: keyferry import KEYFILE --key-id ID"
        }
        ("KMSInvalidStateException", "RotateKeyOnDemand") if message.starts_with("No available key material") => {
            "Import what is to come next: keyferry import-key-material --import-type NEW_KEY_MATERIAL"
        }
        ("KMSInvalidStateException", _) if [" is creating.", " is updating."].iter().any(|end| message.ends_with(end)) => {
            return again(refusal, "The Regions are still telling each other");
        }
        ("KMSInvalidStateException", _) if message.starts_with("the import waits for the approval") => {
            "Have another principal look at it, keyferry list-pending-imports, and say yes: keyferry approve-import --key-id ID --request-digest DIGEST"
        }
        ("KMSInvalidStateException", _) if message.starts_with("another import under these") => {
            "Get new ones: keyferry get-parameters-for-import; or have what waits rejected: keyferry reject-import"
        }
        ("KMSInvalidStateException", _) => "See the key's state: keyferry describe-key --key-id ID",
        ("LimitExceededException", "GetParametersForImport") => {
            "Import under the sets that are out, or wait until the first of them expires; whoever runs the service can raise the limit"
        }
        ("LimitExceededException", "RotateKeyOnDemand") => {
            "Make another key, and re-encrypt under it what is kept: keyferry re-encrypt"
        }
        ("LimitExceededException", _) => "Delete what is no longer needed, or ask for a higher limit",
        ("MalformedPolicyDocumentException", _) => {
            "Give a JSON policy document that lets somebody of the account change it, or --bypass-policy-lockout-safety-check"
        }
        ("NotFoundException", "GetKeyPolicy" | "PutKeyPolicy") if message.starts_with("No such policy") => {
            "There is one policy, and it is called default: leave --policy-name away"
        }
        ("NotFoundException", "UpdatePrimaryRegion") if message.contains(" has no replica key in ") => {
            "Make a replica there first: keyferry replicate-key --key-id ID --replica-region REGION"
        }
        ("NotFoundException", _) if message.starts_with("Alias ") => "See which aliases there are: keyferry list-aliases",
        ("NotFoundException", _) => {
            "See which keys there are: keyferry list-keys; and which service and Region is asked: keyferry configure list"
        }
        ("TagException", _) => "Give up to 50 tags, each key once, none that begins with aws:",
        ("ThrottlingException", _) => return again(refusal, "The service has enough to do"),
        ("UnrecognizedClientException", _) => {
            "Show a certificate that the service knows: --client-cert and --client-key, or keyferry configure"
        }
        ("UnsupportedOperationException", "EnableKeyRotation" | "DisableKeyRotation") => {
            "Rotate it when its time has come: keyferry rotate-key-on-demand --key-id ID"
        }
        ("UnsupportedOperationException", "AdvanceClock") => {
            "Start a service of your own for it, to try things out: keyferryd dev --clock-control"
        }
        ("UnsupportedOperationException", "ReplicateKey") if message.contains("origin is") => {
            "Only keys made for import have replicas: keyferry create-key --origin EXTERNAL --multi-region"
        }
        ("UnsupportedOperationException", "ReplicateKey" | "UpdatePrimaryRegion") if message.contains("no peer there") => {
            "Name a Region that the service knows; whoever runs it can add one: [[peer]] in keyferryd.toml"
        }
        ("UnsupportedOperationException", _) if message.ends_with("is not a multi-region primary key.") => {
            "Name a primary key, in its own Region: keyferry describe-key shows PrimaryKey; or make one: keyferry create-key --origin EXTERNAL --multi-region"
        }
        ("UnsupportedOperationException", "ImportKeyMaterial") if message.contains("is a replica key: ") => {
            "Ask the Region of the primary, which is PrimaryKey of keyferry describe-key: --region REGION"
        }
        ("UnsupportedOperationException", _) if message.contains("origin is") => {
            "Only keys made for import take material: keyferry create-key --origin EXTERNAL"
        }
        ("UnsupportedOperationException", _) if message.ends_with("has no public key.") => {
            "Only RSA and EC keys have one; a secret key has its id: keyferry describe-key --key-id ID"
        }
        ("UnsupportedOperationException", "GetParametersForImport") => {
            "See what the token can do: keyferry get-token-profile; or let keyferry import KEYFILE choose"
        }
        ("UnsupportedOperationException", _) => "See what the service can do: README, and keyferry get-token-profile",
        ("ValidationException", "ImportKeyMaterial") if message.starts_with("A validTo date must be set") => {
            "Say when the material ends, --valid-to TIME, or that it does not: --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE"
        }
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

/// The line for a setting that does not serve.
pub(super) fn of_setting(setting: Setting) -> &'static str {
    match setting {
        Setting::AcceptAnyCertificate => "Leave --no-verify-ssl away, and give --ca-bundle",
        Setting::CaBundle => "Give PEM of the authorities that vouch for the service: --ca-bundle, or keyferry configure",
        Setting::ClientCertificate => "Give PEM of the certificate that the service knows you by: --client-cert",
        Setting::ClientKey => "Give PEM of the certificate's own private key, without a passphrase: --client-key",
        Setting::EndpointUrl => "Give the service's URL, https://HOST:PORT: --endpoint-url, or keyferry configure",
    }
}

/// The line for a call that was not answered; what is wrong on this side says itself what to do.
pub(super) fn of_way(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Connection(unreachable) if unreachable.is_passing() => {
            "See that the service runs, and that this is where: keyferry configure list"
        }
        Error::Connection(_) => {
            "See that --ca-bundle vouches for the service, and that the service knows --client-cert: keyferry configure list"
        }
        Error::Lost(_) => {
            "Look whether it is done before you ask again, and give it more time: --cli-read-timeout SECONDS, 0 for ever"
        }
        Error::Local(Local::Answer(_)) => {
            "See whether service and client are of one version: keyferry get-server-info, keyferry --version"
        }
        _ => return None,
    })
}

fn again(refusal: &Refusal, why: &str) -> String {
    match refusal.retry_after {
        Some(after) => format!("{why}: try again in {:.1} seconds", after.as_secs_f64()),
        None => format!("{why}: try again in a moment"),
    }
}
