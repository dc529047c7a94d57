//! Held to the published test suite, to requests that botocore signed, and to every way to alter one.

mod altered;
mod botocore;
mod forms;
mod suite;

use http::Request;
use http::request::Parts;
use time::{Date, Month, OffsetDateTime, Time};

use super::{Refused, Scope, Signed, SigningKey};

/// The published examples' secret.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

const KMS: Scope<'static> = Scope { region: "eu-central-1", service: "kms" };

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn at(year: i32, month: Month, day: u8, hour: u8, minute: u8, second: u8) -> OffsetDateTime {
    let time = Time::from_hms(hour, minute, second).unwrap();
    Date::from_calendar_date(year, month, day).unwrap().with_time(time).assume_utc()
}

/// When botocore signed.
fn now() -> OffsetDateTime {
    at(2026, Month::November, 25, 10, 10, 0)
}

/// ListKeys, as botocore 1.43.11 sends it at [`now`].
fn list_keys() -> Parts {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAKEYFERRYEXAMPLE7/20261125/eu-central-1/kms/aws4_request, \
                         SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
                         Signature=4ece8680088048cd82984474fce73bb047d7f4074def50d3ebab385506748dbb";
    let headers = [
        ("host", "localhost:8444"),
        ("x-amz-target", "TrentService.ListKeys"),
        ("content-type", "application/x-amz-json-1.1"),
        ("user-agent", "Botocore/1.43.11 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11.7"),
        ("x-amz-date", "20261125T101000Z"),
        ("authorization", authorization),
        ("amz-sdk-invocation-id", "f54610ea-8ca4-43b5-b3f0-d79dc0d0d601"),
        ("amz-sdk-request", "attempt=1"),
        ("content-length", "12"),
    ];
    parts("POST", "/", &headers)
}

/// Its body.
const LIST_KEYS: &[u8] = br#"{"Limit": 7}"#;

/// Whether the request passes with the examples' secret; [`Refused::Mismatch`] where it does not.
fn verify(parts: &Parts, body: &[u8], now: OffsetDateTime) -> Result<(), Refused> {
    let signed = Signed::read(parts, body, &KMS, now)?;
    let key = SigningKey::derive(SECRET, signed.date(), KMS.region, KMS.service);
    signed.matches(&key).then_some(()).ok_or(Refused::Mismatch)
}
