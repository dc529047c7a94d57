//! Parameters, imports and the material that is gone again; and imports that wait, which are keyferry's own.

use super::answer::{Answer, blob, moment, structure};
use super::keys::{end, key_id};
use super::members::Members;
use crate::service::{
    DeleteImportedKeyMaterial, Error, GetParametersForImport, ImportKeyMaterial, Imported, ListPendingImports,
    MaterialDeleted, Parameters, PendingPage, Ruling,
};

pub(super) fn parameters(members: &mut Members) -> Result<GetParametersForImport, Error> {
    Ok(GetParametersForImport {
        key_id: key_id(members)?,
        wrapping_algorithm: members.text("wrappingAlgorithm")?,
        wrapping_key_spec: members.text("wrappingKeySpec")?,
    })
}

/// What the reference answers, and what keyferry has besides: clients of the reference pass it over.
pub(super) fn parameters_made(parameters: Parameters) -> Answer {
    Answer::of([
        ("KeyId", parameters.arn.as_str().into()),
        ("ImportToken", blob(&parameters.import_token)),
        ("PublicKey", blob(&parameters.spki)),
        ("ParametersValidTo", moment(parameters.valid_to)),
        ("WrappingAlgorithm", parameters.algorithm.as_str().into()),
        ("WrappingKeySpec", parameters.wrapping_key_spec.as_str().into()),
        ("KeySpec", parameters.key_spec.as_str().into()),
        ("HostExposure", parameters.exposure.as_str().into()),
        ("Attestation", blob(&parameters.attestation)),
    ])
}

pub(super) fn import(members: &mut Members) -> Result<ImportKeyMaterial, Error> {
    Ok(ImportKeyMaterial {
        key_id: key_id(members)?,
        import_token: members.required_blob("importToken")?,
        encrypted_key_material: members.required_blob("encryptedKeyMaterial")?,
        valid_to: members.moment("validTo")?,
        expiration_model: members.text("expirationModel")?,
        import_type: members.text("importType")?,
        key_material_description: members.text("keyMaterialDescription")?,
        key_material_id: members.text("keyMaterialId")?,
    })
}

pub(super) fn imported(imported: Imported) -> Answer {
    let Imported { arn, spec, proof, receipt } = imported;
    let shown = spec.is_symmetric_encryption().then(|| proof.fingerprint.to_string());
    let proof = structure([
        ("Fingerprint", proof.fingerprint.to_string().into()),
        ("KeyCheckValue", proof.kcv.map(|kcv| base16ct::lower::encode_string(&kcv)).into()),
        ("PublicKey", proof.spki.as_deref().map(blob).into()),
        ("HostExposure", proof.exposure.as_str().into()),
    ]);
    Answer::of([
        ("KeyId", arn.as_str().into()),
        ("KeyMaterialId", shown.into()),
        ("KeyMaterialProof", proof),
        ("Receipt", blob(&receipt)),
    ])
}

pub(super) fn delete(members: &mut Members) -> Result<DeleteImportedKeyMaterial, Error> {
    Ok(DeleteImportedKeyMaterial { key_id: key_id(members)?, key_material_id: members.text("keyMaterialId")? })
}

pub(super) fn deleted(deleted: MaterialDeleted) -> Answer {
    let MaterialDeleted { arn, material } = deleted;
    Answer::of([("KeyId", arn.as_str().into()), ("KeyMaterialId", material.map(|id| id.to_string()).into())])
}

pub(super) fn ruling(members: &mut Members) -> Result<Ruling, Error> {
    Ok(Ruling { key_id: key_id(members)?, request_digest: members.required_text("requestDigest")? })
}

pub(super) fn list_pending(members: &mut Members) -> Result<ListPendingImports, Error> {
    Ok(ListPendingImports { limit: members.integer("limit")?, marker: members.text("marker")? })
}

pub(super) fn pending(page: PendingPage) -> Answer {
    let PendingPage { pending, next_marker } = page;
    let entries = pending.into_iter().map(|(arn, pending)| {
        let expiration = pending.arrival.expiration;
        structure([
            ("KeyId", arn.as_str().into()),
            ("RequestDigest", pending.digest.to_string().into()),
            ("Principal", pending.principal.into()),
            ("RequestedAt", moment(pending.requested_at)),
            ("ExpiresAt", moment(pending.expires_at)),
            ("WrappingAlgorithm", pending.algorithm.as_str().into()),
            ("ExpirationModel", expiration.model().as_str().into()),
            ("ValidTo", end(expiration)),
        ])
    });
    Answer::of([("PendingImports", entries.collect())]).page(next_marker)
}
