//! `--valid-to`: a moment, or how long from now.

use std::time::Duration;

use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{Expiration, Timestamp};

/// The reference's limit.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// Takes RFC 3339, and durations such as `90d`.
pub(super) fn parse(text: &str) -> Result<Expiration, String> {
    from(text, SystemClock.now())
}

fn from(text: &str, now: Timestamp) -> Result<Expiration, String> {
    let moment = Timestamp::parse_rfc3339(text).or_else(|| humantime::parse_duration(text).ok().map(|span| now.after(span)));
    let expected = "neither a time of RFC 3339, such as 2026-12-01T12:00:00Z, nor a duration, such as 90d or 12h";
    let moment = moment.ok_or(expected)?;
    // The service says so too, but only when the key is made.
    match moment {
        _ if moment <= now => Err("not in the future".to_owned()),
        _ if moment > now.after(LONGEST) => {
            Err("more than 365 days ahead, which is the longest that a service takes".to_owned())
        }
        _ => Ok(Expiration::At(moment)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_taken_as_it_is_and_a_duration_from_now() {
        let now = Timestamp::from_millis(1_000);
        let at = |millis| Ok(Expiration::At(Timestamp::from_millis(millis)));
        assert_eq!(from("1970-01-01T01:00:02+01:00", now), at(2_000));
        assert_eq!(from("90d", now), at(1_000 + 90 * 86_400_000));
        assert_eq!(from("1h 30m", now), at(1_000 + 5_400_000));
        assert_eq!(from("1970-01-01T00:00:01Z", now).unwrap_err(), "not in the future");
        assert_eq!(from("365d", now), at(1_000 + 365 * 86_400_000));
        for text in ["366d", "9999-01-01T00:00:00Z", "100000y"] {
            assert!(from(text, now).unwrap_err().starts_with("more than 365 days ahead"), "{text}");
        }
        for text in ["", "soon", "90", "-1d", "2026-12-01"] {
            assert!(from(text, now).unwrap_err().starts_with("neither a time"), "{text}");
        }
    }
}
