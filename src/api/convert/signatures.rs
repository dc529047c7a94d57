//! MACs and signatures. Those that are not valid are refused, so an answer says that they are.

use crate::api::convert::cryptography::options;
use crate::api::convert::names::{name, number};
use crate::proto;
use crate::service::{GenerateMac, Mac, Sign, Signed, Verify, VerifyMac};

impl From<proto::GenerateMacRequest> for GenerateMac {
    fn from(request: proto::GenerateMacRequest) -> Self {
        let proto::GenerateMacRequest { message, key_id, mac_algorithm, grant_tokens, dry_run } = request;
        Self {
            key_id,
            message: message.into(),
            mac_algorithm: name::<proto::MacAlgorithm>(mac_algorithm),
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<Mac> for proto::GenerateMacResponse {
    fn from(made: Mac) -> Self {
        let Mac { arn, algorithm, mac } = made;
        Self { mac, mac_algorithm: number::<proto::MacAlgorithm>(algorithm), key_id: arn.to_string() }
    }
}

impl From<proto::VerifyMacRequest> for VerifyMac {
    fn from(request: proto::VerifyMacRequest) -> Self {
        let proto::VerifyMacRequest { message, key_id, mac_algorithm, mac, grant_tokens, dry_run } = request;
        Self { of: proto::GenerateMacRequest { message, key_id, mac_algorithm, grant_tokens, dry_run }.into(), mac }
    }
}

impl From<Mac> for proto::VerifyMacResponse {
    fn from(verified: Mac) -> Self {
        let Mac { arn, algorithm, mac: _ } = verified;
        Self { key_id: arn.to_string(), mac_valid: true, mac_algorithm: number::<proto::MacAlgorithm>(algorithm) }
    }
}

impl From<proto::SignRequest> for Sign {
    fn from(request: proto::SignRequest) -> Self {
        let proto::SignRequest { key_id, message, message_type, signing_algorithm, grant_tokens, dry_run } = request;
        Self {
            key_id,
            message: message.into(),
            message_type: name::<proto::MessageType>(message_type),
            signing_algorithm: name::<proto::SigningAlgorithm>(signing_algorithm),
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<Signed> for proto::SignResponse {
    fn from(signed: Signed) -> Self {
        let Signed { arn, algorithm, signature } = signed;
        Self { key_id: arn.to_string(), signature, signing_algorithm: number::<proto::SigningAlgorithm>(algorithm) }
    }
}

impl From<proto::VerifyRequest> for Verify {
    fn from(request: proto::VerifyRequest) -> Self {
        let proto::VerifyRequest { key_id, message, message_type, signature, signing_algorithm, grant_tokens, dry_run } =
            request;
        let of = proto::SignRequest { key_id, message, message_type, signing_algorithm, grant_tokens, dry_run };
        Self { of: of.into(), signature }
    }
}

impl From<Signed> for proto::VerifyResponse {
    fn from(verified: Signed) -> Self {
        let Signed { arn, algorithm, signature: _ } = verified;
        Self {
            key_id: arn.to_string(),
            signature_valid: true,
            signing_algorithm: number::<proto::SigningAlgorithm>(algorithm),
        }
    }
}
