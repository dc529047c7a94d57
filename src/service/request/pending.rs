//! Imports that wait for a second principal.

use crate::model::{KeyArn, PendingImport};

/// ListPendingImports.
#[derive(Clone, Debug, Default)]
pub struct ListPendingImports {
    /// 1 to 1000; 100 where absent.
    pub limit: Option<i32>,
    /// The marker of the page before.
    pub marker: Option<String>,
}

/// ApproveImport, RejectImport.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    /// A key id or key ARN.
    pub key_id: String,
    /// What waits: 64 lower-case hex digits.
    pub request_digest: String,
}

/// One page of imports that wait.
#[derive(Clone, Debug)]
pub struct PendingPage {
    /// The oldest first, each with the ARN of its key.
    pub pending: Vec<(KeyArn, PendingImport)>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}
