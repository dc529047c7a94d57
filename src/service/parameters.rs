//! GetParametersForImport.

use serde_json::json;

use super::{Call, Error, GetParametersForImport, Parameters, Service};
use crate::hsm::Profile;
use crate::model::invalid::member;
use crate::model::{Action, Invalid, Issue, Key, KeyRef, PairKind, UnwrapPath, WrappingAlgorithm, WrappingKeySpec};
use crate::policy::Circumstances;

impl Service {
    /// GetParametersForImport: hands out a wrapping key and the import token that binds it to the key.
    ///
    /// # Errors
    /// In the reference's order: fields, key, origin, state, matrix; then what the token cannot do, and what there is too much of.
    pub async fn parameters_for_import(&self, call: &Call, request: GetParametersForImport) -> Result<Parameters, Error> {
        call.trail.asks(json!({
            "keyId": request.key_id,
            "wrappingAlgorithm": request.wrapping_algorithm,
            "wrappingKeySpec": request.wrapping_key_spec,
        }));
        let GetParametersForImport { key_id, wrapping_algorithm, wrapping_key_spec } = request;
        let algorithm = wrapping_algorithm.ok_or_else(|| Invalid::missing("wrappingAlgorithm"))?;
        let algorithm = member("wrappingAlgorithm", &algorithm, WrappingAlgorithm::ALL)?;
        let spec = wrapping_key_spec.ok_or_else(|| Invalid::missing("wrappingKeySpec"))?;
        let spec = member("wrappingKeySpec", &spec, WrappingKeySpec::ALL)?;

        let account = &call.principal.account;
        let key = self.look_up(account, key_id, KeyRef::IdOrArn).await?;
        let route = self.home_or_own(&key).route(key.spec, algorithm).and_then(|route| route.path);
        let circumstances = Circumstances {
            wrapping_algorithm: Some(algorithm),
            wrapping_key_spec: Some(spec),
            unwrap_path: route,
            host_exposure: route.map(UnwrapPath::exposure),
            ..Circumstances::default()
        };
        call.require(&self.gate, Action::GetParametersForImport, &self.arn(&key), &key, circumstances)?;
        key.require_external().map_err(self.refusal(&key))?;
        key.require_not_pending_deletion().map_err(self.refusal(&key))?;
        key.require_not_updating().map_err(self.refusal(&key))?;
        if algorithm == WrappingAlgorithm::Sm2pke && spec == WrappingKeySpec::Sm2 {
            self.require_sm2(format!("Wrapping algorithm {algorithm} and wrapping key spec {spec} are not supported"))?;
        }
        algorithm.permit(spec, key.spec)?;
        let path = self.path(&key, algorithm)?;
        call.trail.adds("unwrapPath", path.as_str());
        call.trail.adds("hostExposure", path.exposure().as_str());

        let issued_at = self.clock.now();
        let issue = Issue {
            key: key.id.clone(),
            account: account.clone(),
            principal: call.principal.name.clone(),
            algorithm,
            path,
            issued_at,
            expires_at: issued_at.after(self.settings.lifetime),
        };
        let kind = PairKind { spec, pair_use: path.pair_use() };
        let home = self.home(&key)?;
        for needed in [home, self.homes.first()] {
            needed.require_serving()?;
        }
        let pair = self.take_pair(home, call, kind, &issue).await?;
        crate::failpoint::reach("issue.issued");
        call.trail.adds("wrappingKeyId", pair.id.to_string());
        call.trail.adds("parametersValidTo", issue.expires_at.rfc3339());
        let bound = self.bind(&key, &pair).await;
        let (import_token, attestation) = bound.map_err(|error| self.perhaps_missed(home, pair.object, error))?;
        Ok(Parameters {
            arn: self.arn(&key),
            import_token,
            spki: pair.spki,
            valid_to: issue.expires_at,
            algorithm,
            wrapping_key_spec: spec,
            key_spec: key.spec,
            exposure: path.exposure(),
            attestation,
            vendor_attestation: self.vendor_attestation(home).to_vec(),
        })
    }

    /// What policies are asked about: who may not use a key is not told where it is.
    pub(super) fn home_or_own(&self, key: &Key) -> &Profile {
        self.homes.of(&key.token).unwrap_or(self.homes.first()).profile()
    }

    fn path(&self, key: &Key, algorithm: WrappingAlgorithm) -> Result<UnwrapPath, Error> {
        let route = self.home(key)?.profile().route(key.spec, algorithm);
        let reason = route.map_or("not probed", |route| route.reason.as_str());
        route.and_then(|route| route.path).ok_or_else(|| {
            let refusal = format!("The token cannot import a {} key wrapped with {algorithm}: {reason}.", key.spec);
            Error::Unsupported(refusal)
        })
    }
}
