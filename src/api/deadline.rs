//! Until when a caller waits: the `grpc-timeout` header (gRPC over HTTP/2, "Requests").

use std::time::{Duration, Instant};

use tonic::metadata::MetadataMap;

/// The longest that any caller is waited for.
pub(super) const MOST: Duration = Duration::from_secs(300);

/// When the caller of a request that has just come stops waiting; `None` where it does not say, or not intelligibly.
pub(super) fn of(metadata: &MetadataMap) -> Option<Instant> {
    let timeout = parse(metadata.get("grpc-timeout")?.to_str().ok()?)?;
    Some(Instant::now() + timeout.min(MOST))
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
    fn nobody_is_waited_for_longer_than_five_minutes() {
        let mut metadata = MetadataMap::new();
        assert_eq!(of(&metadata), None);
        metadata.insert("grpc-timeout", "99999999H".parse().unwrap());
        assert!(of(&metadata).unwrap() <= Instant::now() + MOST);
        metadata.insert("grpc-timeout", "soon".parse().unwrap());
        assert_eq!(of(&metadata), None);
    }
}
