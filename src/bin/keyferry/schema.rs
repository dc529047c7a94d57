//! The operations as `proto/` declares them: the proto is the model that the command line, the JSON and the help are made from.
//!
//! An operation that is added there is a verb here, with its options, skeletons and help, without a line of code.

mod comments;

use std::sync::LazyLock;

use keyferry::proto::DESCRIPTORS;
use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use crate::names;

#[allow(clippy::expect_used)]
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("build.rs encoded what it had compiled"));

/// What services ask of each other, and nobody types.
const INTERNAL: &str = "keyferry.v1.RegionService";

/// One operation of the service.
#[derive(Clone)]
pub(crate) struct Operation(MethodDescriptor);

impl Operation {
    /// Every operation that is for people, in the order of the proto.
    pub(crate) fn all() -> Vec<Self> {
        let services = POOL.services().filter(|service| service.full_name() != INTERNAL);
        services.flat_map(|service| service.methods().collect::<Vec<_>>()).map(Self).collect()
    }

    /// The operation that a verb of the command line stands for.
    pub(crate) fn of_verb(verb: &str) -> Option<Self> {
        Self::all().into_iter().find(|operation| operation.verb() == verb)
    }

    /// `GetParametersForImport`.
    pub(crate) fn name(&self) -> &str {
        self.0.name()
    }

    /// `get-parameters-for-import`.
    pub(crate) fn verb(&self) -> String {
        names::verb(self.name())
    }

    /// What the proto says that it does: the first paragraph of the comment.
    pub(crate) fn about(&self) -> String {
        comments::of(&self.0.parent_file(), self.0.path()).split("\n\n").next().unwrap_or_default().to_owned()
    }

    /// Where gRPC finds it.
    pub(crate) fn path(&self) -> String {
        format!("/{}/{}", self.0.parent_service().full_name(), self.name())
    }

    /// What it takes.
    pub(crate) fn input(&self) -> MessageDescriptor {
        self.0.input()
    }

    /// What it answers.
    pub(crate) fn output(&self) -> MessageDescriptor {
        self.0.output()
    }

    /// What it takes, member by member.
    pub(crate) fn members(&self) -> Vec<Member> {
        members(&self.input())
    }

    /// The member of its answer that lists what there is, a page at a time; `None` where all comes at once.
    pub(crate) fn pages(&self) -> Option<Member> {
        self.output().get_field_by_name("next_marker")?;
        members(&self.output()).into_iter().find(|member| member.field.is_list())
    }
}

/// A member of a request or an answer.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) field: FieldDescriptor,
}

impl Member {
    /// `KeyId`.
    pub(crate) fn name(&self) -> String {
        names::member(self.field.name())
    }

    /// `key-id`.
    pub(crate) fn option(&self) -> String {
        names::option(self.field.name())
    }

    /// Whether nothing can be asked without it.
    pub(crate) fn is_required(&self) -> bool {
        ["Required.", "Required,"].iter().any(|word| self.comment().starts_with(word))
    }

    /// What the proto says of it.
    pub(crate) fn comment(&self) -> String {
        let message = self.field.parent_message();
        comments::of(&message.parent_file(), self.field.path())
    }

    /// What it can hold.
    pub(crate) fn kind(&self) -> Kind {
        self.field.kind()
    }

    /// Whether its bytes are the caller's own, and may look like anything.
    pub(crate) fn is_own_bytes(&self) -> bool {
        matches!(self.field.name(), "message" | "plaintext")
    }

    /// Whether it is a moment.
    pub(crate) fn is_time(&self) -> bool {
        is_time(&self.field)
    }
}

/// Whether a field is a moment.
pub(crate) fn is_time(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp")
}

/// The members of a message, in the order in which the proto declares them, which is the reference's.
pub(crate) fn members(message: &MessageDescriptor) -> Vec<Member> {
    let declared = message.descriptor_proto().field.iter();
    declared.filter_map(|field| message.get_field_by_name(field.name())).map(|field| Member { field }).collect()
}

