//! Imports that need a second principal: asked for by one, held as they came, and done when another has approved them.
//!
//! Which imports those are is the policies' say: what they deny as it is asked for, and would permit if it were approved, waits.
//! What is approved is the digest of the request, so that nothing in it can change between the two.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;
use uuid::Uuid;

use super::import::{Course, Incoming};
use super::{Call, Error, Imported, Kind, ListPendingImports, PendingPage, Ruling, Service};
use crate::model::invalid::{pattern, text, within};
use crate::model::{
    Action, Expiration, Invalid, Key, KeyArn, KeyRef, PendingImport, RequestDigest, Timestamp, Unresolved, UnwrapPath,
    WrappingKey, WrappingKeyId,
};
use crate::policy::{Circumstances, Resource};
use crate::store::Held;

/// Whether an import may happen as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Approval {
    /// It may.
    NotNeeded,
    /// Not before another principal has approved it.
    Needed,
}

impl Service {
    /// Asks whether the caller may import this, and whether alone.
    pub(super) fn require_import(
        &self,
        call: &Call,
        key: &Key,
        incoming: &Incoming,
        path: Option<UnwrapPath>,
    ) -> Result<Approval, Error> {
        let arn = self.arn(key);
        call.trail.concerns(&key.account, &arn);
        let on = Resource::Key { arn: &arn, key };
        let alone = call.among(circumstances(incoming, path));
        let (who, action) = (&call.principal, Action::ImportKeyMaterial);
        let decision = self.gate.ask(who, action, on, &alone);
        if !decision.allowed {
            let approved = self.gate.ask(who, action, on, &Circumstances { approved: true, ..alone });
            if approved.allowed {
                call.heed(approved, action, arn.as_str())?;
                return Ok(Approval::Needed);
            }
        }
        call.heed(decision, action, arn.as_str())?;
        Ok(Approval::NotNeeded)
    }

    /// How the material of an import token that may be anything is said to come in.
    pub(super) fn claimed_path(&self, key: &Key, token: &[u8]) -> Option<UnwrapPath> {
        let algorithm = crate::import_token::Received::parse(token).ok()?.claimed_algorithm()?;
        self.home_or_own(key).route(key.spec, algorithm)?.path
    }

    /// Has an import wait: what there is to say is that it does.
    pub(super) async fn hold(&self, call: &Call, key: &Key, pair: &WrappingKey, incoming: Incoming) -> Error {
        let Some(issue) = &pair.issue else { return Error::InvalidImportToken };
        let digest = incoming.digest(&key.id);
        let until = issue.expires_at;
        call.trail.adds("requestDigest", digest.to_string());
        let pending = PendingImport {
            wrapping_key: pair.id,
            digest,
            key: key.id.clone(),
            account: key.account.clone(),
            principal: call.principal.name.clone(),
            requested_at: self.clock.now(),
            expires_at: until,
            algorithm: issue.algorithm,
            path: issue.path,
            import_token: incoming.import_token,
            ciphertext: incoming.ciphertext,
            arrival: incoming.arrival,
        };
        match self.store.hold_import(&pending).await {
            Ok(Held::Held) => {
                call.trail.adds("approval", "pending");
                Error::Pending { digest, until }
            }
            Ok(Held::Occupied) => Error::Occupied,
            Err(error) => error.into(),
        }
    }

    /// ApproveImport: does what another principal asked for.
    ///
    /// # Errors
    /// As an import; and where nothing waits under this digest, or the caller asked for it.
    pub async fn approve_import(&self, call: &Call, ruling: Ruling) -> Result<Imported, Error> {
        let (key, arn, pending) = self.waiting(call, Action::ApproveImport, ruling).await?;
        // Taken before it is done: of two who decide on it, one does.
        if !self.store.take_pending_import(&pending).await? {
            return Err(no_longer_waits(&arn, &pending.digest));
        }
        let imported = self.import_for(&key, &arn, &pending).await;
        if imported.as_ref().is_err_and(|error| !is_final(error)) {
            match self.store.hold_import(&pending).await {
                Ok(Held::Held) => {}
                held => {
                    tracing::warn!(?held, digest = %pending.digest, "an import that could not be done yet waits no longer")
                }
            }
        }
        let imported = imported?;
        imported.leaves_on(&call.trail);
        Ok(imported)
    }

    /// Does what a requester asked for, if they may still.
    async fn import_for(&self, key: &Key, arn: &KeyArn, pending: &PendingImport) -> Result<Imported, Error> {
        if let Expiration::At(end) = pending.arrival.expiration
            && end <= self.clock.now()
        {
            return Err(Invalid::new("validTo", "ValidTo must be in the future").into());
        }
        let incoming = Incoming {
            import_token: pending.import_token.clone(),
            ciphertext: pending.ciphertext.clone(),
            arrival: pending.arrival.clone(),
        };
        // What was approved is the digest: whatever lies in the record must be that.
        if incoming.digest(&key.id) != pending.digest {
            return Err(Error::InvalidImportToken);
        }
        let (pair, path) = match self.look_at(key, &incoming).await? {
            Course::Repeat(imported) => return Ok(imported),
            Course::Import(pair, path) => (pair, path),
        };
        // It may have been taken from them since.
        let approved = Circumstances { approved: true, ..circumstances(&incoming, Some(path)) };
        let requester = self.gate.principal(&pending.principal).filter(|requester| requester.account == key.account);
        let on = Resource::Key { arn, key };
        let may = |requester| self.gate.ask(&requester, Action::ImportKeyMaterial, on, &approved).allowed;
        if !requester.is_some_and(may) {
            return Err(Error::Denied {
                principal: pending.principal.clone(),
                action: Action::ImportKeyMaterial,
                resource: arn.to_string(),
                forbidden: true,
            });
        }
        self.bring_in(key, &pair, &incoming).await
    }

