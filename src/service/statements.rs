//! What the service has the token sign: attestations of wrapping keys, and receipts of imports.
//!
//! A statement is about what the token shows of an object at that moment, in the same turn in which it signs. The service's own token
//! signs: of an object in another one, what that has just shown.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::homes::Home;
use super::installation::always_the_same;
use super::{Error, Service, StartError};
use crate::clock::Clock;
use crate::hsm::{self, Hsm, Listed, Profile, Proved, Token};
use crate::model::{
    InstallationId, Key, KeyArn, KeyAttributes, ObjectId, ObjectKind, Refused, RequestDigest, TokenIdentity, UnwrapPath,
    WrappingKey,
};
use crate::statement::{self, Receipt, Statement, Unsigned, WrappingKeyStatement};

/// What the service signs with: DER SubjectPublicKeyInfo of EC keys on P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Attestations and receipts.
    pub attestation: Vec<u8>,
    /// Checkpoints of the audit log.
    pub audit: Vec<u8>,
}

/// The public keys, as the token itself shows them.
///
/// # Errors
/// Where the token fails, or has not all of them.
pub async fn public_keys(hsm: &Hsm) -> Result<PublicKeys, StartError> {
    let listed = hsm.sweep(Token::list).await?;
    Ok(Signers::find(hsm, &listed).await?.public_keys())
}

/// A key on the token that signs.
#[derive(Clone, Debug)]
pub(super) struct SigningKey {
    object: ObjectId,
    spki: Vec<u8>,
    pub(super) key_id: [u8; 32],
}

impl SigningKey {
    async fn find(hsm: &Hsm, kind: ObjectKind, objects: &[ObjectId]) -> Result<Self, StartError> {
        let object = always_the_same(objects).ok_or(StartError::NoSigningKey(kind))?;
        let spki = hsm.call(move |token| token.signing_public_key(&object)).await?;
        let key_id = statement::key_id(&spki);
        Ok(Self { object, spki, key_id })
    }

    pub(super) fn sign_digest(&self, token: &Token, digest: &[u8; 32]) -> Result<[u8; 64], hsm::Error> {
        token.sign(&self.object, digest)
    }

    fn sign(&self, token: &Token, statement: &impl Statement) -> Result<Vec<u8>, hsm::Error> {
        let unsigned = Unsigned::new(statement, &self.key_id).map_err(unsayable)?;
        let signature = token.sign(&self.object, &unsigned.to_be_signed())?;
        unsigned.with_signature(&signature).map_err(unsayable)
    }
}

fn unsayable(error: statement::Foreign) -> hsm::Error {
    hsm::Error::Host(format!("a statement: {error}"))
}

/// The keys that sign.
#[derive(Debug)]
pub(super) struct Signers {
    attestation: SigningKey,
    pub(super) audit: SigningKey,
}

impl Signers {
    /// Finds both, and sees that they sign.
    pub(super) async fn find(hsm: &Hsm, listed: &Listed) -> Result<Self, StartError> {
        Ok(Self {
            attestation: SigningKey::find(hsm, ObjectKind::Attestation, &listed.attestations).await?,
            audit: SigningKey::find(hsm, ObjectKind::Audit, &listed.audits).await?,
        })
    }

    pub(super) fn public_keys(&self) -> PublicKeys {
        PublicKeys { attestation: self.attestation.spki.clone(), audit: self.audit.spki.clone() }
    }
}

/// Makes those keys that sign and that the token has not.
pub(super) async fn make_missing(hsm: &Hsm, listed: &Listed) -> Result<(), hsm::Error> {
    let wanted = [(ObjectKind::Attestation, &listed.attestations), (ObjectKind::Audit, &listed.audits)];
    for (kind, there) in wanted {
        if there.is_empty() {
            let key = ObjectId::random();
            hsm.make(move |token| token.make_signing_key(&key, kind)).await?;
            crate::failpoint::reach("init.signing");
        }
    }
    Ok(())
}

/// Material that is in the token, and the receipt of it.
pub(super) struct Witnessed {
    pub(super) proved: Proved,
    pub(super) receipt: Vec<u8>,
}

/// All that a receipt says but what the token shows.
pub(super) struct Notary {
    clock: Arc<dyn Clock>,
    installation: InstallationId,
    arn: KeyArn,
    key: Key,
    pair: WrappingKey,
    path: UnwrapPath,
    request: RequestDigest,
    token: TokenIdentity,
}

impl Notary {
    /// What there is to sign for of what lies in the token under `object`.
    fn look(&self, token: &Token, object: &ObjectId, proved: &Proved) -> Result<Receipt, hsm::Error> {
        let Self { clock, installation, arn, key, pair, path, request, token: identity } = self;
        Ok(Receipt {
            installation: *installation,
            key_arn: arn.to_string(),
            imported_at: clock.now(),
            wrapping_key: pair.id,
            object: *object,
            key_spec: key.spec,
            material: proved.evidence.material_id(&key.id),
            kcv: proved.kcv,
            path: *path,
            request: *request,
            token: identity.clone(),
            attributes: token.key_attributes(object)?,
        })
    }
}

