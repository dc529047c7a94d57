//! Who comes in and what is written of it, put together as the configuration says.

use std::sync::Arc;

use super::StartError;
use crate::audit::{self, Log};
use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::model::InstallationId;
use crate::policy::Policies;
use crate::server::private::{require_private, require_unchanged};
use crate::service::{Gate, Limits};

/// Where syslog listens (syslog(3)).
const SYSLOG: &str = "/dev/log";

/// Where the journal listens (systemd, "Native Journal Protocol").
const JOURNALD: &str = "/run/systemd/journal/socket";

/// Loads the policies of a folder, which is for the service's user alone.
///
/// # Errors
/// Where one does not hold up, or others can read it; the message names file and line.
pub(in crate::server) fn policies(config: &config::Policy) -> Result<Policies, StartError> {
    require_unchanged("policy.folder", &config.folder)?;
    let policies = Policies::load(&config.folder)?;
    for source in policies.sources() {
        require_private("policy.folder", source)?;
    }
    Ok(policies)
}

/// Loads the policies and opens the audit log.
pub(super) async fn open(config: &Config, installation: InstallationId) -> Result<Arc<Gate>, StartError> {
    let policies = policies(&config.policy)?;
    let config::Limits { per_second, burst_seconds } = config.limits.clone();
    let config::Audit { file, max_megabytes, keep, checkpoint: _, forward } = config.audit.clone();
    let forward = match forward {
        config::Forward::None => None,
        config::Forward::Syslog => Some(audit::Forward::Syslog(SYSLOG.into())),
        config::Forward::Journald => Some(audit::Forward::Journald(JOURNALD.into())),
    };
    let settings = audit::Settings { file, max_bytes: max_megabytes * 1_000_000, keep, forward, installation };
    let opened = tokio::task::spawn_blocking(move || Log::open(settings)).await.map_err(StartError::BrokeOff)?;
    let limits = Limits::new(per_second, burst_seconds);
    let region = config.kms.realm.region.clone();
    Ok(Arc::new(Gate::new(policies, limits, opened?, region, Arc::new(SystemClock))))
}
