//! A wrapping key as a row: what must be there in which state.

use super::Error;
use super::rows::{Row, corrupt};
use crate::model::{Account, Answer, Issue, KeyId, KeyMaterialId, PairKind, RequestDigest, WrappingKey, WrappingKeyState};

/// The columns that [`of_row`] reads.
macro_rules! wrapping_key_columns {
    () => {
        "id, object, token, spec, pair_use, state, spki, created_at, attempts, key_id, account, principal, algorithm, path, \
         issued_at, expires_at, request_digest, material_id, material_kcv, material_spki, exposure, receipt"
    };
}
pub(super) use wrapping_key_columns;

/// The wrapping key in a row.
pub(super) fn of_row(row: &Row) -> Result<WrappingKey, Error> {
    let state = row.named("state")?;
    let issue = match state {
        WrappingKeyState::Making | WrappingKeyState::Ready => None,
        WrappingKeyState::Issued | WrappingKeyState::Consumed | WrappingKeyState::Expired | WrappingKeyState::Dead => {
            Some(issue_of_row(row)?)
        }
    };
    Ok(WrappingKey {
        id: row.wrapping_key_id("id")?,
        object: row.object("object")?,
        token: row.get("token")?,
        kind: pair_kind(row)?,
        state,
        spki: row.get("spki")?,
        created_at: row.time("created_at")?,
        issue,
        attempts: row.count("attempts")?,
        answer: if state == WrappingKeyState::Consumed { Some(answer_of_row(row)?) } else { None },
    })
}

/// What the pairs of a row were made as.
pub(super) fn pair_kind(row: &Row) -> Result<PairKind, Error> {
    Ok(PairKind { spec: row.named("spec")?, pair_use: row.named("pair_use")? })
}

fn issue_of_row(row: &Row) -> Result<Issue, Error> {
    Ok(Issue {
        key: row.parsed("key_id", KeyId::parse)?,
        account: row.parsed("account", Account::parse)?,
        principal: row.get("principal")?,
        algorithm: row.named("algorithm")?,
        path: row.named("path")?,
        issued_at: row.time("issued_at")?,
        expires_at: row.time("expires_at")?,
    })
}

fn answer_of_row(row: &Row) -> Result<Answer, Error> {
    Ok(Answer {
        digest: RequestDigest(row.array("request_digest")?),
        material: KeyMaterialId(row.array("material_id")?),
        kcv: row.optional_array("material_kcv")?,
        spki: row.optional("material_spki")?,
        exposure: row.named("exposure")?,
        receipt: row.optional("receipt")?.unwrap_or_default(),
    })
}

/// The answer of a wrapping key that has been used up.
pub(super) fn answer(key: WrappingKey) -> Result<Answer, Error> {
    key.answer.ok_or_else(|| corrupt("request_digest"))
}
