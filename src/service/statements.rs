//! What the service has the token sign: attestations of wrapping keys, and receipts of imports.
//!
//! A statement is about what the token shows of an object at that moment, in the same turn in which it signs.

use sha2::{Digest, Sha256};

use super::installation::always_the_same;
use super::{Error, Service, StartError};
use crate::hsm::{self, Hsm, Listed, Proved, Token};
use crate::model::{Key, KeyAttributes, ObjectId, ObjectKind, RequestDigest, TokenIdentity, UnwrapPath, WrappingKey};
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
    key_id: [u8; 32],
}

impl SigningKey {
    async fn find(hsm: &Hsm, kind: ObjectKind, objects: &[ObjectId]) -> Result<Self, StartError> {
        let object = always_the_same(objects).ok_or(StartError::NoSigningKey(kind))?;
        let spki = hsm.call(move |token| token.signing_public_key(&object)).await?;
        let key_id = statement::key_id(&spki);
        Ok(Self { object, spki, key_id })
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
    audit: SigningKey,
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

/// All that a receipt says but what the token does, and who signs it.
pub(super) struct Notary {
    service: Service,
    key: Key,
    pair: WrappingKey,
    path: UnwrapPath,
    request: RequestDigest,
}

impl Notary {
    /// Signs for what lies in the token under `object`.
    pub(super) fn witness(&self, token: &Token, object: &ObjectId, proved: Proved) -> Result<Witnessed, hsm::Error> {
        let Self { service, key, pair, path, request } = self;
        let receipt = Receipt {
            installation: service.installation,
            key_arn: service.arn(key).to_string(),
            imported_at: service.clock.now(),
            wrapping_key: pair.id,
            object: *object,
            key_spec: key.spec,
            material: proved.evidence.material_id(&key.id),
            kcv: proved.kcv,
            path: *path,
            request: *request,
            token: service.token_identity(),
            attributes: token.key_attributes(object)?,
        };
        Ok(Witnessed { receipt: service.signers.attestation.sign(token, &receipt)?, proved })
    }
}

impl Service {
    /// The import token and the attestation of an issued wrapping key, made in one turn of the token.
    pub(super) async fn bind(&self, key: &Key, pair: &WrappingKey) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let import_token = self.import_token(key, pair)?;
        let (service, key, pair) = (self.clone(), key.clone(), pair.clone());
        let data = import_token.to_be_maced();
        let bound = self.hsm.call(move |token| {
            let mac = token.mac(&data)?;
            let (attributes, shown) = token.look_at_pair(&pair.object)?;
            // Of another key the statement would be true, and of no use.
            if shown != pair.spki {
                return Err(hsm::Error::Misbehaved("it shows another wrapping key than is on record".to_owned()));
            }
            let statement = service.attestation(&key, &pair, attributes)?;
            Ok((mac, service.signers.attestation.sign(token, &statement)?))
        });
        let (mac, attestation) = bound.await?;
        Ok((import_token.with_mac(&mac)?, attestation))
    }

    fn attestation(
        &self,
        key: &Key,
        pair: &WrappingKey,
        attributes: KeyAttributes,
    ) -> Result<WrappingKeyStatement, hsm::Error> {
        let issue = pair.issue.as_ref().ok_or(hsm::Error::Missing(pair.object))?;
        let vendor = Some(&self.settings.vendor_attestation).filter(|vendor| !vendor.is_empty());
        Ok(WrappingKeyStatement {
            installation: self.installation,
            key_arn: self.arn(key).to_string(),
            issued_at: issue.issued_at,
            expires_at: issue.expires_at,
            wrapping_key: pair.id,
            spki_hash: Sha256::digest(&pair.spki).into(),
            object: pair.object,
            spec: pair.kind.spec,
            algorithm: issue.algorithm,
            key_spec: key.spec,
            path: issue.path,
            token: self.token_identity(),
            attributes,
            vendor_hash: vendor.map(|vendor| Sha256::digest(vendor).into()),
        })
    }

    /// Who signs for an import under this set.
    pub(super) fn notary(&self, key: &Key, pair: &WrappingKey, request: RequestDigest) -> Result<Notary, hsm::Error> {
        let path = pair.issue.as_ref().map(|issue| issue.path).ok_or(hsm::Error::Missing(pair.object))?;
        Ok(Notary { service: self.clone(), key: key.clone(), pair: pair.clone(), path, request })
    }

    fn token_identity(&self) -> TokenIdentity {
        let profile = self.hsm.profile();
        TokenIdentity {
            manufacturer: profile.manufacturer_id.clone(),
            model: profile.model.clone(),
            serial: profile.serial_number.clone(),
            firmware: profile.firmware_version.clone(),
        }
    }
}