    /// RejectImport: forgets what was asked for.
    ///
    /// # Errors
    /// Where nothing waits under this digest, or the caller may not.
    pub async fn reject_import(&self, call: &Call, ruling: Ruling) -> Result<KeyArn, Error> {
        let (_, arn, pending) = self.waiting(call, Action::RejectImport, ruling).await?;
        if !self.store.take_pending_import(&pending).await? {
            return Err(no_longer_waits(&arn, &pending.digest));
        }
        call.trail.answers(json!({ "keyId": arn.as_str() }));
        Ok(arn)
    }

    /// ListPendingImports. The marker is time and set of the last of the page before, in base64url.
    ///
    /// # Errors
    /// Where the limit is out of range or the marker none of ours.
    pub async fn list_pending_imports(&self, call: &Call, request: ListPendingImports) -> Result<PendingPage, Error> {
        call.trail.asks(json!({ "limit": request.limit, "marker": request.marker }));
        let limit = within("limit", request.limit.unwrap_or(100), 1, 1000)?.unsigned_abs();
        let marker = request.marker.map(|marker| text("marker", marker, 1, 1024)).transpose()?;
        let after = marker.map(|marker| last_of_page(&marker).ok_or(Error::InvalidMarker)).transpose()?;
        call.require_in_account(&self.gate, Action::ListPendingImports, Circumstances::default())?;
        let account = &call.principal.account;
        let mut pending = self.store.pending_imports(account, self.clock.now(), after, limit + 1).await?;
        let truncated = pending.len() > limit as usize;
        pending.truncate(limit as usize);
        let next_marker = pending.last().filter(|_| truncated).map(marker_behind);
        let pending = pending.into_iter().map(|pending| {
            let arn = self.settings.realm.arn(&pending.account, &pending.key);
            (arn, pending)
        });
        Ok(PendingPage { pending: pending.collect(), next_marker })
    }

    /// What waits under a digest for a key, where the caller may decide on it: never on what they asked for themselves.
    async fn waiting(
        &self,
        call: &Call,
        action: Action,
        Ruling { key_id, request_digest: digest }: Ruling,
    ) -> Result<(Key, KeyArn, PendingImport), Error> {
        call.trail.asks(json!({ "keyId": key_id, "requestDigest": digest }));
        let digest = text("requestDigest", digest, 64, 64)?;
        let digest = pattern("requestDigest", digest, |c| matches!(c, 'a'..='f' | '0'..='9'), "^[a-f0-9]+$")?;
        let digest = RequestDigest::parse(&digest)
            .ok_or_else(|| Invalid::new("requestDigest", "requestDigest must be 64 lower-case hex digits"))?;
        let key = self.look_up(&call.principal.account, key_id, KeyRef::IdOrArn).await?;
        let arn = self.arn(&key);
        let pending = self.store.pending_import(&key.account, &digest, self.clock.now()).await?;
        let pending = pending.filter(|pending| pending.key == key.id);
        // Whoever may not decide is not told whether there is something to decide on.
        let requester = pending.as_ref().map(|pending| pending.principal.clone());
        let path = pending.as_ref().map(|pending| pending.path);
        let circumstances = Circumstances {
            requester: requester.clone().or_else(|| Some(String::new())),
            unwrap_path: path,
            host_exposure: path.map(UnwrapPath::exposure),
            ..Circumstances::default()
        };
        call.require(&self.gate, action, &arn, &key, circumstances)?;
        let pending = pending.ok_or_else(|| no_longer_waits(&arn, &digest))?;
        call.trail.adds("requester", pending.principal.as_str());
        if pending.principal == call.principal.name && action == Action::ApproveImport {
            return Err(Error::Denied { principal: pending.principal, action, resource: arn.to_string(), forbidden: true });
        }
        Ok((key, arn, pending))
    }
}

fn no_longer_waits(arn: &KeyArn, digest: &RequestDigest) -> Error {
    Unresolved::NotFound(format!("No import with request digest {digest} waits for {arn}")).into()
}

/// Whether an import that failed so will never succeed as it is.
fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::ExpiredImportToken
            | Kind::IncorrectKeyMaterial
            | Kind::InvalidCiphertext
            | Kind::InvalidImportToken
            | Kind::Validation
    )
}

fn circumstances(incoming: &Incoming, path: Option<UnwrapPath>) -> Circumstances {
    let expiration = incoming.arrival.expiration;
    Circumstances {
        expiration_model: Some(expiration.model()),
        valid_to: match expiration {
            Expiration::At(end) => Some(end),
            Expiration::Never => None,
        },
        unwrap_path: path,
        host_exposure: path.map(UnwrapPath::exposure),
        ..Circumstances::default()
    }
}

fn marker_behind(pending: &PendingImport) -> String {
    let mut bytes = pending.requested_at.as_millis().to_be_bytes().to_vec();
    bytes.extend(pending.wrapping_key.0.as_bytes());
    Base64UrlUnpadded::encode_string(&bytes)
}

fn last_of_page(marker: &str) -> Option<(Timestamp, WrappingKeyId)> {
    let bytes = Base64UrlUnpadded::decode_vec(marker).ok()?;
    let (at, id) = bytes.split_at_checked(8)?;
    let at = i64::from_be_bytes(at.try_into().ok()?);
    Some((Timestamp::from_millis(at), WrappingKeyId(Uuid::from_slice(id).ok()?)))
}
