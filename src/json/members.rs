//! The members of a request, by the reference's names; what is not of the type that it should be is refused.
//!
//! Fields are named as the reference names them in its messages, in lowerCamelCase; on the wire they begin with a capital.
//! Members that an operation does not know are passed over, as the reference does it: its clients are newer than this.

use base64ct::{Base64, Encoding};
use secrecy::SecretSlice;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::answer::wipe;
use crate::model::{Invalid, Timestamp};
use crate::service::{EncryptionContext, Error, Options};

/// The members of a request that nobody has read yet. Wiped when dropped, for some are secret.
pub(super) struct Members(Map<String, Value>);

impl Drop for Members {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

impl Members {
    /// Reads a body. An empty one has no members.
    ///
    /// # Errors
    /// Where it is not a JSON object.
    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        // The reason would quote the body, which may be secret.
        let members = serde_json::from_slice(body);
        members.map(Self).map_err(|_| Error::Unreadable("the body is not a JSON object".to_owned()))
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        let mut name = field.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        self.0.get_mut(&name).map(Value::take).filter(|value| !value.is_null())
    }

    /// Whether there is one, whatever it is.
    pub(super) fn has(&mut self, field: &'static str) -> bool {
        self.take(field).is_some()
    }

    /// A text, where there is one.
    pub(super) fn text(&mut self, field: &'static str) -> Result<Option<String>, Error> {
        self.take(field).map(|value| into_text(field, value)).transpose()
    }

    /// A text that must be there.
    pub(super) fn required_text(&mut self, field: &'static str) -> Result<String, Error> {
        Ok(self.text(field)?.ok_or_else(|| Invalid::missing(field))?)
    }

    /// A whole number.
    pub(super) fn integer(&mut self, field: &'static str) -> Result<Option<i32>, Error> {
        let number = |value: Value| value.as_i64().and_then(|number| i32::try_from(number).ok());
        self.take(field).map(|value| number(value).ok_or_else(|| not_of(field, "a whole number of 32 bits"))).transpose()
    }

    /// Yes or no; no where absent.
    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, Error> {
        let flag = self.take(field).map(|value| value.as_bool().ok_or_else(|| not_of(field, "true or false")));
        Ok(flag.transpose()?.unwrap_or_default())
    }

    /// A moment: seconds since 1970, whole or not.
    pub(super) fn moment(&mut self, field: &'static str) -> Result<Option<Timestamp>, Error> {
        let millis = |value: Value| {
            let seconds = value.as_f64().filter(|seconds| seconds.abs() < 1e12)?;
            #[expect(clippy::cast_possible_truncation, reason = "it is below 10^15")]
            Some(Timestamp::from_millis((seconds * 1000.0).round() as i64))
        };
        self.take(field).map(|value| millis(value).ok_or_else(|| not_of(field, "seconds since 1970"))).transpose()
    }

    /// Bytes, as base64; none where absent.
    pub(super) fn blob(&mut self, field: &'static str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let text = Zeroizing::new(into_text(field, value)?);
        let bytes = Base64::decode_vec(&text).map_err(|_| not_of(field, "base64 with its padding"))?;
        Ok(Some(Zeroizing::new(bytes)))
    }

    /// Bytes that must be there.
    pub(super) fn required_blob(&mut self, field: &'static str) -> Result<Vec<u8>, Error> {
        let mut bytes = self.blob(field)?.ok_or_else(|| Invalid::missing(field))?;
        Ok(std::mem::take(&mut *bytes))
    }

    /// Secret bytes that must be there.
    pub(super) fn required_secret(&mut self, field: &'static str) -> Result<SecretSlice<u8>, Error> {
        Ok(self.required_blob(field)?.into())
    }

    /// A list of texts; `None` where absent.
    pub(super) fn texts(&mut self, field: &'static str) -> Result<Option<Vec<String>>, Error> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(not_of(field, "a list")) };
        items.into_iter().map(|item| into_text(field, item)).collect::<Result<_, Error>>().map(Some)
    }

