//! How to wrap: every way that fits the key, the strongest first.

use std::cmp::Reverse;

use crate::client::error::Local;
use crate::client::operator::Path;
use crate::model::{HostExposure, KeySpec, OaepHash, WrappingAlgorithm, WrappingKeySpec};

/// A way to wrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// How the material is wrapped.
    pub wrapping_algorithm: WrappingAlgorithm,
    /// The kind of the wrapping key.
    pub wrapping_key_spec: WrappingKeySpec,
    /// What is plain on the service's host meanwhile; `None` where the service did not say.
    pub host_exposure: Option<HostExposure>,
    /// Why this way, in one sentence.
    pub reason: String,
}

impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exposure = self.host_exposure.map_or("unknown", |exposure| exposure.as_str());
        write!(f, "{} under {} (host exposure {exposure})", self.wrapping_algorithm, self.wrapping_key_spec)
    }
}

/// What the caller settled; `None` leaves it open.
#[derive(Clone, Copy, Default)]
pub(super) struct Fixed {
    pub(super) algorithm: Option<WrappingAlgorithm>,
    pub(super) wrapping: Option<WrappingKeySpec>,
}

/// Every way for material of this spec: least host exposure first, then SHA-256 before SHA-1, then the longest wrapping key,
/// then the fewest layers. `paths` is what the service says that it serves; where it says nothing, nothing is left out.
///
/// # Errors
/// Where there is none.
pub(super) fn choices(spec: KeySpec, fixed: Fixed, paths: &[Path]) -> Result<Vec<Choice>, Local> {
    let Fixed { algorithm, wrapping } = fixed;
    let mut choices = Vec::new();
    let mut not_served = Vec::new();
    for way in WrappingAlgorithm::ALL.iter().copied().filter(|way| algorithm.is_none_or(|fixed| fixed == *way)) {
        let specs = WrappingKeySpec::ALL.iter().copied().filter(|key| wrapping.is_none_or(|fixed| fixed == *key));
        let permitted: Vec<WrappingKeySpec> = specs.filter(|key| way.permit(*key, spec).is_ok()).collect();
        if permitted.is_empty() {
            continue;
        }
        let path = paths.iter().find(|path| (path.key_spec, path.wrapping_algorithm) == (spec, way));
        let exposure = path.and_then(|path| path.served);
        if !paths.is_empty() && exposure.is_none() {
            not_served.push(format!("{way}: {}", path.map_or("not known", |path| path.reason.as_str())));
            continue;
        }
        let reason = reason(fixed, exposure);
        choices.extend(permitted.into_iter().map(|key| Choice {
            wrapping_algorithm: way,
            wrapping_key_spec: key,
            host_exposure: exposure,
            reason: reason.clone(),
        }));
    }
    if choices.is_empty() && not_served.is_empty() {
        let (way, key) =
            (algorithm.unwrap_or(WrappingAlgorithm::RsaAesKeyWrapSha256), wrapping.unwrap_or(WrappingKeySpec::Rsa4096));
        way.permit(key, spec)?;
    }
    if choices.is_empty() {
        return Err(Local::NotServed { spec, reasons: not_served.join("; ") });
    }
    choices.sort_by_key(|choice| {
        let is_sha1 = choice.wrapping_algorithm.oaep_hash() == Some(OaepHash::Sha1);
        let length = Reverse(choice.wrapping_key_spec.modulus_bytes());
        (choice.host_exposure, is_sha1, length, choice.wrapping_algorithm.is_hybrid())
    });
    Ok(choices)
}

/// One sentence: what the service's host sees, and what is looked at in which order.
fn reason(fixed: Fixed, exposure: Option<HostExposure>) -> String {
    let host = match exposure {
        Some(HostExposure::Token) => "The token unwraps it by itself",
        Some(HostExposure::HostKek) => "The service's host sees the AES key around the material",
        Some(HostExposure::HostMaterial) => "The service's host sees the material for a moment",
        None => "The service does not say what its host sees",
    };
    let rest = match (fixed.algorithm.is_some(), fixed.wrapping.is_some()) {
        (false, false) => ", which counts most, then the hash, then the length of the wrapping key",
        (true, false) => "; the algorithm is as asked for, and the longest wrapping key goes first",
        (false, true) => ", which counts most, then the hash; the wrapping key spec is as asked for",
        (true, true) => "; algorithm and wrapping key spec are as asked for",
    };
    match exposure {
        Some(_) => format!("{host}{rest}."),
        None => format!("{host}{}.", rest.replace(", which counts most, then the hash", "; the hash counts most")),
    }
}

#[cfg(test)]
mod tests;
