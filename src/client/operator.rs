//! What the service and its token say of themselves, and the clock of a service that lets it be moved.

use super::connection::Client;
use super::error::{Error, Local};
use super::wire::{Wire, arn, moment, present};
use crate::model::{HostExposure, KeySpec, Timestamp, WrappingAlgorithm};
use crate::proto;

/// A running service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Semantic version.
    pub version: String,
    /// Shared by its database and its token.
    pub installation_id: String,
    /// The partition of its ARNs, for example `aws`.
    pub partition: String,
    /// The region of its ARNs.
    pub region: String,
    /// The caller's account, twelve digits.
    pub account: String,
    /// When it started.
    pub started_at: Timestamp,
    /// `sqlite` or `postgresql`.
    pub store: String,
    /// What attestations and receipts are signed with, DER SubjectPublicKeyInfo: to compare with what is pinned, and not to be pinned
    /// itself, for it came the same way.
    pub attestation_public_key: Vec<u8>,
    /// What the checkpoints of the audit log are signed with, DER SubjectPublicKeyInfo.
    pub audit_public_key: Vec<u8>,
    /// What the service needs, and whether it is there. A service of before this was told names none.
    pub parts: Vec<PartHealth>,
}

/// How one thing is that a service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHealth {
    /// `token`, `store` or `audit`, or something newer than this client.
    pub name: String,
    /// Why it does not serve; `None` where it does.
    pub trouble: Option<String>,
    /// Since when it serves, or does not.
    pub since: Timestamp,
}

/// A token as the service found it when it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenProfile {
    /// CK_TOKEN_INFO.label.
    pub label: String,
    /// CK_TOKEN_INFO.serialNumber.
    pub serial_number: String,
    /// CK_TOKEN_INFO.manufacturerID.
    pub manufacturer_id: String,
    /// CK_TOKEN_INFO.model.
    pub model: String,
    /// CK_TOKEN_INFO.firmwareVersion.
    pub firmware_version: String,
    /// The PKCS#11 module's own description and version.
    pub library: String,
    /// The bound that the service sets: `none`, `kek` or `material`.
    pub host_assisted: String,
    /// The mechanism that proved to be RFC 5649; `None` where none did.
    pub key_wrap_mechanism: Option<String>,
    /// How material comes in; kinds that are newer than this client are left out.
    pub paths: Vec<Path>,
}

/// How material of one key spec comes in under one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The spec of the key.
    pub key_spec: KeySpec,
    /// How its material is wrapped.
    pub wrapping_algorithm: WrappingAlgorithm,
    /// What is plain on the host meanwhile; `None` where imports are not served.
    pub served: Option<HostExposure>,
    /// Why not, where it is not served; what was tried before, where it is.
    pub reason: String,
}

/// Each fails as [`Client::call`] does, or with [`Error::Local`] where it does not understand the answer.
impl Client {
    /// GetServerInfo.
    pub async fn get_server_info(&self) -> Result<ServerInfo, Error> {
        let info: proto::GetServerInfoResponse =
            self.ask("/keyferry.v1.OperatorService/GetServerInfo", &proto::GetServerInfoRequest {}).await?;
        Ok(ServerInfo {
            version: info.version,
            installation_id: info.installation_id,
            partition: arn("Partition", info.partition)?,
            region: arn("Region", info.region)?,
            account: arn("Account", info.account)?,
            started_at: present("StartedAt", info.started_at.and_then(moment))?,
            store: info.store,
            attestation_public_key: info.attestation_public_key,
            audit_public_key: info.audit_public_key,
            parts: info.parts.into_iter().map(PartHealth::try_from).collect::<Result<_, _>>()?,
        })
    }

    /// GetTokenProfile.
    pub async fn get_token_profile(&self) -> Result<TokenProfile, Error> {
        let answer: proto::GetTokenProfileResponse =
            self.ask("/keyferry.v1.OperatorService/GetTokenProfile", &proto::GetTokenProfileRequest {}).await?;
        Ok(present("TokenProfile", answer.token_profile)?.try_into()?)
    }

    /// AdvanceClock, by so many seconds; answers what the clock shows then. Refused where the service was not started for it.
    pub async fn advance_clock(&self, seconds: i32) -> Result<Timestamp, Error> {
        let answer: proto::AdvanceClockResponse =
            self.ask("/keyferry.v1.OperatorService/AdvanceClock", &proto::AdvanceClockRequest { seconds }).await?;
        Ok(present("Now", answer.now.and_then(moment))?)
    }
}

impl TryFrom<proto::PartHealth> for PartHealth {
    type Error = Local;

    fn try_from(health: proto::PartHealth) -> Result<Self, Local> {
        // Both go to a terminal.
        let readable = |text: String| text.replace(char::is_control, " ");
        Ok(Self {
            since: present("Since", health.since.and_then(moment))?,
            name: readable(health.name),
            trouble: (!health.serving).then(|| readable(health.reason)),
        })
    }
}

impl TryFrom<proto::TokenProfile> for TokenProfile {
    type Error = Local;

    fn try_from(profile: proto::TokenProfile) -> Result<Self, Local> {
        let path = |path: proto::UnwrapPath| -> Option<Result<Path, Local>> {
            let (key_spec, wrapping_algorithm) =
                (KeySpec::of(path.key_spec)?, WrappingAlgorithm::of(path.wrapping_algorithm)?);
            // It goes into the reason of a choice, and so to a terminal.
            let reason = path.reason.replace(char::is_control, " ");
            let served = path.served.then(|| present("HostExposure", HostExposure::of(path.host_exposure))).transpose();
            Some(served.map(|served| Path { key_spec, wrapping_algorithm, served, reason }))
        };
        Ok(Self {
            paths: profile.paths.into_iter().filter_map(path).collect::<Result<_, _>>()?,
            label: profile.label,
            serial_number: profile.serial_number,
            manufacturer_id: profile.manufacturer_id,
            model: profile.model,
            firmware_version: profile.firmware_version,
            library: profile.library,
            host_assisted: profile.host_assisted,
            key_wrap_mechanism: Some(profile.key_wrap_mechanism).filter(|mechanism| !mechanism.is_empty()),
        })
    }
}
