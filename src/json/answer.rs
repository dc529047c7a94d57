//! Answers: members under the reference's names, those that are absent left out.

use std::io::Write;

use base64ct::{Base64, Encoding};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde_json::{Map, Number, Value};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use super::body::{self, Body};
use crate::model::Timestamp;

/// What the protocol calls its bodies.
pub(super) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// The members of an answer. Wiped when dropped, for some are secret; prints none of them.
#[derive(Default)]
pub(super) struct Answer(Map<String, Value>);

impl Answer {
    /// An operation that answers nothing.
    pub(super) fn nothing((): ()) -> Self {
        Self::default()
    }

    /// An answer of these members; those that are null are left out.
    pub(super) fn of<const N: usize>(members: [(&str, Value); N]) -> Self {
        Self(present(members))
    }

    /// An answer with one more member.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.extend(present([(name, value)]));
        self
    }

    /// The members of a page: where there are more, the marker of the next.
    pub(super) fn page(self, next_marker: Option<String>) -> Self {
        self.with("Truncated", next_marker.is_some().into()).with("NextMarker", next_marker.into())
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Wipes every text in a value.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A structure of these members; those that are null are left out.
pub(super) fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(present(members))
}

fn present<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    present.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Bytes, as the protocol writes them: base64, padded.
pub(super) fn blob(bytes: &[u8]) -> Value {
    Base64::encode_string(bytes).into()
}

/// A moment, as the protocol writes it: seconds since 1970, with milliseconds.
pub(super) fn moment(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any year that is meant fit into 53 bits")]
    let seconds = at.as_millis() as f64 / 1000.0;
    Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}

/// The answer as it goes over the wire. One without members has no body.
pub(super) fn response(request_id: Uuid, answer: &Answer) -> Response<Body> {
    let mut text = Writer(Zeroizing::new(Vec::with_capacity(512)));
    if !answer.0.is_empty() {
        // Into memory: there is nothing to fail.
        let _written = serde_json::to_writer(&mut text, &answer.0);
    }
    let mut response = Response::new(body::of(text.0));
    name(&mut response, request_id);
    response
}

/// Puts into a response what every one has.
pub(super) fn name(response: &mut Response<Body>, request_id: Uuid) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    if let Ok(id) = HeaderValue::try_from(request_id.to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
}

/// A buffer that leaves nothing behind where it grows.
struct Writer(Zeroizing<Vec<u8>>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.capacity() < self.0.len() + bytes.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * (self.0.len() + bytes.len())));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_number_of_seconds_with_milliseconds() {
        assert_eq!(moment(Timestamp::from_millis(1_480_632_737_044)).to_string(), "1480632737.044");
        assert_eq!(moment(Timestamp::from_millis(1_796_083_200_000)).to_string(), "1796083200.0");
    }

    #[test]
    fn what_is_absent_is_left_out_and_nothing_secret_is_printed() {
        let answer = Answer::of([("A", Value::Null), ("Plaintext", blob(b"\xffsecret"))]).page(None);
        assert_eq!(format!("{answer:?}"), r#"{"Plaintext", "Truncated"}"#);
    }
}
