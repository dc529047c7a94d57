//! The answer to CreateKey, which is worth more than others: whoever cannot read it has a key all the same.

use prost::Message;

use crate::client::error::Local;
use crate::client::key::Key;
use crate::client::wire::{arn, present};
use crate::model::KeySpec;
use crate::proto;

/// The key that CreateKey answers. It is there, whether or not the answer is understood, and so it is named as far as can be.
pub(super) fn key(spec: KeySpec, answer: &[u8]) -> Result<Key, Local> {
    let mut made = proto::CreateKeyResponse::default();
    // What comes before the fault stays in the message.
    let decoded = made.merge(answer);
    let metadata = made.key_metadata.clone().unwrap_or_default();
    let key = match decoded {
        Ok(()) => present("KeyMetadata", made.key_metadata).and_then(Key::try_from),
        Err(fault) => Err(Local::Answer(fault.to_string())),
    };
    key.map_err(|fault| {
        let cause = match fault {
            Local::Answer(cause) => cause,
            other => other.to_string(),
        };
        match arn("Arn", metadata.arn).or_else(|_| arn("KeyId", metadata.key_id)) {
            Ok(key) => Local::Made { key, cause },
            Err(_) => Local::MadeUnnamed { spec, cause },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    /// What is said of a key whose answer is that, with these bytes behind its metadata.
    fn said(metadata: proto::KeyMetadata, behind: &[u8]) -> String {
        let mut inner = metadata.encode_to_vec();
        inner.extend(behind);
        let mut answer = vec![0x0a, u8::try_from(inner.len()).unwrap()];
        answer.extend(inner);
        key(KeySpec::Hmac256, &answer).unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_was_made_is_named_however_bad_the_answer_is() {
        let arn = format!("arn:aws:kms:r:1:key/{ID}");
        let metadata = |key_id: &str, arn: &str| proto::KeyMetadata {
            key_id: key_id.to_owned(),
            arn: arn.to_owned(),
            ..Default::default()
        };
        // A length-delimited field that is longer than what follows.
        let cut = [0x22, 0x7f];
        for (answer, behind, named) in [
            (metadata(ID, &arn), &[][..], arn.as_str()),
            (metadata(ID, &arn), &cut, &arn),
            (metadata(ID, ""), &cut, ID),
            (metadata(ID, "\x1b[2J"), &[], ID),
        ] {
            let said = said(answer, behind);
            assert!(said.starts_with(&format!("a key was made, {named}, and")) && !said.contains('\x1b'), "{said}");
        }
        for (answer, behind) in [(metadata("", ""), &cut[..]), (metadata("\n", "\n"), &[]), (metadata("", ""), &[])] {
            let said = said(answer, behind);
            assert!(said.starts_with("a key was made, and") && said.contains("list-keys"), "{said}");
        }
        let nothing = key(KeySpec::Hmac256, &[]).unwrap_err();
        assert!(matches!(nothing, Local::MadeUnnamed { spec: KeySpec::Hmac256, .. }), "{nothing:?}");
    }
}
