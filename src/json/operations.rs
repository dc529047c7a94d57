//! Every operation: how its request is read, which use case it is, and how its answer is written.

use uuid::Uuid;

use super::answer::Answer;
use super::members::Members;
use super::{Front, cryptography, imports, keys, life, operator};
use crate::front::{Arrival, Refusal};
use crate::model::Action;

/// Runs the operation that a target names; `None` where there is none.
pub(super) async fn run(
    front: &Front,
    target: &str,
    arrival: impl Future<Output = Arrival>,
    body: &[u8],
) -> Option<(Uuid, Result<Answer, Refusal>)> {
    let service = front.service.clone();
    Some(match target {
        "Keyferry.GetServerInfo" => {
            let use_case = |call| async move { Ok(operator::server_info(service.server_info(&call)?)) };
            front.calls.read(Action::GetServerInfo, arrival, use_case).await
        }
        "Keyferry.GetTokenProfile" => {
            let use_case = |call| async move { Ok(operator::token_profiles(&service.token_profiles(&call)?)) };
            front.calls.read(Action::GetTokenProfile, arrival, use_case).await
        }
        _ => return run_with_request(front, target, arrival, body).await,
    })
}

/// One operation for each line: its target, its right, whether it reads or changes, then request, use case and answer.
macro_rules! operations {
    ($($target:literal $action:ident $kind:ident $request:path => $method:ident => $answer:path;)+) => {
        /// Runs the operation that a target names; `None` where there is none.
        async fn run_with_request(
            front: &Front,
            target: &str,
            arrival: impl Future<Output = Arrival>,
            body: &[u8],
        ) -> Option<(Uuid, Result<Answer, Refusal>)> {
            match target {
                $($target => {
                    let service = front.service.clone();
                    // Read before anyone has a place, and refused after it is known who they are.
                    let request = Members::read(body).and_then(|mut members| $request(&mut members));
                    let use_case = |call| async move { Ok($answer(service.$method(&call, request?).await?)) };
                    Some(front.calls.$kind(Action::$action, arrival, use_case).await)
                })+
                _ => None,
            }
        }

        #[cfg(test)]
        pub(super) const ALL: &[(&str, Action)] = &[$(($target, Action::$action),)+];
    };
}

