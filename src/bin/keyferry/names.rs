//! The enumerations of the wire under the names that the reference writes.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use keyferry::proto;

/// An enumeration of the wire.
pub(crate) trait Named: Copy + Send + Sync + TryFrom<i32> + 'static {
    /// What proto puts before each member's name.
    const PREFIX: &'static str;

    /// The member's name in the proto.
    fn proto_name(self) -> &'static str;
}

macro_rules! named {
    ($($name:ident: $prefix:literal,)+) => {
        $(impl Named for proto::$name {
            const PREFIX: &'static str = $prefix;

            fn proto_name(self) -> &'static str {
                self.as_str_name()
            }
        })+
    };
}

named! {
    ExpirationModel: "EXPIRATION_MODEL_",
    HostExposure: "HOST_EXPOSURE_",
    ImportType: "IMPORT_TYPE_",
    KeyManager: "KEY_MANAGER_",
    KeySpec: "KEY_SPEC_",
    KeyState: "KEY_STATE_",
    KeyUsage: "KEY_USAGE_",
    MultiRegionKeyType: "MULTI_REGION_KEY_TYPE_",
    Origin: "ORIGIN_",
    WrappingAlgorithm: "WRAPPING_ALGORITHM_",
    WrappingKeySpec: "WRAPPING_KEY_SPEC_",
}

/// The name of the member with this number; `None` where it is unspecified, or newer than this client.
pub(crate) fn name<T: Named>(number: i32) -> Option<&'static str> {
    if number == 0 {
        return None;
    }
    T::try_from(number).ok().map(|member| member.proto_name().trim_start_matches(T::PREFIX))
}

/// The same in the reference's CamelCase, which key states alone have: `PendingImport`.
pub(crate) fn camel_case<T: Named>(number: i32) -> Option<String> {
    let word = |word: &str| word[..1].to_owned() + &word[1..].to_ascii_lowercase();
    Some(name::<T>(number)?.split('_').map(word).collect())
}

/// Takes the members' names on the command line: the wire could not carry another for the service to refuse.
pub(crate) fn parser<T: Named>() -> impl TypedValueParser<Value = T> {
    let members = || (1..).map_while(|number| T::try_from(number).ok().zip(name::<T>(number)));
    PossibleValuesParser::new(members().map(|(_, name)| name)).try_map(move |given| {
        members().find(|(_, name)| *name == given).map(|(member, _)| member).ok_or_else(|| format!("unknown name {given}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_references_names() {
        assert_eq!(name::<proto::KeySpec>(proto::KeySpec::EccSecgP256k1.into()), Some("ECC_SECG_P256K1"));
        assert_eq!(name::<proto::Origin>(proto::Origin::AwsKms.into()), Some("AWS_KMS"));
        assert_eq!(name::<proto::KeySpec>(0), None);
        assert_eq!(name::<proto::KeySpec>(999), None);
        assert_eq!(camel_case::<proto::KeyState>(proto::KeyState::PendingImport.into()).unwrap(), "PendingImport");
        assert_eq!(camel_case::<proto::KeyState>(proto::KeyState::Enabled.into()).unwrap(), "Enabled");
    }

    /// What the client takes and what the domain knows are the same names.
    #[test]
    fn every_name_of_the_domain_is_one_of_the_wire() {
        use keyferry::model;
        fn names<T: Named>() -> Vec<&'static str> {
            (1..).map_while(name::<T>).collect()
        }
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let specs = model::KeySpec::ALL.iter().map(|spec| spec.as_str()).collect();
        assert_eq!(sorted(names::<proto::KeySpec>()), sorted(specs));
        let algorithms = model::WrappingAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
        assert_eq!(sorted(names::<proto::WrappingAlgorithm>()), sorted(algorithms));
        let wrapping = model::WrappingKeySpec::ALL.iter().map(|spec| spec.as_str()).collect();
        assert_eq!(sorted(names::<proto::WrappingKeySpec>()), sorted(wrapping));
        let types = model::ImportType::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(sorted(names::<proto::ImportType>()), sorted(types));
        let exposures = model::HostExposure::ALL.iter().map(|exposure| exposure.as_str()).collect();
        assert_eq!(sorted(names::<proto::HostExposure>()), sorted(exposures));
    }
}
