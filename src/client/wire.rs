//! Between the wire's numbers and the model's types, and one call from a question to an answer.

use prost::Message;
use zeroize::Zeroizing;

use super::connection::Client;
use super::error::{Error, Local};
use crate::model::{self, Timestamp};
use crate::proto;

/// A type of the model that is a number on the wire, where 0 says nothing.
pub(super) trait Wire: Sized {
    /// Its number; 0 where the wire has none.
    fn number(&self) -> i32;

    /// What a number stands for; `None` where it says nothing, or something newer than this client.
    fn of(number: i32) -> Option<Self>;
}

macro_rules! on_the_wire {
    ($($name:path, $proto:ident $prefix:literal;)+) => {$(
        impl Wire for $name {
            fn number(&self) -> i32 {
                proto::$proto::from_str_name(&format!("{}{self}", $prefix)).map_or(0, Into::into)
            }

            fn of(number: i32) -> Option<Self> {
                proto::$proto::try_from(number).ok()?.as_str_name().strip_prefix($prefix)?.parse().ok()
            }
        }
    )+};
}

on_the_wire! {
    model::EncryptionAlgorithm, EncryptionAlgorithm "ENCRYPTION_ALGORITHM_";
    model::ExpirationModel, ExpirationModel "EXPIRATION_MODEL_";
    model::HostExposure, HostExposure "HOST_EXPOSURE_";
    model::ImportType, ImportType "IMPORT_TYPE_";
    model::IncludeKeyMaterial, IncludeKeyMaterial "INCLUDE_KEY_MATERIAL_";
    model::KeyAgreementAlgorithm, KeyAgreementAlgorithm "KEY_AGREEMENT_ALGORITHM_";
    model::KeySpec, KeySpec "KEY_SPEC_";
    model::KeyUsage, KeyUsage "KEY_USAGE_";
    model::MessageType, MessageType "MESSAGE_TYPE_";
    model::Origin, Origin "ORIGIN_";
    model::Rotation, KeyMaterialState "KEY_MATERIAL_STATE_";
    model::SigningAlgorithm, SigningAlgorithm "SIGNING_ALGORITHM_";
    model::WrappingAlgorithm, WrappingAlgorithm "WRAPPING_ALGORITHM_";
    model::WrappingKeySpec, WrappingKeySpec "WRAPPING_KEY_SPEC_";
    model::key_spec::HmacHash, MacAlgorithm "MAC_ALGORITHM_";
}

/// The reference writes states in another case than every other name.
impl Wire for model::KeyState {
    fn number(&self) -> i32 {
        match self {
            Self::Enabled => proto::KeyState::Enabled,
            Self::Disabled => proto::KeyState::Disabled,
            Self::PendingDeletion => proto::KeyState::PendingDeletion,
            Self::PendingImport => proto::KeyState::PendingImport,
            Self::Creating => proto::KeyState::Creating,
            Self::PendingReplicaDeletion => proto::KeyState::PendingReplicaDeletion,
            Self::Updating => proto::KeyState::Updating,
        }
        .into()
    }

    fn of(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.number() == number)
    }
}

/// A member of an answer that must say something.
pub(super) fn required<T: Wire>(member: &str, number: i32) -> Result<T, Local> {
    T::of(number).ok_or_else(|| Local::Answer(format!("{member} is {number}")))
}

/// A member of an answer that must be there.
pub(super) fn present<T>(member: &str, value: Option<T>) -> Result<T, Local> {
    value.ok_or_else(|| Local::Answer(format!("{member} is missing or malformed")))
}

/// An ARN of an answer, or a part of one, which is shown on terminals: it has no characters but those of ARNs.
pub(super) fn arn(member: &str, text: String) -> Result<String, Local> {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b":/-_.".contains(&byte);
    present(member, Some(text).filter(|text| !text.is_empty() && text.bytes().all(is_sound)))
}

/// A moment of an answer, to the millisecond.
pub(super) fn moment(wire: prost_types::Timestamp) -> Option<Timestamp> {
    let millis = wire.seconds.checked_mul(1000)?.checked_add(i64::from(wire.nanos) / 1_000_000)?;
    Some(Timestamp::from_millis(millis))
}

/// A moment for a question.
pub(super) fn timestamp(moment: Timestamp) -> prost_types::Timestamp {
    let millis = moment.as_millis();
    let nanos = i32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    prost_types::Timestamp { seconds: millis.div_euclid(1000), nanos }
}

impl Client {
    /// One call, in messages.
    pub(super) async fn ask<A: Message + Default>(&self, path: &str, question: &impl Message) -> Result<A, Error> {
        decode(&self.call(path, question.encode_to_vec()).await?)
    }

    /// The same, where the answer is not to be left lying about in memory.
    pub(super) async fn ask_secret<A: Message + Default>(&self, path: &str, question: &impl Message) -> Result<A, Error> {
        decode(&Zeroizing::new(self.call(path, question.encode_to_vec()).await?))
    }
}

/// The message that an answer is.
pub(super) fn decode<A: Message + Default>(answer: &[u8]) -> Result<A, Error> {
    A::decode(answer).map_err(|error| Local::Answer(error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every member has a number of its own and comes back from it.
    fn come_back<T: Wire + Copy + PartialEq + std::fmt::Debug>(members: &[T]) {
        let mut numbers: Vec<i32> = members.iter().map(Wire::number).collect();
        for (member, number) in members.iter().zip(&numbers) {
            assert_eq!(T::of(*number), Some(*member));
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), members.len(), "{members:?}");
        assert!(!numbers.contains(&0), "{members:?}");
        assert_eq!((T::of(0), T::of(999)), (None, None));
    }

    #[test]
    fn every_member_comes_back_from_the_wire() {
        come_back(model::EncryptionAlgorithm::ALL);
        come_back(model::ExpirationModel::ALL);
        come_back(model::HostExposure::ALL);
        come_back(model::ImportType::ALL);
        come_back(model::IncludeKeyMaterial::ALL);
        come_back(model::KeyAgreementAlgorithm::ALL);
        come_back(model::KeySpec::ALL);
        come_back(model::KeyState::ALL);
        come_back(model::KeyUsage::ALL);
        come_back(model::MessageType::ALL);
        come_back(model::Origin::ALL);
        come_back(model::Rotation::ALL);
        come_back(model::SigningAlgorithm::ALL);
        come_back(model::WrappingAlgorithm::ALL);
        come_back(model::WrappingKeySpec::ALL);
        come_back(model::key_spec::HmacHash::ALL);
    }

    #[test]
    fn an_arn_has_no_characters_that_a_terminal_obeys() {
        let sound = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(arn("Arn", sound.to_owned()).as_deref(), Ok(sound));
        for text in ["", "\x1b[2J", "arn:aws:kms:key/a\nb", "arn:aws key", "arn:\u{202e}x", "arn:\u{9b}2J", "é"] {
            let refusal = arn("Arn", text.to_owned()).unwrap_err().to_string();
            assert_eq!(refusal, "the service answered what this client does not understand: Arn is missing or malformed");
        }
    }

    #[test]
    fn moments_come_back_to_the_millisecond() {
        for millis in [0, 1, 1_796_126_400_123, -1, -1001] {
            assert_eq!(moment(timestamp(Timestamp::from_millis(millis))), Some(Timestamp::from_millis(millis)));
        }
        assert_eq!(moment(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }), None);
    }
}
