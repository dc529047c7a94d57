//! What is wrong on this side, or between the two sides.

use super::{Untrusted, Unusable};
use crate::model::{Invalid, KeyMaterialId, KeySpec, KeyUsage};
use crate::wrap;

/// What is wrong on this side, or between the two sides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Local {
    /// The answer is none that this client understands.
    #[error("the service answered what this client does not understand: {0}")]
    Answer(String),
    /// The service refuses what was planned, and every other way exposes more to its host.
    #[error(
        "the service refuses {refused}: {refusal}; what is left exposes more: {left}; to take one of them knowingly, name its \
         algorithm with --wrapping-algorithm"
    )]
    Exposing {
        /// What was planned.
        refused: String,
        /// What the service says of it.
        refusal: String,
        /// The choices that are left.
        left: String,
    },
    /// What was asked for contradicts itself.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The material is not what its key wants, or cannot be wrapped.
    #[error(transparent)]
    Material(#[from] wrap::Error),
    /// A key was made, and what the service says of it is not understood.
    #[error(
        "a key was made, {key}, and the service answered of it what this client does not understand ({cause}): look at it with \
         describe-key before you go on with it, and do not make another"
    )]
    Made {
        /// Its ARN, or its id.
        key: String,
        /// What is not understood.
        cause: String,
    },
    /// A key was made, and the service did not say intelligibly which.
    #[error(
        "a key was made, and the service answered of it what this client does not understand ({cause}): look with list-keys for \
         one of {spec} made just now, and do not make another"
    )]
    MadeUnnamed {
        /// Its spec.
        spec: KeySpec,
        /// What is not understood.
        cause: String,
    },
    /// The token holds other material than was wrapped.
    #[error(
        "THE TOKEN HOLDS OTHER KEY MATERIAL THAN WAS WRAPPED: the service shows {imported} of {arn}, and the material given \
         here is {wrapped}; do not use the key: delete its imported key material, and find out who stands between"
    )]
    Mismatch {
        /// The key.
        arn: String,
        /// The id of the material that was wrapped.
        wrapped: KeyMaterialId,
        /// The id that the service shows.
        imported: KeyMaterialId,
    },
    /// A replica that was asked for cannot be seen in its Region yet.
    #[error("{arn} is not there yet: its Region has still to make it")]
    NotYetThere {
        /// The replica.
        arn: String,
    },
    /// The service takes no material of this key spec, or not in the way that was asked for.
    #[error("the service imports no {spec} key that way: {reasons}")]
    NotServed {
        /// The key spec.
        spec: KeySpec,
        /// Why not, way by way.
        reasons: String,
    },
    /// The key is bound to other material for good.
    #[error("{arn} is bound to other key material: it has {has}, and what was given is {given}; make another key for it")]
    OtherMaterial {
        /// The key.
        arn: String,
        /// The id of the key's material.
        has: KeyMaterialId,
        /// The id that the given material would have.
        given: KeyMaterialId,
    },
    /// Not the path of an RPC.
    #[error("{0:?} is not the path of an RPC")]
    Path(String),
    /// The key takes no import.
    #[error("{arn} takes no import: {why}")]
    Unimportable {
        /// The key.
        arn: String,
        /// What keeps it from it.
        why: String,
    },
    /// Nobody knows whether the key was made.
    #[error(
        "whether the key was made is not known ({cause}): look among the keys for one of {spec} that is PendingImport, made \
         just now, and go on with its key id; where there is none, begin again"
    )]
    Unknown {
        /// The spec of the key.
        spec: KeySpec,
        /// What happened.
        cause: String,
    },
    /// A replica, where its primary key is wanted.
    #[error("{arn} is a replica key, and its primary key is in {primary}")]
    Replica {
        /// The replica.
        arn: String,
        /// The Region of the primary.
        primary: String,
    },
    /// A set of parameters does not serve.
    #[error(transparent)]
    Parameters(#[from] Unusable),
    /// What is signed, or should be, is not to be trusted.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// What the key is for was not said, and could be several things.
    #[error("a key of {spec} is for {}: say which", choices(.spec))]
    UsageOpen {
        /// The spec of the key.
        spec: KeySpec,
    },
}

fn choices(spec: &KeySpec) -> String {
    spec.usages().iter().map(|usage: &KeyUsage| usage.as_str()).collect::<Vec<_>>().join(" or ")
}
