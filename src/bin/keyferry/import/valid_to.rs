//! `--valid-to`: a moment, or how long from now.

use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{Expiration, Timestamp};

/// Takes RFC 3339, and durations such as `90d`.
pub(super) fn parse(text: &str) -> Result<Expiration, String> {
    from(text, SystemClock.now())
}

fn from(text: &str, now: Timestamp) -> Result<Expiration, String> {
    let moment = Timestamp::parse_rfc3339(text).or_else(|| humantime::parse_duration(text).ok().map(|span| now.after(span)));
    let expected = "neither a time of RFC 3339, such as 2026-12-01T12:00:00Z, nor a duration, such as 90d or 12h";
    moment.map(Expiration::At).ok_or_else(|| expected.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_taken_as_it_is_and_a_duration_from_now() {
        let now = Timestamp::from_millis(1_000);
        let at = |millis| Ok(Expiration::At(Timestamp::from_millis(millis)));
        assert_eq!(from("1970-01-01T01:00:00+01:00", now), at(0));
        assert_eq!(from("90d", now), at(1_000 + 90 * 86_400_000));
        assert_eq!(from("1h 30m", now), at(1_000 + 5_400_000));
        for text in ["", "soon", "90", "-1d", "2026-12-01"] {
            assert!(from(text, now).unwrap_err().starts_with("neither a time"), "{text}");
        }
    }
}