    /// A list of structures with two texts each; `None` where absent.
    pub(super) fn pairs(
        &mut self,
        field: &'static str,
        of: [&'static str; 2],
    ) -> Result<Option<Vec<(String, String)>>, Error> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(not_of(field, "a list")) };
        let pair = |item: Value| {
            let Value::Object(members) = item else { return Err(not_of(field, "a list of structures")) };
            let mut members = Self(members);
            Ok((members.required_text(of[0])?, members.required_text(of[1])?))
        };
        items.into_iter().map(pair).collect::<Result<_, Error>>().map(Some)
    }

    /// Names and values.
    pub(super) fn context(&mut self, field: &'static str) -> Result<EncryptionContext, Error> {
        let Some(value) = self.take(field) else { return Ok(EncryptionContext::new()) };
        let Value::Object(members) = value else { return Err(not_of(field, "a structure")) };
        members.into_iter().map(|(name, value)| Ok((name, into_text(field, value)?))).collect()
    }

    /// What every use of a key may say besides.
    pub(super) fn options(&mut self) -> Result<Options, Error> {
        Ok(Options {
            grant_tokens: self.texts("grantTokens")?.unwrap_or_default(),
            dry_run: self.flag("dryRun")?,
            for_recipient: self.has("recipient"),
        })
    }
}

fn into_text(field: &'static str, value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(not_of(field, "a text")),
    }
}

fn not_of(field: &'static str, expected: &str) -> Error {
    Error::Unreadable(format!("{field}: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> Members {
        Members::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn members_are_what_they_should_be_or_refused_without_their_values() {
        let all = r#"{"KeyId":"x","Limit":5,"DryRun":true,"ValidTo":1796083200,"Plaintext":"AAE=","Tags":[{"TagKey":"a","TagValue":"b"}],"EncryptionContext":{"k":"v"},"Unknown":{}}"#;
        let mut good = members(all);
        assert_eq!(good.required_text("keyId").unwrap(), "x");
        assert_eq!(good.integer("limit").unwrap(), Some(5));
        assert!(good.flag("dryRun").unwrap());
        assert_eq!(good.moment("validTo").unwrap(), Some(Timestamp::from_millis(1_796_083_200_000)));
        assert_eq!(good.required_blob("plaintext").unwrap(), [0, 1]);
        assert_eq!(good.pairs("tags", ["tagKey", "tagValue"]).unwrap().unwrap(), [("a".to_owned(), "b".to_owned())]);
        assert_eq!(good.context("encryptionContext").unwrap()["k"], "v");

        let bad = r#"{"KeyId":7,"Limit":5000000000,"DryRun":"yes","ValidTo":"soon","Plaintext":"s3cret!","Tags":{},"EncryptionContext":[]}"#;
        let mut bad = members(bad);
        let refusals = [
            bad.text("keyId").unwrap_err(),
            bad.integer("limit").unwrap_err(),
            bad.flag("dryRun").unwrap_err(),
            bad.moment("validTo").unwrap_err(),
            bad.blob("plaintext").unwrap_err(),
            bad.pairs("tags", ["tagKey", "tagValue"]).unwrap_err(),
            bad.context("encryptionContext").unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.kind().as_str(), "SerializationException");
            assert!(!refusal.to_string().contains("s3cret"), "{refusal}");
        }
    }

    #[test]
    fn what_must_be_there_is_asked_for_by_name() {
        let refusal = members("{}").required_text("keyId").unwrap_err().to_string();
        assert_eq!(
            refusal,
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        );
        assert!(Members::read(b"").unwrap().text("keyId").unwrap().is_none());
        for body in ["[]", "\"x\"", "{", "{\"KeyId\":\"s3cret"] {
            let refusal = Members::read(body.as_bytes()).err().unwrap();
            assert_eq!(refusal.to_string(), "the body is not a JSON object");
        }
    }
}
