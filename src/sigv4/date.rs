//! When a request was signed: ISO 8601's basic form, to the second, in UTC.

use http::request::Parts;
use time::format_description::well_known::Rfc2822;
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

use super::Refused;
use super::canonical::value;
use super::refused::shortened;

/// How far a signature may be from now, either way.
const TOLERANCE: Duration = Duration::minutes(5);

/// The header that says when. `Date` serves where there is no other, in its own form too.
pub(super) fn header(parts: &Parts) -> &'static str {
    if parts.headers.contains_key("x-amz-date") { "x-amz-date" } else { "date" }
}

/// When it was signed.
pub(super) fn of(parts: &Parts) -> Result<OffsetDateTime, Refused> {
    let text = String::from_utf8_lossy(&value(parts, header(parts))).into_owned();
    let by_http = || OffsetDateTime::parse(&text, &Rfc2822).ok().filter(|_| header(parts) == "date");
    let moment = parse(&text).or_else(by_http).map(|moment| moment.to_offset(UtcOffset::UTC));
    // No later year can be written so.
    moment.filter(|moment| (0..=9999).contains(&moment.year())).ok_or_else(|| {
        let got = shortened(&text);
        Refused::Incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{got}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

/// Refuses what was signed too long ago, or is yet to be.
pub(super) fn require_recent(signed_at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Refused> {
    // To the second, as what it is compared with.
    let now = now.to_offset(UtcOffset::UTC);
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let (earliest, latest) = (now.saturating_sub(TOLERANCE), now.saturating_add(TOLERANCE));
    if signed_at < earliest {
        return Err(Refused::Expired { signed_at: basic(signed_at), earliest: basic(earliest), now: basic(now) });
    }
    if signed_at > latest {
        return Err(Refused::NotYetCurrent { signed_at: basic(signed_at), latest: basic(latest), now: basic(now) });
    }
    Ok(())
}

/// `yyyymmddThhmmssZ`.
pub(super) fn basic(moment: OffsetDateTime) -> String {
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = moment.to_hms();
    format!("{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z", u8::from(month))
}

fn parse(text: &str) -> Option<OffsetDateTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !(date.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let two = |text: &str, at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let month = Month::try_from(two(date, 4)?).ok()?;
    let date = Date::from_calendar_date(date.get(..4)?.parse().ok()?, month, two(date, 6)?).ok()?;
    let time = Time::from_hms(two(time, 0)?, two(time, 2)?, two(time, 4)?).ok()?;
    Some(date.with_time(time).assume_utc())
}
