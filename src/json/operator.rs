//! What is keyferry's own, and an operator's.

use serde_json::Value;

use super::answer::{Answer, blob, moment, structure};
use super::members::Members;
use crate::hsm::Profile;
use crate::model::{Invalid, Timestamp};
use crate::service::{Error, PartHealth, ServerInfo};

pub(super) fn advance(members: &mut Members) -> Result<i32, Error> {
    Ok(members.integer("seconds")?.ok_or_else(|| Invalid::missing("seconds"))?)
}

pub(super) fn clock(now: Timestamp) -> Answer {
    Answer::of([("Now", moment(now))])
}

pub(super) fn server_info(info: ServerInfo) -> Answer {
    Answer::of([
        ("Version", env!("CARGO_PKG_VERSION").into()),
        ("InstallationId", info.installation.to_string().into()),
        ("Partition", info.realm.partition.into()),
        ("Region", info.realm.region.into()),
        ("Account", info.account.as_str().into()),
        ("StartedAt", moment(info.started_at)),
        ("Store", info.store.into()),
        ("AttestationPublicKey", blob(&info.public_keys.attestation)),
        ("AuditPublicKey", blob(&info.public_keys.audit)),
        ("Parts", info.health.parts().iter().map(part).collect()),
    ])
}

fn part(health: &PartHealth) -> Value {
    structure([
        ("Name", health.name().into()),
        ("Serving", health.trouble.is_none().into()),
        ("Reason", health.trouble.as_ref().map(|trouble| trouble.reason.as_str()).into()),
        ("Since", moment(health.since)),
    ])
}

pub(super) fn token_profiles(profiles: &[&Profile]) -> Answer {
    let mut profiles = profiles.iter().map(|profile| token_profile(profile));
    let first = profiles.next().unwrap_or_default();
    let further: Vec<_> = profiles.collect();
    Answer::of([("TokenProfile", first), ("Further", (!further.is_empty()).then_some(further).into())])
}

fn token_profile(profile: &Profile) -> Value {
    let paths = profile.routes.iter().map(|((key_spec, algorithm), route)| {
        structure([
            ("KeySpec", key_spec.as_str().into()),
            ("WrappingAlgorithm", algorithm.as_str().into()),
            ("Served", route.path.is_some().into()),
            ("Path", route.path.map(|path| path.as_str()).into()),
            ("HostExposure", route.path.map(|path| path.exposure().as_str()).into()),
            ("Reason", route.reason.as_str().into()),
        ])
    });
    let isolation = structure([
        ("Tried", profile.isolation.attempts.len().into()),
        ("UnwrappedKeys", profile.isolation.unwrapped.iter().map(ToString::to_string).collect()),
    ]);
    structure([
        ("Label", profile.label.as_str().into()),
        ("SerialNumber", profile.serial_number.as_str().into()),
        ("ManufacturerId", profile.manufacturer_id.as_str().into()),
        ("Model", profile.model.as_str().into()),
        ("FirmwareVersion", profile.firmware_version.as_str().into()),
        ("Library", profile.library.as_str().into()),
        ("HostAssisted", profile.host_assisted.as_str().into()),
        ("KeyWrapMechanism", profile.key_wrap.map(|number| format!("0x{number:04X}")).into()),
        ("Paths", paths.collect()),
        ("Isolation", isolation),
    ])
}
