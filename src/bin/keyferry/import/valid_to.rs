//! `--valid-to`: a moment, or how long from now.

use std::time::Duration;

use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{Expiration, Timestamp};

/// The service takes no later end.
const MOST_DAYS: u64 = 365;

/// Takes RFC 3339, and durations such as `90d`. What the service would refuse is refused here, before a key is made.
pub(super) fn parse(text: &str) -> Result<Expiration, String> {
    from(text, SystemClock.now())
}

fn from(text: &str, now: Timestamp) -> Result<Expiration, String> {
    let moment = Timestamp::parse_rfc3339(text).or_else(|| humantime::parse_duration(text).ok().map(|span| now.after(span)));
    let expected = "neither a time of RFC 3339, such as 2026-12-01T12:00:00Z, nor a duration, such as 90d or 12h";
    match moment {
        None => Err(expected.to_owned()),
        Some(end) if end <= now => {
            Err("it must be in the future; leave it away for material that does not expire".to_owned())
        }
        Some(end) if end > now.after(Duration::from_secs(MOST_DAYS * 24 * 60 * 60)) => {
            Err(format!("it must be at most {MOST_DAYS} days from now; leave it away for material that does not expire"))
        }
        Some(end) => Ok(Expiration::At(end)),
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
        assert_eq!(from("1970-01-01T02:00:00+01:00", now), at(3_600_000));
        assert_eq!(from("90d", now), at(1_000 + 90 * 86_400_000));
        assert_eq!(from("1h 30m", now), at(1_000 + 5_400_000));
        for text in ["", "soon", "90", "-1d", "2026-12-01"] {
            assert!(from(text, now).unwrap_err().starts_with("neither a time"), "{text}");
        }
    }

    #[test]
    fn an_end_that_the_service_would_refuse_is_refused() {
        let now = Timestamp::from_millis(1_000);
        assert!(from("365d", now).is_ok() && from("1ms", now).is_ok());
        for text in ["1970-01-01T00:00:01Z", "0s"] {
            assert!(from(text, now).unwrap_err().starts_with("it must be in the future"), "{text}");
        }
        for text in ["365d 1ms", "2026-12-01T12:00:00Z"] {
            assert!(from(text, now).unwrap_err().starts_with("it must be at most 365 days from now"), "{text}");
        }
    }
}
