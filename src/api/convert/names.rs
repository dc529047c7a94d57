//! Enumerations: numbers on the wire, the reference's names in the service.
//!
//! A number that no member has goes in as its own digits, so that the service refuses it in the reference's words.

use crate::model::{self, KeyState};
use crate::proto;

/// A wire enumeration whose members are named after the reference's, behind a prefix.
pub(in crate::api) trait Named: TryFrom<i32> + Into<i32> {
    /// What every member's name begins with.
    const PREFIX: &'static str;
    /// The member's whole name.
    fn whole_name(&self) -> &'static str;
    /// The member of this whole name.
    fn of_whole_name(name: &str) -> Option<Self>;
}

macro_rules! named_on_the_wire {
    ($($name:ident $prefix:literal,)+) => {$(
        impl Named for proto::$name {
            const PREFIX: &'static str = $prefix;

            fn whole_name(&self) -> &'static str {
                self.as_str_name()
            }

            fn of_whole_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        }
    )+};
}

named_on_the_wire! {
    DataKeySpec "DATA_KEY_SPEC_",
    EncryptionAlgorithm "ENCRYPTION_ALGORITHM_",
    ExpirationModel "EXPIRATION_MODEL_",
    HostExposure "HOST_EXPOSURE_",
    ImportType "IMPORT_TYPE_",
    IncludeKeyMaterial "INCLUDE_KEY_MATERIAL_",
    KeyAgreementAlgorithm "KEY_AGREEMENT_ALGORITHM_",
    KeyMaterialState "KEY_MATERIAL_STATE_",
    KeySpec "KEY_SPEC_",
    KeyUsage "KEY_USAGE_",
    MacAlgorithm "MAC_ALGORITHM_",
    MessageType "MESSAGE_TYPE_",
    Origin "ORIGIN_",
    SigningAlgorithm "SIGNING_ALGORITHM_",
    WrappingAlgorithm "WRAPPING_ALGORITHM_",
    WrappingKeySpec "WRAPPING_KEY_SPEC_",
}

/// The reference's name of a member that came over the wire; `None` where it is unspecified.
pub(in crate::api) fn name<E: Named>(number: i32) -> Option<String> {
    if number == 0 {
        return None;
    }
    Some(match E::try_from(number) {
        Ok(member) => member.whole_name().strip_prefix(E::PREFIX).unwrap_or_default().to_owned(),
        Err(_) => number.to_string(),
    })
}

/// The wire's number of a member that the reference calls `name`; unspecified where the wire has none.
pub(in crate::api) fn number<E: Named>(name: &str) -> i32 {
    E::of_whole_name(&format!("{}{name}", E::PREFIX)).map_or(0, Into::into)
}

/// A key's state; the reference writes it in another case than every other name.
pub(in crate::api) fn key_state(state: KeyState) -> i32 {
    match state {
        KeyState::Enabled => proto::KeyState::Enabled,
        KeyState::Disabled => proto::KeyState::Disabled,
        KeyState::PendingDeletion => proto::KeyState::PendingDeletion,
        KeyState::PendingImport => proto::KeyState::PendingImport,
        KeyState::Creating => proto::KeyState::Creating,
        KeyState::PendingReplicaDeletion => proto::KeyState::PendingReplicaDeletion,
        KeyState::Updating => proto::KeyState::Updating,
    }
    .into()
}

/// Where material was plain.
pub(in crate::api) fn exposure(exposure: model::HostExposure) -> i32 {
    number::<proto::HostExposure>(exposure.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key_spec::HmacHash;
    use crate::model::{
        DataKeySpec, EncryptionAlgorithm, HostExposure, ImportType, IncludeKeyMaterial, KeyAgreementAlgorithm, KeySpec,
        KeyUsage, MessageType, Origin, Rotation, SigningAlgorithm, WrappingAlgorithm, WrappingKeySpec,
    };

    /// The numbers 1 to n are the model's members and nothing else.
    fn agree<E: Named>(members: &[&str]) {
        let mut numbers: Vec<i32> = members.iter().map(|name| number::<E>(name)).collect();
        for (member, number) in members.iter().zip(&numbers) {
            assert_eq!(name::<E>(*number).as_deref(), Some(*member));
        }
        numbers.sort_unstable();
        let all: Vec<i32> = (1..).take(members.len()).collect();
        assert_eq!(numbers, all, "{}", E::PREFIX);
        let next = all.len() + 1;
        assert_eq!(name::<E>(next.try_into().unwrap()), Some(next.to_string()), "the wire has more members than the model");
    }

    #[test]
    fn wire_and_model_have_the_same_members() {
        macro_rules! agree {
            ($($name:ident)+) => {$(
                agree::<proto::$name>(&$name::ALL.iter().map(|member| member.as_str()).collect::<Vec<_>>());
            )+};
        }
        agree!(HostExposure ImportType KeySpec KeyUsage Origin WrappingAlgorithm WrappingKeySpec);
        agree!(DataKeySpec EncryptionAlgorithm IncludeKeyMaterial KeyAgreementAlgorithm MessageType SigningAlgorithm);
        agree::<proto::ExpirationModel>(&["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"]);
        agree::<proto::MacAlgorithm>(&HmacHash::ALL.iter().map(|member| member.as_str()).collect::<Vec<_>>());
    }

    #[test]
    fn every_turn_of_a_material_is_on_the_wire() {
        for rotation in Rotation::ALL {
            assert_ne!(number::<proto::KeyMaterialState>(rotation.as_str()), 0, "{rotation}");
        }
    }

    #[test]
    fn what_is_unspecified_is_nothing_and_what_is_unknown_its_number() {
        assert_eq!(name::<proto::KeySpec>(0), None);
        assert_eq!(name::<proto::KeySpec>(999), Some("999".to_owned()));
        assert_eq!(name::<proto::KeySpec>(-1), Some("-1".to_owned()));
        assert_eq!(number::<proto::KeySpec>("NO_SUCH_SPEC"), 0);
    }

    #[test]
    fn a_state_goes_by_the_references_name() {
        for state in KeyState::ALL {
            let member = proto::KeyState::try_from(key_state(*state)).unwrap();
            let name = member.as_str_name().trim_start_matches("KEY_STATE_").replace('_', "");
            assert_eq!(name, state.as_str().to_uppercase());
        }
    }
}
