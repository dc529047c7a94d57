//! What holds for the protocol as a whole.

use super::operations::ALL;
use crate::model::Action;

#[test]
fn every_operation_is_served_under_its_own_name() {
    for action in Action::ALL {
        // Read without a request, the second half of another, and what only services ask of each other.
        let others =
            [Action::GetServerInfo, Action::GetTokenProfile, Action::ReEncryptTo, Action::SynchronizeMultiRegionKey];
        if others.contains(action) {
            continue;
        }
        let targets: Vec<&str> = ALL.iter().filter(|(_, served)| served == action).map(|(target, _)| *target).collect();
        let service = if action.as_str().starts_with("kms:") { "TrentService" } else { "Keyferry" };
        assert_eq!(targets, [format!("{service}.{}", action.operation())], "{action}");
    }
}
