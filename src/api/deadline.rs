//! Until when a caller waits: the `grpc-timeout` header (gRPC over HTTP/2, "Requests").

use std::time::{Duration, Instant};

use tonic::metadata::MetadataMap;

/// The longest that any caller is waited for.
pub(super) const MOST: Duration = Duration::from_secs(300);

/// How much earlier we give up than the transport, whose own refusal says neither why nor which call it was.
const BEFORE_THE_TRANSPORT: Duration = Duration::from_millis(20);

/// When the caller of a request that has just come stops waiting; as long as any, where it does not say, or not intelligibly.
pub(super) fn of(metadata: &MetadataMap) -> Instant {
    let asked = metadata.get("grpc-timeout").and_then(|value| parse(value.to_str().ok()?));
    Instant::now() + asked.unwrap_or(MOST).min(MOST).saturating_sub(BEFORE_THE_TRANSPORT)
}

/// At most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let digits = text.get(..text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse().ok()?;
    Some(match text.as_bytes().last()? {
        b'H' => Duration::from_secs(value * 60 * 60),
        b'M' => Duration::from_secs(value * 60),
        b'S' => Duration::from_secs(value),
        b'm' => Duration::from_millis(value),
        b'u' => Duration::from_micros(value),
        b'n' => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_number_and_a_unit() {
        #[rustfmt::skip]
        let cases = [
            ("1H",         Some(Duration::from_secs(3600))),
            ("2M",         Some(Duration::from_secs(120))),
            ("3S",         Some(Duration::from_secs(3))),
            ("4m",         Some(Duration::from_millis(4))),
            ("5u",         Some(Duration::from_micros(5))),
            ("6n",         Some(Duration::from_nanos(6))),
            ("0m",         Some(Duration::ZERO)),
            ("99999999H",  Some(Duration::from_secs(99_999_999 * 3600))),
            ("100000000m", None), // nine digits
            ("",           None),
            ("S",          None),
            ("1",          None),
            ("1s",         None),
            ("-1S",        None),
            ("+1S",        None),
            ("1.5S",       None),
            ("1é",         None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nobody_is_waited_for_longer_than_five_minutes_and_everybody_a_little_less_than_they_asked() {
        let waits = |timeout: Option<&str>| {
            let mut metadata = MetadataMap::new();
            if let Some(timeout) = timeout {
                metadata.insert("grpc-timeout", timeout.parse().unwrap());
            }
            of(&metadata)
        };
        for timeout in [None, Some("soon"), Some("99999999H")] {
            assert!(waits(timeout) < Instant::now() + MOST, "{timeout:?}");
        }
        assert!(waits(Some("2S")) < Instant::now() + Duration::from_secs(2));
        assert!(waits(Some("1m")) <= Instant::now(), "at once, and not in the past for ever");
    }
}
