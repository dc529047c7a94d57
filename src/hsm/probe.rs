//! What a token can do, found out by doing it: known material, wrapped by independent code, goes in by every path, and what
//! comes to lie in the token must answer as that material does. All of it in the session; nothing is left behind.
//!
//! A token that unwraps its own blobs proves nothing: SoftHSM 2.7 ignores the hash it is told and agrees with itself.

pub(super) mod samples;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::isolation::{Isolation, Trial};
use super::mechanism::KeyWrap;
use super::module::{Module, OpenError};
use super::session_object::SessionObject;
use super::unwrap::{Envelope, Wrapped};
use super::{Error, Profile, Route, Token};
use crate::model::{
    HostAssisted, HostExposure, KeySpec, MaterialKind, PairKind, PairUse, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};
use crate::wrap::{self, spki};

/// Wrapping keys of the probe: the smallest, for they are made at every start.
const SPEC: WrappingKeySpec = WrappingKeySpec::Rsa2048;

/// What an operator lets a token do.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) host_assisted: HostAssisted,
    pub(super) sm2: bool,
}

/// Finds out what the token does within the bounds.
pub(super) fn profile(module: &Module, token: &Token, bounds: Bounds) -> Result<Profile, OpenError> {
    let began = Instant::now();
    let info = &module.info;
    let library = module.context.get_library_info()?;
    let probe = Probe::new(token)?;
    let isolation = match probe.isolation() {
        Err(Error::Gone(error)) => return Err(OpenError::Pkcs11(error)),
        // What was not tried is not known to be kept.
        isolation => isolation.unwrap_or_default(),
    };
    if let Some(key_wrap) = probe.key_wrap {
        let _first = token.shared.key_wrap.set(key_wrap);
    }
    Ok(Profile {
        label: info.label().trim_end().to_owned(),
        serial_number: info.serial_number().trim_end().to_owned(),
        manufacturer_id: info.manufacturer_id().trim_end().to_owned(),
        model: info.model().trim_end().to_owned(),
        firmware_version: info.firmware_version().to_string(),
        library: format!("{} {}", library.library_description().trim_end(), library.library_version()),
        private_memory: info.total_private_memory().and_then(|bytes| u64::try_from(bytes).ok()),
        host_assisted: bounds.host_assisted,
        key_wrap: probe.key_wrap.map(KeyWrap::number),
        routes: probe.routes(bounds),
        isolation,
        took: began.elapsed(),
    })
}

