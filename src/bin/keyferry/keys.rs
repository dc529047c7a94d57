//! The commands that make, show and change keys.

use keyferry::proto;

use crate::arguments::{CreateKey, Key, Keys, ListKeys, ScheduleKeyDeletion, UpdateKeyDescription};
use crate::connection::{Connection, request};
use crate::failure::{Failure, refused};
use crate::output::answer;
use crate::shape;

/// Runs one of them.
pub(crate) async fn run(command: Keys, connection: &mut Connection) -> Result<(), Failure> {
    let keys = &mut connection.keys;
    match command {
        Keys::CreateKey(command) => {
            let message = create_key(command);
            let made = keys.create_key(request(message)).await.map_err(refused("CreateKey"))?.into_inner();
            answer(&shape::OfKey::from(made.key_metadata))?;
        }
        Keys::DescribeKey(Key { key_id }) => {
            let message = proto::DescribeKeyRequest { key_id };
            let shown = keys.describe_key(request(message)).await.map_err(refused("DescribeKey"))?.into_inner();
            answer(&shape::OfKey::from(shown.key_metadata))?;
        }
        Keys::ListKeys(ListKeys { limit, marker }) => {
            let message = proto::ListKeysRequest { limit, marker };
            let page = keys.list_keys(request(message)).await.map_err(refused("ListKeys"))?.into_inner();
            answer(&shape::KeyList::from(page))?;
        }
        Keys::GetPublicKey(Key { key_id }) => {
            let message = proto::GetPublicKeyRequest { key_id };
            let public = keys.get_public_key(request(message)).await.map_err(refused("GetPublicKey"))?.into_inner();
            answer(&shape::PublicKey::from(public))?;
        }
        Keys::EnableKey(Key { key_id }) => {
            keys.enable_key(request(proto::EnableKeyRequest { key_id })).await.map_err(refused("EnableKey"))?;
        }
        Keys::DisableKey(Key { key_id }) => {
            keys.disable_key(request(proto::DisableKeyRequest { key_id })).await.map_err(refused("DisableKey"))?;
        }
        Keys::ScheduleKeyDeletion(ScheduleKeyDeletion { key: Key { key_id }, pending_window_in_days }) => {
            let message = proto::ScheduleKeyDeletionRequest { key_id, pending_window_in_days };
            let scheduled = keys.schedule_key_deletion(request(message)).await.map_err(refused("ScheduleKeyDeletion"))?;
            answer(&shape::Scheduled::from(scheduled.into_inner()))?;
        }
        Keys::CancelKeyDeletion(Key { key_id }) => {
            let message = proto::CancelKeyDeletionRequest { key_id };
            let cancelled = keys.cancel_key_deletion(request(message)).await.map_err(refused("CancelKeyDeletion"))?;
            answer(&shape::Named::from(cancelled.into_inner().key_id))?;
        }
        Keys::UpdateKeyDescription(UpdateKeyDescription { key: Key { key_id }, description }) => {
            let message = proto::UpdateKeyDescriptionRequest { key_id, description: Some(description) };
            keys.update_key_description(request(message)).await.map_err(refused("UpdateKeyDescription"))?;
        }
    }
    Ok(())
}

fn create_key(command: CreateKey) -> proto::CreateKeyRequest {
    let CreateKey { description, key_usage, key_spec, origin, multi_region, no_multi_region: _ } = command;
    proto::CreateKeyRequest {
        description: description.unwrap_or_default(),
        key_usage: key_usage.unwrap_or_default().into(),
        key_spec: key_spec.unwrap_or_default().into(),
        origin: origin.unwrap_or_default().into(),
        multi_region,
    }
}
