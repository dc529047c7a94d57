//! Whom the owner of key material trusts: the key that the service signs with, pinned.
//!
//! It is worth as much as the way that it came: pinned from the service's own answer, it shows only that the answers are of one
//! service. `keyferryd public-keys` prints it from the token, to be handed over by another way.

use base64ct::{Base64, Encoding};
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256};

use super::error::Untrusted;
use super::error::untrusted::{ATTESTATION, RECEIPT};
use super::imports::Imported;
use super::parameters::Parameters;
use crate::model::KeyMaterialId;
use crate::model::key_spec::Curve;
use crate::statement::{self, Receipt, Statement, WrappingKeyStatement};
use crate::wrap::spki;

/// The key that attestations and receipts must be signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    spki: Vec<u8>,
}

impl Trust {
    /// Reads a public key: PEM, DER or base64 of DER.
    ///
    /// # Errors
    /// [`Untrusted::Key`] where it is no EC key on P-256.
    pub fn read(file: &[u8]) -> Result<Self, Untrusted> {
        let der = der_of(file)?;
        let wrong = || Untrusted::Key("expected an EC public key on P-256".to_owned());
        let key = VerifyingKey::from_public_key_der(&der).map_err(|_| wrong())?;
        // Written anew: a signer is known by the hash of the one canonical form.
        let spki = spki::ec(Curve::P256, key.to_sec1_point(false).as_bytes()).map_err(|_| wrong())?;
        Ok(Self { spki })
    }

    /// The key itself, DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The name of the signer in statements: SHA-256 of its DER SubjectPublicKeyInfo.
    pub fn key_id(&self) -> [u8; 32] {
        statement::key_id(&self.spki)
    }

    /// What an attestation says, if it is the signer's, of a key that was made in the token and cannot leave it.
    ///
    /// # Errors
    /// Where it is not.
    pub fn attestation(&self, bytes: &[u8]) -> Result<WrappingKeyStatement, Untrusted> {
        let statement: WrappingKeyStatement = self.verify(ATTESTATION, bytes)?;
        match statement.attributes.flaw_of_local() {
            Some((attribute, wanted)) => Err(Untrusted::Attribute { key: "wrapping key", attribute, wanted }),
            None => Ok(statement),
        }
    }

    /// What a receipt says, if it is the signer's, of material that cannot leave the token.
    ///
    /// # Errors
    /// Where it is not.
    pub fn receipt(&self, bytes: &[u8]) -> Result<Receipt, Untrusted> {
        let receipt: Receipt = self.verify(RECEIPT, bytes)?;
        match receipt.attributes.flaw_of_imported() {
            Some((attribute, wanted)) => Err(Untrusted::Attribute { key: "key material", attribute, wanted }),
            None => Ok(receipt),
        }
    }

    /// Checks that what the service says of an import is what it signed, and returns that.
    ///
    /// # Errors
    /// As [`Trust::receipt`], and where the two differ.
    pub fn confirm(&self, imported: &Imported) -> Result<Receipt, Untrusted> {
        let receipt = self.receipt(imported.receipt.as_deref().ok_or(Untrusted::Absent(RECEIPT))?)?;
        receipt.require_key(&imported.arn)?;
        receipt.require_material(&imported.proof.fingerprint)?;
        Ok(receipt)
    }

    fn verify<S: Statement>(&self, statement: &'static str, bytes: &[u8]) -> Result<S, Untrusted> {
        statement::verify(bytes, &self.spki).map_err(|foreign| Untrusted::Foreign { statement, foreign })
    }
}

impl Receipt {
    /// Checks that it is of an import into the key with this ARN.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn require_key(&self, arn: &str) -> Result<(), Untrusted> {
        agree(RECEIPT, "KeyId", &arn.to_owned(), &self.key_arn)
    }

    /// Checks that it is of this material.
    ///
    /// # Errors
    /// Where it is of other material.
    pub fn require_material(&self, material: &KeyMaterialId) -> Result<(), Untrusted> {
        agree(RECEIPT, "KeyMaterialId", material, &self.material)
    }
}

impl Parameters {
    /// Checks that the signer attests the wrapping key, that it was made in its token and cannot leave it, and that all that this
    /// set says is what was attested. Returns that. Whether it is in time is for [`Parameters::check`].
    ///
    /// # Errors
    /// Names what is not as it was attested.
    pub fn verify(&self, trust: &Trust) -> Result<WrappingKeyStatement, Untrusted> {
        let stated = trust.attestation(self.attestation.as_deref().ok_or(Untrusted::Absent(ATTESTATION))?)?;
        let hash = |bytes: &[u8]| hex(&Sha256::digest(bytes));
        let nothing = || "nothing".to_owned();
        let time = |moment: crate::model::Timestamp| moment.rfc3339().unwrap_or_else(nothing);
        agree(ATTESTATION, "KeyId", &self.key_id, &stated.key_arn)?;
        agree(ATTESTATION, "SHA-256 of PublicKey", &hash(&self.public_key), &hex(&stated.spki_hash))?;
        agree(ATTESTATION, "ParametersValidTo", &time(self.parameters_valid_to), &time(stated.expires_at))?;
        agree(ATTESTATION, "WrappingAlgorithm", &self.wrapping_algorithm, &stated.algorithm)?;
        agree(ATTESTATION, "WrappingKeySpec", &self.wrapping_key_spec, &stated.spec)?;
        agree(ATTESTATION, "KeySpec", &self.key_spec, &stated.key_spec)?;
        let exposure = self.host_exposure.map_or_else(nothing, |exposure| exposure.to_string());
        agree(ATTESTATION, "HostExposure", &exposure, &stated.path.exposure().to_string())?;
        let vendor = self.vendor_attestation.as_deref().map_or_else(nothing, hash);
        let stated_vendor = stated.vendor_hash.map_or_else(nothing, |hash| hex(&hash));
        agree(ATTESTATION, "SHA-256 of VendorAttestation", &vendor, &stated_vendor)?;
        Ok(stated)
    }
}

fn agree<T: PartialEq + ToString>(
    statement: &'static str,
    member: &'static str,
    found: &T,
    stated: &T,
) -> Result<(), Untrusted> {
    if found == stated {
        return Ok(());
    }
    Err(Untrusted::Differs { statement, member, found: found.to_string(), stated: stated.to_string() })
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// The DER in a file.
fn der_of(file: &[u8]) -> Result<Vec<u8>, Untrusted> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END PUBLIC KEY-----";
    // The name of the algorithm alone keeps DER from being text.
    let Ok(text) = std::str::from_utf8(file) else { return Ok(file.to_vec()) };
    let refused = |why: &str| Untrusted::Key(why.to_owned());
    match text.matches(BEGIN).count() {
        0 => {
            let letters: String = text.split_ascii_whitespace().collect();
            Base64::decode_vec(&letters).map_err(|_| refused("it is neither PEM nor DER nor base64"))
        }
        1 => {
            let block = text.find(BEGIN).zip(text.find(END)).and_then(|(begin, end)| text.get(begin..end + END.len()));
            let decoded = block.and_then(|block| der::pem::decode_vec(block.as_bytes()).ok());
            decoded.map(|(_, der)| der).ok_or_else(|| refused("expected the PEM of a PUBLIC KEY"))
        }
        _ => Err(refused("it holds several PEM blocks, expected one")),
    }
}

#[cfg(test)]
mod tests;