/// One wrapping key pair of each use, or why there is none.
struct Probe<'t> {
    token: &'t Token,
    unwrap: Result<(SessionObject<'t>, Vec<u8>), String>,
    raw: Result<(SessionObject<'t>, Vec<u8>), String>,
    derive: Result<(SessionObject<'t>, Vec<u8>), String>,
    key_wrap: Option<KeyWrap>,
}

impl<'t> Probe<'t> {
    fn new(token: &'t Token) -> Result<Self, OpenError> {
        let pair = |spec, pair_use| match token.wrapping_pair(PairKind { spec, pair_use }) {
            Ok(pair) => Ok(Ok(pair)),
            Err(Error::Gone(error)) => Err(OpenError::Pkcs11(error)),
            Err(error) => Ok(Err(explain(&error))),
        };
        let mut probe = Self {
            token,
            unwrap: pair(SPEC, PairUse::Unwrap)?,
            raw: pair(SPEC, PairUse::RawDecrypt)?,
            derive: pair(WrappingKeySpec::Sm2, PairUse::Derive)?,
            key_wrap: None,
        };
        probe.key_wrap = probe.find_key_wrap();
        Ok(probe)
    }

    /// The mechanism that opens RFC 5649 blobs, by whichever way an AES key gets into the token.
    fn find_key_wrap(&self) -> Option<KeyWrap> {
        let ways = [
            (UnwrapPath::TwoStep, WrappingAlgorithm::RsaAesKeyWrapSha1),
            (UnwrapPath::TwoStep, WrappingAlgorithm::RsaAesKeyWrapSha256),
            (UnwrapPath::HostKek, WrappingAlgorithm::RsaAesKeyWrapSha256),
        ];
        KeyWrap::CANDIDATES.into_iter().find(|candidate| {
            ways.iter().any(|(path, algorithm)| self.attempt(KeySpec::Rsa2048, *algorithm, *path, Some(*candidate)).is_ok())
        })
    }

    fn routes(&self, bounds: Bounds) -> BTreeMap<(KeySpec, WrappingAlgorithm), Route> {
        let mut routes = BTreeMap::new();
        for key in KeySpec::supported() {
            for algorithm in WrappingAlgorithm::supported() {
                if WrappingKeySpec::ALL.iter().any(|wrapping| algorithm.permit(*wrapping, key).is_ok()) {
                    routes.insert((key, algorithm), self.route(key, algorithm, bounds));
                }
            }
        }
        routes
    }

    fn route(&self, key: KeySpec, algorithm: WrappingAlgorithm, bounds: Bounds) -> Route {
        let paths: &[UnwrapPath] = match (algorithm.oaep_hash(), algorithm.is_hybrid()) {
            (Some(_), true) => &[UnwrapPath::TwoStep, UnwrapPath::HostKek],
            (Some(_), false) => &[UnwrapPath::Direct, UnwrapPath::HostMaterial],
            (None, _) => &[UnwrapPath::HostSm2],
        };
        let is_of_sm2 = key == KeySpec::Sm2 || algorithm == WrappingAlgorithm::Sm2pke;
        let mut reasons = Vec::new();
        for path in paths.iter().copied() {
            match self.attempt(key, algorithm, path, self.key_wrap) {
                Ok(_) if is_of_sm2 && !bounds.sm2 => {
                    reasons.push(format!("{path}: works, but needs kms.sm2 = true"));
                }
                Ok(took) if bounds.host_assisted.permits(path.exposure()) => {
                    return Route { path: Some(path), reason: reasons.join("; "), took };
                }
                Ok(_) => reasons
                    .push(format!("{path}: works, but needs hsm.host_assisted = \"{}\"", least_bound(path.exposure()))),
                Err(reason) => reasons.push(format!("{path}: {reason}")),
            }
        }
        Route { path: None, reason: reasons.join("; "), took: Duration::ZERO }
    }

    fn attempt(
        &self,
        key: KeySpec,
        algorithm: WrappingAlgorithm,
        path: UnwrapPath,
        key_wrap: Option<KeyWrap>,
    ) -> Result<Duration, String> {
        let Sample { kind, material, began, unwrapped } = self.sample(key, algorithm, path, key_wrap)?;
        match unwrapped.and_then(|object| self.token.prove(&object, kind)) {
            Ok(proved) if proved.evidence == material.evidence() && proved.kcv == material.kcv() => Ok(began.elapsed()),
            Ok(_) => Err("the token made another key of it than was wrapped".to_owned()),
            Err(Error::Failed(_) | Error::Rejected) => Err(format!("{} refused", mechanisms(algorithm, path))),
            Err(error) => Err(explain(&error)),
        }
    }

    /// Has the token unwrap the sample of what a key of this spec is made of.
    fn sample(
        &self,
        key: KeySpec,
        algorithm: WrappingAlgorithm,
        path: UnwrapPath,
        key_wrap: Option<KeyWrap>,
    ) -> Result<Sample<'t>, String> {
        let kind = samples::standing_for(key.material().ok_or("not supported")?);
        if algorithm.is_hybrid() && key_wrap.is_none() {
            return Err("no mechanism that is RFC 5649 (CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD)".to_owned());
        }
        let pair = match path.pair_use() {
            PairUse::Unwrap => &self.unwrap,
            PairUse::RawDecrypt => &self.raw,
            PairUse::Derive => &self.derive,
        };
        let (private, spki) = pair.as_ref().map_err(Clone::clone)?;
        let material = samples::material(kind).map_err(|error| error.to_string())?;
        let ciphertext = wrap::wrap(spki, algorithm, material.bytes()).map_err(|error| error.to_string())?;
        let began = Instant::now();
        let modulus = spki::rsa_parts(spki).ok().map(|(modulus, _)| modulus);
        let envelope =
            Envelope::read(algorithm, modulus.as_deref(), spki, &ciphertext).map_err(|error| error.to_string())?;
        let wrapped = Wrapped { path, key_wrap, envelope, kind };
        Ok(Sample { kind, material, began, unwrapped: self.token.unwrap(private.handle, &wrapped) })
    }

    /// Tries to get keys out of the token: such as it makes, and such as came in.
    fn isolation(&self) -> Result<Isolation, Error> {
        let mut trial = Trial::begin(self.token)?;
        if let Ok((private, _)) = self.unwrap.as_ref().or(self.raw.as_ref()) {
            trial.try_out("a wrapping key", private)?;
        }
        for (name, key, path, algorithms) in UNWRAPPED {
            let mut samples = algorithms.into_iter().map(|algorithm| self.sample(key, algorithm, path, self.key_wrap));
            if let Some(object) = samples.find_map(|sample| sample.ok()?.unwrapped.ok()) {
                trial.try_unwrapped(name, &object)?;
            }
        }
        Ok(trial.end())
    }
}

/// What came of a sample that the token was given.
struct Sample<'t> {
    kind: MaterialKind,
    material: wrap::Material,
    began: Instant,
    unwrapped: Result<SessionObject<'t>, Error>,
}

/// The keys that come into the token to see whether they get out again, and how they come in: by the first that works.
#[rustfmt::skip]
const UNWRAPPED: [(&str, KeySpec, UnwrapPath, [WrappingAlgorithm; 2]); 3] = [
    ("an AES key unwrapped in it", KeySpec::SymmetricDefault, UnwrapPath::Direct,  [WrappingAlgorithm::RsaesOaepSha256,     WrappingAlgorithm::RsaesOaepSha1]),
    ("an EC key unwrapped in it",  KeySpec::EccNistP256,      UnwrapPath::Direct,  [WrappingAlgorithm::RsaesOaepSha256,     WrappingAlgorithm::RsaesOaepSha1]),
    ("an RSA key unwrapped in it", KeySpec::Rsa2048,          UnwrapPath::TwoStep, [WrappingAlgorithm::RsaAesKeyWrapSha256, WrappingAlgorithm::RsaAesKeyWrapSha1]),
];

fn least_bound(exposure: HostExposure) -> HostAssisted {
    match exposure {
        HostExposure::Token => HostAssisted::None,
        HostExposure::HostKek => HostAssisted::Kek,
        HostExposure::HostMaterial => HostAssisted::Material,
    }
}

fn mechanisms(algorithm: WrappingAlgorithm, path: UnwrapPath) -> String {
    let hash = algorithm.oaep_hash().map_or("", |hash| hash.as_str());
    match path {
        UnwrapPath::Direct => format!("CKM_RSA_PKCS_OAEP with {hash}"),
        UnwrapPath::TwoStep => format!("CKM_RSA_PKCS_OAEP with {hash}, or RFC 5649"),
        UnwrapPath::HostKek => "CKM_RSA_X_509, or RFC 5649".to_owned(),
        UnwrapPath::HostMaterial => "CKM_RSA_X_509, or C_CreateObject".to_owned(),
        UnwrapPath::HostSm2 => "CKM_ECDH1_DERIVE on the SM2 curve, or C_CreateObject".to_owned(),
    }
}

pub(super) fn explain(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
