//! Names as the reference spells them, from the names that the proto has.

/// What the reference spells in its own way: from the proto's name.
const OWN_SPELLING: [(&str, &str); 1] = [("aws_account_id", "AWSAccountId")];

/// A member as JSON has it: `KeyId` of `key_id`.
pub(crate) fn member(proto_name: &str) -> String {
    match OWN_SPELLING.iter().find(|(name, _)| *name == proto_name) {
        Some((_, own)) => (*own).to_owned(),
        None => proto_name.split('_').map(capitalised).collect(),
    }
}

/// A member as the command line has it, without its dashes: `key-id` of `key_id`.
pub(crate) fn option(proto_name: &str) -> String {
    proto_name.replace('_', "-")
}

/// A member as the service's messages have it: `keyId` of `KeyId`.
pub(crate) fn camel(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// An operation as a verb of the command line: `list-keys` of `ListKeys`.
pub(crate) fn verb(operation: &str) -> String {
    let mut verb = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !verb.is_empty() {
            verb.push('-');
        }
        verb.push(letter.to_ascii_lowercase());
    }
    verb
}

/// A member of an enumeration without what proto puts before it: `RSA_2048` of `KEY_SPEC_RSA_2048` in `KeySpec`.
/// Key states alone are in CamelCase: `PendingImport`.
pub(crate) fn constant(enumeration: &str, proto_name: &str) -> String {
    let prefix = verb(enumeration).replace('-', "_").to_ascii_uppercase() + "_";
    let name = proto_name.strip_prefix(&prefix).unwrap_or(proto_name);
    match enumeration {
        "KeyState" => name.split('_').map(|word| capitalised(&word.to_ascii_lowercase())).collect(),
        _ => name.to_owned(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_spelling() {
        assert_eq!((member("key_id").as_str(), member("aws_account_id").as_str()), ("KeyId", "AWSAccountId"));
        assert_eq!(option("pending_window_in_days"), "pending-window-in-days");
        assert_eq!(camel("WrappingKeySpec"), "wrappingKeySpec");
        assert_eq!(verb("GetParametersForImport"), "get-parameters-for-import");
    }

    #[test]
    fn members_of_enumerations_have_the_references_names() {
        assert_eq!(constant("KeySpec", "KEY_SPEC_ECC_SECG_P256K1"), "ECC_SECG_P256K1");
        assert_eq!(constant("Origin", "ORIGIN_AWS_KMS"), "AWS_KMS");
        assert_eq!(constant("KeyState", "KEY_STATE_PENDING_IMPORT"), "PendingImport");
        assert_eq!(constant("MultiRegionKeyType", "MULTI_REGION_KEY_TYPE_PRIMARY"), "PRIMARY");
    }
}
