//! `[limits]`: how often a principal may ask.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use crate::model::{Action, names};

/// Calls a second, by operation, as the reference has them (KMS Developer Guide, "Request quotas"), and such as go with them for
/// operations of ours.
const DEFAULTS: [(Action, u32); 47] = [
    (Action::AdvanceClock, 5),
    (Action::ApproveImport, 15),
    (Action::CancelKeyDeletion, 5),
    (Action::CreateAlias, 5),
    (Action::CreateKey, 5),
    (Action::Decrypt, 10000),
    (Action::DeleteAlias, 15),
    (Action::DeleteImportedKeyMaterial, 15),
    (Action::DeriveSharedSecret, 1000),
    (Action::DescribeKey, 2000),
    (Action::DisableKey, 5),
    (Action::DisableKeyRotation, 5),
    (Action::EnableKey, 5),
    (Action::EnableKeyRotation, 15),
    (Action::Encrypt, 10000),
    (Action::GenerateDataKey, 10000),
    (Action::GenerateDataKeyWithoutPlaintext, 10000),
    (Action::GenerateMac, 10000),
    (Action::GenerateRandom, 10000),
    (Action::GetKeyPolicy, 1000),
    (Action::GetKeyRotationStatus, 1000),
    (Action::GetParametersForImport, 1),
    (Action::GetPublicKey, 2000),
    (Action::GetServerInfo, 500),
    (Action::GetTokenProfile, 500),
    (Action::ImportKeyMaterial, 15),
    (Action::ListAliases, 500),
    (Action::ListKeyPolicies, 100),
    (Action::ListKeyRotations, 100),
    (Action::ListKeys, 500),
    (Action::ListPendingImports, 500),
    (Action::ListResourceTags, 2000),
    (Action::PutKeyPolicy, 15),
    (Action::ReEncryptFrom, 10000),
    (Action::RejectImport, 15),
    (Action::ReplicateKey, 5),
    (Action::RotateKeyOnDemand, 5),
    (Action::ScheduleKeyDeletion, 15),
    (Action::Sign, 1000),
    (Action::SynchronizeMultiRegionKey, 1000),
    (Action::TagResource, 10),
    (Action::UntagResource, 5),
    (Action::UpdateAlias, 5),
    (Action::UpdateKeyDescription, 5),
    (Action::UpdatePrimaryRegion, 5),
    (Action::Verify, 1000),
    (Action::VerifyMac, 10000),
];

/// How often a principal may ask for each operation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, config::Value>")]
pub struct Limits {
    /// Calls a second, for each principal; nothing where they are off.
    pub per_second: BTreeMap<Action, u32>,
    /// How many seconds' worth of them may come at once after a quiet time.
    pub burst_seconds: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: DEFAULTS.into(), burst_seconds: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN) }
    }
}

impl TryFrom<BTreeMap<String, config::Value>> for Limits {
    type Error = String;

    fn try_from(given: BTreeMap<String, config::Value>) -> Result<Self, String> {
        let mut limits = Self::default();
        let mut enabled = true;
        for (key, value) in given {
            let number = |least: u32, most: u32| {
                let number = value.clone().into_uint().ok().and_then(|number| u32::try_from(number).ok());
                let number = number.filter(|number| (least..=most).contains(number));
                number.ok_or_else(|| format!("{key}: expected {least} to {most}, found {value}"))
            };
            match key.as_str() {
                "enabled" => {
                    let text = value.to_string();
                    enabled = value.into_bool().map_err(|_| format!("enabled: expected true or false, found {text}"))?;
                }
                "burst_seconds" => {
                    let seconds = NonZeroU32::new(number(1, 3600)?);
                    limits.burst_seconds = seconds.unwrap_or(limits.burst_seconds);
                }
                operation => {
                    let action = Action::ALL.iter().find(|action| names::snake_case(action.operation()) == operation);
                    let action = action.ok_or_else(|| {
                        format!(
                            "unknown field `{operation}`, expected an operation such as create_key, enabled or burst_seconds"
                        )
                    })?;
                    limits.per_second.insert(*action, number(0, 1_000_000)?);
                }
            }
        }
        if !enabled {
            limits.per_second.clear();
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_limit() {
        let limited: Vec<Action> = Limits::default().per_second.into_keys().collect();
        // The other half of ReEncrypt counts with the first.
        let asked: Vec<Action> = Action::ALL.iter().copied().filter(|action| *action != Action::ReEncryptTo).collect();
        assert_eq!(limited, asked);
    }
}
