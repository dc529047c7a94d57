//! What a token was found able to do, by doing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Error;
use super::decryption::{Unpadding, lacking};
use super::isolation::Isolation;
use crate::model::{
    HostAssisted, HostExposure, KeySpec, OaepHash, PairKind, PairUse, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};

/// A token and what it can do within the bound that the operator set.
#[derive(Clone, Debug)]
pub struct Profile {
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
    /// CK_INFO.libraryDescription and libraryVersion.
    pub library: String,
    /// CK_TOKEN_INFO.ulTotalPrivateMemory in bytes, where the token tells.
    pub private_memory: Option<u64>,
    /// The bound: `hsm.host_assisted`.
    pub host_assisted: HostAssisted,
    /// The mechanism that proved to be RFC 5649, if one did.
    pub key_wrap: Option<u64>,
    /// How each kind of material comes in under each algorithm that the matrix allows for it.
    pub routes: BTreeMap<(KeySpec, WrappingAlgorithm), Route>,
    /// Whether keys stay in it that must.
    pub isolation: Isolation,
    /// How long the whole probe took.
    pub took: Duration,
}

/// How one kind of material comes in under one algorithm.
#[derive(Clone, Debug)]
pub struct Route {
    /// The least exposing path that works within the bound; `None` where none does.
    pub path: Option<UnwrapPath>,
    /// Why the paths before it, or all of them, do not serve. Names the mechanism, and the setting that would help.
    pub reason: String,
    /// How long unwrapping and proving took.
    pub took: Duration,
}

impl Profile {
    /// The kinds of pairs that imports need, by what is served.
    pub fn pair_kinds(&self) -> BTreeSet<PairKind> {
        let uses: BTreeSet<PairUse> =
            self.routes.values().filter_map(|route| route.path).map(UnwrapPath::pair_use).collect();
        let kinds = WrappingKeySpec::ALL.iter().flat_map(|spec| uses.iter().map(|pair_use| (*spec, *pair_use)));
        let suits = |(spec, pair_use): &(WrappingKeySpec, PairUse)| {
            (*spec == WrappingKeySpec::Sm2) == (*pair_use == PairUse::Derive)
        };
        kinds.filter(suits).map(|(spec, pair_use)| PairKind { spec, pair_use }).collect()
    }

    /// Who takes OAEP's padding off where material decrypts: the token, where unwrapping has shown that it does what it is told;
    /// else the host, where the bound lets it see as much.
    ///
    /// # Errors
    /// [`Error::Lacks`] where nobody does.
    pub fn unpadding(&self, hash: OaepHash) -> Result<Unpadding, Error> {
        let in_token = [UnwrapPath::Direct, UnwrapPath::TwoStep].map(Some);
        let shown = self
            .routes
            .iter()
            .any(|((_, algorithm), route)| algorithm.oaep_hash() == Some(hash) && in_token.contains(&route.path));
        match (shown, self.host_assisted.permits(HostExposure::HostMaterial)) {
            (true, _) => Ok(Unpadding::Token),
            (false, true) => Ok(Unpadding::Host),
            (false, false) => Err(Error::Lacks(lacking(hash))),
        }
    }

    /// Whether the bound lets the host decrypt SM2: the token's part is a derivation, the rest is the host's.
    pub fn may_decrypt_sm2(&self) -> bool {
        self.host_assisted.permits(HostExposure::HostMaterial)
    }

    /// The way in for this material under this algorithm.
    pub fn route(&self, key: KeySpec, algorithm: WrappingAlgorithm) -> Option<&Route> {
        self.routes.get(&(key, algorithm))
    }
}
