//! What the service and its token are.

use std::time::Duration;

use crate::api::convert::names::{self, number};
use crate::api::convert::time;
use crate::hsm::Profile;
use crate::proto;
use crate::service::{PartHealth, ServerInfo};

impl From<ServerInfo> for proto::GetServerInfoResponse {
    fn from(info: ServerInfo) -> Self {
        let ServerInfo { installation, realm, account, started_at, store, public_keys, health } = info;
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            installation_id: installation.to_string(),
            partition: realm.partition,
            region: realm.region,
            account: account.to_string(),
            started_at: Some(time::wire(started_at)),
            store: store.to_owned(),
            attestation_public_key: public_keys.attestation,
            audit_public_key: public_keys.audit,
            parts: health.parts().iter().map(proto::PartHealth::from).collect(),
        }
    }
}

impl From<&PartHealth> for proto::PartHealth {
    fn from(health: &PartHealth) -> Self {
        let PartHealth { part: _, further: _, trouble, since } = health;
        Self {
            name: health.name(),
            serving: trouble.is_none(),
            reason: trouble.as_ref().map(|trouble| trouble.reason.clone()).unwrap_or_default(),
            since: Some(time::wire(*since)),
        }
    }
}

impl From<&Profile> for proto::TokenProfile {
    fn from(profile: &Profile) -> Self {
        let paths = profile.routes.iter().map(|((key_spec, algorithm), route)| proto::UnwrapPath {
            key_spec: number::<proto::KeySpec>(key_spec.as_str()),
            wrapping_algorithm: number::<proto::WrappingAlgorithm>(algorithm.as_str()),
            served: route.path.is_some(),
            host_exposure: route.path.map_or(0, |path| names::exposure(path.exposure())),
            reason: route.reason.clone(),
            microseconds: count(route.took.as_micros()),
            path: route.path.map(|path| path.to_string()).unwrap_or_default(),
        });
        Self {
            label: profile.label.clone(),
            serial_number: profile.serial_number.clone(),
            manufacturer_id: profile.manufacturer_id.clone(),
            model: profile.model.clone(),
            firmware_version: profile.firmware_version.clone(),
            library: profile.library.clone(),
            host_assisted: profile.host_assisted.to_string(),
            key_wrap_mechanism: profile.key_wrap.map(|number| format!("0x{number:04X}")).unwrap_or_default(),
            paths: paths.collect(),
            probe_milliseconds: count(Duration::as_millis(&profile.took)),
            isolation: Some(proto::TokenIsolation {
                tried: count(profile.isolation.attempts.len() as u128),
                unwrapped_keys: profile.isolation.unwrapped.iter().map(ToString::to_string).collect(),
            }),
        }
    }
}

fn count(number: u128) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
