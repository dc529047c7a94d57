//! Moments: seconds and nanoseconds on the wire, milliseconds inside.

use prost_types::Timestamp as Wire;

use crate::model::{Invalid, Timestamp};

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: the range of google.protobuf.Timestamp.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A moment that came over the wire; what is finer than a millisecond is dropped.
///
/// # Errors
/// Where it is none that google.protobuf.Timestamp allows.
pub(in crate::api) fn moment(field: &'static str, wire: Wire) -> Result<Timestamp, Invalid> {
    if !SECONDS.contains(&wire.seconds) || !(0..1_000_000_000).contains(&wire.nanos) {
        return Err(Invalid::new(
            field,
            format!(
                "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must be a timestamp between 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999999Z"
            ),
        ));
    }
    Ok(Timestamp::from_millis(wire.seconds * 1000 + i64::from(wire.nanos / 1_000_000)))
}

/// A moment for the wire.
pub(in crate::api) fn wire(moment: Timestamp) -> Wire {
    let millis = moment.as_millis();
    let nanos = i32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    Wire { seconds: millis.div_euclid(1000), nanos }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_to_the_millisecond() {
        for millis in [0, 1, 999, 1000, 1_480_632_737_044, -1, -1001, 253_402_300_799_999] {
            let moment_then = Timestamp::from_millis(millis);
            assert_eq!(moment("validTo", wire(moment_then)), Ok(moment_then));
        }
        assert_eq!(moment("validTo", Wire { seconds: 1, nanos: 999_999_999 }), Ok(Timestamp::from_millis(1999)));
    }

    #[test]
    fn what_is_no_moment_is_refused_at_its_field() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0), (253_402_300_800, 0)] {
            assert_eq!(moment("validTo", Wire { seconds, nanos }).unwrap_err().field, "validTo");
        }
    }
}