operations! {
    "Keyferry.AdvanceClock"                        AdvanceClock                    change operator::advance          => advance_clock                       => operator::clock;
    "Keyferry.ApproveImport"                       ApproveImport                   change imports::ruling            => approve_import                      => imports::imported;
    "TrentService.CancelKeyDeletion"               CancelKeyDeletion               change keys::key_id               => cancel_key_deletion                 => keys::named;
    "TrentService.CreateAlias"                     CreateAlias                     change life::alias_target         => create_alias                        => Answer::nothing;
    "TrentService.CreateKey"                       CreateKey                       change keys::create               => create_key                          => keys::described;
    "TrentService.Decrypt"                         Decrypt                         read   cryptography::decrypt      => decrypt                             => cryptography::decrypted;
    "TrentService.DeleteAlias"                     DeleteAlias                     change life::alias_name           => delete_alias                        => Answer::nothing;
    "TrentService.DeleteImportedKeyMaterial"       DeleteImportedKeyMaterial       change imports::delete            => delete_imported_key_material        => imports::deleted;
    "TrentService.DeriveSharedSecret"              DeriveSharedSecret              read   cryptography::agreement    => derive_shared_secret                => cryptography::agreed;
    "TrentService.DescribeKey"                     DescribeKey                     read   keys::key_id               => describe_key                        => keys::described;
    "TrentService.DisableKey"                      DisableKey                      change keys::key_id               => disable_key                         => Answer::nothing;
    "TrentService.DisableKeyRotation"              DisableKeyRotation              change keys::key_id               => disable_key_rotation                => Answer::nothing;
    "TrentService.EnableKey"                       EnableKey                       change keys::key_id               => enable_key                          => Answer::nothing;
    "TrentService.EnableKeyRotation"               EnableKeyRotation               change life::enable_rotation      => enable_key_rotation                 => Answer::nothing;
    "TrentService.Encrypt"                         Encrypt                         read   cryptography::encrypt      => encrypt                             => cryptography::encrypted;
    "TrentService.GenerateDataKey"                 GenerateDataKey                 read   cryptography::data_key     => generate_data_key                   => cryptography::data_key_made;
    "TrentService.GenerateDataKeyWithoutPlaintext" GenerateDataKeyWithoutPlaintext read   cryptography::data_key     => generate_data_key_without_plaintext => cryptography::data_key_made;
    "TrentService.GenerateMac"                     GenerateMac                     read   cryptography::mac          => generate_mac                        => cryptography::mac_made;
    "TrentService.GenerateRandom"                  GenerateRandom                  read   cryptography::random       => generate_random                     => cryptography::random_bytes;
    "TrentService.GetKeyPolicy"                    GetKeyPolicy                    read   life::policy_name          => key_policy                          => life::policy;
    "TrentService.GetKeyRotationStatus"            GetKeyRotationStatus            read   keys::key_id               => key_rotation_status                 => life::rotation_status;
    "TrentService.GetParametersForImport"          GetParametersForImport          change imports::parameters        => parameters_for_import               => imports::parameters_made;
    "TrentService.GetPublicKey"                    GetPublicKey                    read   keys::key_id               => public_key                          => keys::public_key;
    "TrentService.ImportKeyMaterial"               ImportKeyMaterial               change imports::import            => import_key_material                 => imports::imported;
    "TrentService.ListAliases"                     ListAliases                     read   life::list_aliases         => list_aliases                        => life::aliases;
    "TrentService.ListKeyPolicies"                 ListKeyPolicies                 read   life::list_of_key          => list_key_policies                   => life::policy_names;
    "TrentService.ListKeyRotations"                ListKeyRotations                read   life::list_rotations       => list_key_rotations                  => life::rotations;
    "TrentService.ListKeys"                        ListKeys                        read   keys::list                 => list_keys                           => keys::page;
    "Keyferry.ListPendingImports"                  ListPendingImports              read   imports::list_pending      => list_pending_imports                => imports::pending;
    "TrentService.ListResourceTags"                ListResourceTags                read   life::list_of_key          => list_resource_tags                  => life::tags;
    "TrentService.PutKeyPolicy"                    PutKeyPolicy                    change life::put_policy           => put_key_policy                      => Answer::nothing;
    "TrentService.ReEncrypt"                       ReEncryptFrom                   read   cryptography::re_encrypt   => re_encrypt                          => cryptography::re_encrypted;
    "Keyferry.RejectImport"                        RejectImport                    change imports::ruling            => reject_import                       => keys::named;
    "TrentService.ReplicateKey"                    ReplicateKey                    change keys::replicate            => replicate_key                       => keys::replicated;
    "TrentService.RotateKeyOnDemand"               RotateKeyOnDemand               change keys::key_id               => rotate_key_on_demand                => keys::named;
    "TrentService.ScheduleKeyDeletion"             ScheduleKeyDeletion             change keys::schedule             => schedule_key_deletion               => keys::scheduled;
    "TrentService.Sign"                            Sign                            read   cryptography::sign         => sign                                => cryptography::signed;
    "TrentService.TagResource"                     TagResource                     change life::tag                  => tag_resource                        => Answer::nothing;
    "TrentService.UntagResource"                   UntagResource                   change life::untag                => untag_resource                      => Answer::nothing;
    "TrentService.UpdateAlias"                     UpdateAlias                     change life::alias_target         => update_alias                        => Answer::nothing;
    "TrentService.UpdateKeyDescription"            UpdateKeyDescription            change keys::update_description   => update_key_description              => Answer::nothing;
    "TrentService.UpdatePrimaryRegion"             UpdatePrimaryRegion             change keys::primary_region       => update_primary_region               => Answer::nothing;
    "TrentService.Verify"                          Verify                          read   cryptography::verify       => verify                              => cryptography::verified;
    "TrentService.VerifyMac"                       VerifyMac                       read   cryptography::verify_mac   => verify_mac                          => cryptography::mac_verified;
}
