//! Policy documents that are kept with keys.

use crate::proto;
use crate::service::{GetKeyPolicy, ListOfKey, PolicyNamePage, PutKeyPolicy};

impl From<proto::PutKeyPolicyRequest> for PutKeyPolicy {
    fn from(request: proto::PutKeyPolicyRequest) -> Self {
        let proto::PutKeyPolicyRequest { key_id, policy_name, policy, bypass_policy_lockout_safety_check } = request;
        Self { key_id, policy_name, policy, bypass_policy_lockout_safety_check }
    }
}

impl From<proto::GetKeyPolicyRequest> for GetKeyPolicy {
    fn from(request: proto::GetKeyPolicyRequest) -> Self {
        let proto::GetKeyPolicyRequest { key_id, policy_name } = request;
        Self { key_id, policy_name }
    }
}

impl From<proto::ListKeyPoliciesRequest> for ListOfKey {
    fn from(request: proto::ListKeyPoliciesRequest) -> Self {
        let proto::ListKeyPoliciesRequest { key_id, limit, marker } = request;
        Self { key_id, limit, marker }
    }
}

impl From<PolicyNamePage> for proto::ListKeyPoliciesResponse {
    fn from(page: PolicyNamePage) -> Self {
        let PolicyNamePage { names, next_marker } = page;
        Self { policy_names: names, truncated: next_marker.is_some(), next_marker: next_marker.unwrap_or_default() }
    }
}