/// A member of an enumeration.
pub(crate) struct Constant {
    /// `RSA_2048`.
    pub(crate) name: String,
    /// On the wire.
    pub(crate) number: i32,
    /// What the proto says of it.
    pub(crate) comment: String,
}

/// What an enumeration can be, in the order in which the proto declares it.
pub(crate) fn constants(enumeration: &EnumDescriptor) -> Vec<Constant> {
    let file = enumeration.parent_file();
    let constant = |value: prost_reflect::EnumValueDescriptor| Constant {
        name: names::constant(enumeration.name(), value.name()),
        number: value.number(),
        comment: comments::of(&file, value.path()),
    };
    let declared = enumeration.enum_descriptor_proto().value.iter();
    let values = declared.filter_map(|value| enumeration.get_value_by_name(value.name()));
    values.filter(|value| value.number() != 0).map(constant).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_does_and_every_member_of_a_request_what_it_is() {
        assert!(Operation::all().len() >= 46);
        for operation in Operation::all() {
            assert!(operation.about().ends_with('.'), "{} says {:?}", operation.name(), operation.about());
            assert_eq!(Operation::of_verb(&operation.verb()).unwrap().path(), operation.path());
            for member in operation.members() {
                assert!(member.comment().len() > 8, "{}.{}", operation.name(), member.name());
            }
        }
    }

    #[test]
    fn what_services_ask_of_each_other_is_no_verb() {
        assert!(POOL.get_service_by_name(INTERNAL).is_some());
        assert!(Operation::of_verb("synchronize-multi-region-key").is_none());
    }

    /// What an option cannot hold yet: the one who adds the first member of another kind teaches `request` and `verb::arguments`.
    #[test]
    fn every_member_of_a_request_is_of_a_kind_that_an_option_holds() {
        for member in Operation::all().iter().flat_map(Operation::members) {
            let is_held = match member.kind() {
                Kind::String | Kind::Bytes | Kind::Bool | Kind::Int32 | Kind::Enum(_) => true,
                Kind::Message(entry) if member.field.is_map() => {
                    entry.map_entry_value_field().kind() == Kind::String
                        && entry.map_entry_key_field().kind() == Kind::String
                }
                Kind::Message(_) if member.field.is_list() => true,
                _ => member.is_time(),
            };
            let is_held_several = matches!(member.kind(), Kind::Message(_) | Kind::String);
            assert!(is_held && (!member.field.is_list() || is_held_several), "{}", member.field.full_name());
        }
    }

    /// What the client takes and what the domain knows are the same names.
    #[test]
    fn every_name_of_the_domain_is_one_of_the_wire() {
        use keyferry::model;
        fn names(enumeration: &str) -> Vec<String> {
            let found = POOL.get_enum_by_name(&format!("keyferry.v1.{enumeration}")).unwrap();
            let mut names: Vec<String> = constants(&found).into_iter().map(|constant| constant.name).collect();
            names.sort_unstable();
            names
        }
        fn sorted(names: impl Iterator<Item = &'static str>) -> Vec<String> {
            let mut names: Vec<String> = names.map(str::to_owned).collect();
            names.sort_unstable();
            names
        }
        assert_eq!(names("KeySpec"), sorted(model::KeySpec::ALL.iter().map(|spec| spec.as_str())));
        assert_eq!(names("WrappingAlgorithm"), sorted(model::WrappingAlgorithm::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("WrappingKeySpec"), sorted(model::WrappingKeySpec::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("DataKeySpec"), sorted(model::DataKeySpec::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("EncryptionAlgorithm"), sorted(model::EncryptionAlgorithm::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("MacAlgorithm"), sorted(model::key_spec::HmacHash::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("MessageType"), sorted(model::MessageType::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("SigningAlgorithm"), sorted(model::SigningAlgorithm::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("ImportType"), sorted(model::ImportType::ALL.iter().map(|item| item.as_str())));
        assert_eq!(names("HostExposure"), sorted(model::HostExposure::ALL.iter().map(|item| item.as_str())));
    }
}