impl Service {
    /// The import token and the attestation of an issued wrapping key, made in one turn of the token.
    pub(super) async fn bind(&self, key: &Key, pair: &WrappingKey) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let import_token = self.import_token(key, pair)?;
        let home = self.home(key)?;
        // Nothing that holds the token's threads may end on one of them: this holds no service.
        let statement = self.attestation(home, key, pair)?;
        let (signers, pair) = (self.signers.clone(), pair.clone());
        let data = import_token.to_be_maced();
        let look = move |token: &Token| token.look_at_pair(&pair.object, &pair.spki);
        let sign = move |token: &Token, attributes| {
            Ok((token.mac(&data)?, signers.attestation.sign(token, &statement(attributes))?))
        };
        let (mac, attestation) = if self.is_own(home) {
            self.own().call(move |token| sign(token, look(token)?)).await?
        } else {
            let shown = home.hsm.call(look).await?;
            self.own().call(move |token| sign(token, shown)).await?
        };
        Ok((import_token.with_mac(&mac)?, attestation))
    }

    /// Has material brought into the key's home token under `object`, and signs for it.
    pub(super) async fn witnessed(
        &self,
        home: &Home,
        object: ObjectId,
        notary: Notary,
        bring: impl FnOnce(&Token) -> Result<Result<Proved, Refused>, hsm::Error> + Send + 'static,
    ) -> Result<Result<Witnessed, Refused>, hsm::Error> {
        // By now the object is there, whatever the error would say otherwise.
        let there = |error: hsm::Error| {
            if error.leaves_nothing() { hsm::Error::Misbehaved(error.to_string()) } else { error }
        };
        let signers = self.signers.clone();
        let look = move |token: &Token| match bring(token)? {
            Ok(proved) => notary.look(token, &object, &proved).map(|receipt| Ok((proved, receipt))).map_err(there),
            Err(refused) => Ok(Err(refused)),
        };
        let sign = move |token: &Token, (proved, receipt): (Proved, Receipt)| {
            Ok(Witnessed { receipt: signers.attestation.sign(token, &receipt)?, proved })
        };
        if self.is_own(home) {
            let brought = move |token: &Token| match look(token)? {
                Ok(seen) => sign(token, seen).map(Ok).map_err(there),
                Err(refused) => Ok(Err(refused)),
            };
            return self.own().call(brought).await;
        }
        match home.hsm.call(look).await? {
            Ok(seen) => {
                let signed = self.own().call(move |token| sign(token, seen)).await;
                // Of the own token's being busy the home token knows nothing: to the caller it was not there in time.
                signed.map(Ok).map_err(|error| if error.leaves_nothing() { hsm::Error::gone() } else { error })
            }
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// What the vendor of the own token attests: of others it says nothing.
    pub(super) fn vendor_attestation(&self, home: &Home) -> &[u8] {
        if self.is_own(home) { &self.settings.vendor_attestation } else { &[] }
    }

    fn is_own(&self, home: &Home) -> bool {
        std::ptr::eq(home, &raw const **self.homes.first())
    }

    fn attestation(
        &self,
        home: &Home,
        key: &Key,
        pair: &WrappingKey,
    ) -> Result<impl FnOnce(KeyAttributes) -> WrappingKeyStatement + Send + 'static, hsm::Error> {
        let issue = pair.issue.as_ref().ok_or(hsm::Error::Missing(pair.object))?;
        let vendor = Some(self.vendor_attestation(home)).filter(|vendor| !vendor.is_empty());
        let (installation, arn, key_spec, token) = (self.installation, self.arn(key), key.spec, identity(home.profile()));
        let vendor_hash = vendor.map(|vendor| Sha256::digest(vendor).into());
        let (issue, pair) = (issue.clone(), pair.clone());
        Ok(move |attributes| WrappingKeyStatement {
            installation,
            key_arn: arn.to_string(),
            issued_at: issue.issued_at,
            expires_at: issue.expires_at,
            wrapping_key: pair.id,
            spki_hash: Sha256::digest(&pair.spki).into(),
            object: pair.object,
            spec: pair.kind.spec,
            algorithm: issue.algorithm,
            key_spec,
            path: issue.path,
            token,
            attributes,
            vendor_hash,
        })
    }

    /// Who signs for an import under this set.
    pub(super) fn notary(
        &self,
        home: &Home,
        key: &Key,
        pair: &WrappingKey,
        request: RequestDigest,
    ) -> Result<Notary, hsm::Error> {
        let path = pair.issue.as_ref().map(|issue| issue.path).ok_or(hsm::Error::Missing(pair.object))?;
        Ok(Notary {
            clock: self.clock.clone(),
            installation: self.installation,
            arn: self.arn(key),
            key: key.clone(),
            pair: pair.clone(),
            path,
            request,
            token: identity(home.profile()),
        })
    }
}

fn identity(profile: &Profile) -> TokenIdentity {
    TokenIdentity {
        manufacturer: profile.manufacturer_id.clone(),
        model: profile.model.clone(),
        serial: profile.serial_number.clone(),
        firmware: profile.firmware_version.clone(),
    }
}
