//! Imports that wait for a second principal.

use crate::api::convert::names::number;
use crate::api::convert::time;
use crate::model::{Expiration, KeyArn, PendingImport};
use crate::proto;
use crate::service::{Imported, ListPendingImports, PendingPage};

impl From<Imported> for proto::ApproveImportResponse {
    fn from(imported: Imported) -> Self {
        let proto::ImportKeyMaterialResponse { key_id, key_material_id, key_material_proof, receipt } = imported.into();
        Self { key_id, key_material_id, key_material_proof, receipt }
    }
}

impl From<proto::ListPendingImportsRequest> for ListPendingImports {
    fn from(request: proto::ListPendingImportsRequest) -> Self {
        let proto::ListPendingImportsRequest { limit, marker } = request;
        Self { limit, marker }
    }
}

impl From<PendingPage> for proto::ListPendingImportsResponse {
    fn from(page: PendingPage) -> Self {
        let PendingPage { pending, next_marker } = page;
        Self {
            pending_imports: pending.into_iter().map(shown).collect(),
            truncated: next_marker.is_some(),
            next_marker: next_marker.unwrap_or_default(),
        }
    }
}

fn shown((arn, pending): (KeyArn, PendingImport)) -> proto::PendingImport {
    let expiration = pending.arrival.expiration;
    proto::PendingImport {
        key_id: arn.to_string(),
        request_digest: pending.digest.to_string(),
        principal: pending.principal,
        requested_at: Some(time::wire(pending.requested_at)),
        expires_at: Some(time::wire(pending.expires_at)),
        wrapping_algorithm: number::<proto::WrappingAlgorithm>(pending.algorithm.as_str()),
        expiration_model: number::<proto::ExpirationModel>(expiration.model().as_str()),
        valid_to: match expiration {
            Expiration::At(end) => Some(time::wire(end)),
            Expiration::Never => None,
        },
    }
}
