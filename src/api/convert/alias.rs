//! Aliases.

use crate::api::convert::time;
use crate::proto;
use crate::service::{AliasPage, AliasShown, AliasTarget, ListAliases};

impl From<proto::CreateAliasRequest> for AliasTarget {
    fn from(request: proto::CreateAliasRequest) -> Self {
        let proto::CreateAliasRequest { alias_name, target_key_id } = request;
        Self { alias_name, target_key_id }
    }
}

impl From<proto::UpdateAliasRequest> for AliasTarget {
    fn from(request: proto::UpdateAliasRequest) -> Self {
        let proto::UpdateAliasRequest { alias_name, target_key_id } = request;
        Self { alias_name, target_key_id }
    }
}

impl From<proto::ListAliasesRequest> for ListAliases {
    fn from(request: proto::ListAliasesRequest) -> Self {
        let proto::ListAliasesRequest { key_id, limit, marker } = request;
        Self { key_id, limit, marker }
    }
}

impl From<AliasPage> for proto::ListAliasesResponse {
    fn from(page: AliasPage) -> Self {
        let AliasPage { aliases, next_marker } = page;
        Self {
            aliases: aliases.into_iter().map(proto::AliasListEntry::from).collect(),
            truncated: next_marker.is_some(),
            next_marker: next_marker.unwrap_or_default(),
        }
    }
}

impl From<AliasShown> for proto::AliasListEntry {
    fn from(alias: AliasShown) -> Self {
        let AliasShown { name, arn, target, created_at, updated_at } = alias;
        Self {
            alias_name: name,
            alias_arn: arn,
            target_key_id: target.to_string(),
            creation_date: Some(time::wire(created_at)),
            last_updated_date: Some(time::wire(updated_at)),
        }
    }
}
