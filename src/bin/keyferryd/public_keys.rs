//! `keyferryd public-keys`: what the owners of key material pin, from the token and not from the network.

use clap::ValueEnum;
use keyferry::service::PublicKeys;
use keyferry::wrap::spki;

/// One of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// What attestations and receipts are signed with
    Attestation,
    /// What the checkpoints of the audit log are signed with
    Audit,
}

/// PEM, each key under its name.
pub(crate) fn text(keys: &PublicKeys, only: Option<Which>) -> anyhow::Result<String> {
    let PublicKeys { attestation, audit } = keys;
    Ok(match only {
        Some(Which::Attestation) => spki::pem(attestation)?,
        Some(Which::Audit) => spki::pem(audit)?,
        None => format!("attestation\n{}\naudit\n{}", spki::pem(attestation)?, spki::pem(audit)?),
    })
}
