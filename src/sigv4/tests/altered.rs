//! A request that was altered in any signed part does not pass, and neither does what is late, early or for elsewhere.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use time::{Duration, OffsetDateTime};

use super::super::{Refused, Scope, Signed, SigningKey};
use super::{KMS, LIST_KEYS, SECRET, list_keys, now, verify};

#[test]
fn each_signed_part_counts() {
    type Alter = fn(&mut http::request::Parts);
    fn set(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let alterations: [(&str, Alter); 8] = [
        ("the method", |request| request.method = Method::PUT),
        ("the path", |request| request.uri = "/other".parse().unwrap()),
        ("the query", |request| request.uri = "/?a=b".parse().unwrap()),
        ("the host", |request| set(&mut request.headers, "host", "localhost:8445")),
        ("the operation", |request| set(&mut request.headers, "x-amz-target", "TrentService.CreateKey")),
        ("the type", |request| set(&mut request.headers, "content-type", "application/json")),
        ("the moment", |request| set(&mut request.headers, "x-amz-date", "20261125T101001Z")),
        ("a second operation", |request| {
            request.headers.append("x-amz-target", HeaderValue::from_static("TrentService.CreateKey"));
        }),
    ];
    for (part, alter) in alterations {
        let mut request = list_keys();
        alter(&mut request);
        assert_eq!(verify(&request, LIST_KEYS, now()), Err(Refused::Mismatch), "{part}");
    }
    for body in [&b""[..], br#"{"Limit": 8}"#, br#"{"Limit": 7} "#] {
        assert_eq!(verify(&list_keys(), body, now()), Err(Refused::Mismatch));
    }
}

#[test]
fn what_is_added_after_signing_does_not_count() {
    let mut request = list_keys();
    request.headers.insert("user-agent", HeaderValue::from_static("another"));
    request.headers.remove("amz-sdk-request");
    request.headers.insert("x-forwarded-for", HeaderValue::from_static("10.0.0.1"));
    assert_eq!(verify(&request, LIST_KEYS, now()), Ok(()));
}

#[test]
fn each_part_of_the_key_counts() {
    let signed = Signed::read(&list_keys(), LIST_KEYS, &KMS, now()).unwrap();
    assert!(signed.matches(&SigningKey::derive(SECRET, "20261125", "eu-central-1", "kms")));
    let long = "a secret that is longer than the block of its hash, by far: more than sixty-four bytes";
    for (secret, date, region, service) in [
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ", "20261125", "eu-central-1", "kms"),
        ("", "20261125", "eu-central-1", "kms"),
        (long, "20261125", "eu-central-1", "kms"),
        (SECRET, "20261126", "eu-central-1", "kms"),
        (SECRET, "20261125", "eu-west-1", "kms"),
        (SECRET, "20261125", "eu-central-1", "sts"),
    ] {
        assert!(!signed.matches(&SigningKey::derive(secret, date, region, service)), "{secret} {date} {region} {service}");
    }
    let shown = format!("{:?}", SigningKey::derive(SECRET, "20261125", "eu-central-1", "kms"));
    assert_eq!(shown, "SigningKey([redacted])");
}

#[test]
fn each_bit_of_the_signature_counts() {
    let header = list_keys().headers[AUTHORIZATION].to_str().unwrap().to_owned();
    let (before, signature) = header.split_once("Signature=").unwrap();
    for at in 0..signature.len() {
        let mut altered = signature.as_bytes().to_vec();
        altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
        let altered = format!("{before}Signature={}", String::from_utf8(altered).unwrap());
        assert_eq!(with_authorization(&altered), Err(Refused::Mismatch), "{altered}");
    }
    for not_one in [&signature[2..], &format!("{signature}00"), &signature.to_uppercase(), "zz"] {
        assert_eq!(with_authorization(&format!("{before}Signature={not_one}")), Err(Refused::Mismatch), "{not_one}");
    }
}

#[test]
fn five_minutes_either_way_are_borne_and_no_second_more() {
    let at = |offset: Duration| verify(&list_keys(), LIST_KEYS, now() + offset);
    let minutes = Duration::minutes;
    assert_eq!(at(minutes(5)), Ok(()));
    assert_eq!(at(minutes(5) + Duration::milliseconds(999)), Ok(()), "to the second");
    assert_eq!(at(minutes(-5)), Ok(()));
    let expired = at(minutes(5) + Duration::SECOND).unwrap_err().to_string();
    let early = at(minutes(-5) - Duration::SECOND).unwrap_err().to_string();
    let expected = "Signature expired: 20261125T101000Z is now earlier than 20261125T101001Z (20261125T101501Z - 5 min.)";
    assert_eq!(expired, expected);
    let expected =
        "Signature not yet current: 20261125T101000Z is still later than 20261125T100959Z (20261125T100459Z + 5 min.)";
    assert_eq!(early, expected);
    let far = verify(&list_keys(), LIST_KEYS, OffsetDateTime::UNIX_EPOCH);
    assert!(matches!(far, Err(Refused::NotYetCurrent { .. })));
}

#[test]
fn another_scope_is_named() {
    let refusal = |region, service| {
        let scope = Scope { region, service };
        Signed::read(&list_keys(), LIST_KEYS, &scope, now()).unwrap_err().to_string()
    };
    assert_eq!(refusal("eu-west-1", "kms"), "Credential should be scoped to a valid region. ");
    assert_eq!(refusal("eu-central-1", "sts"), "Credential should be scoped to correct service: 'sts'. ");
    let header = list_keys().headers[AUTHORIZATION].to_str().unwrap().to_owned();
    let terminator = with_authorization(&header.replace("aws4_request", "aws5_request")).unwrap_err().to_string();
    assert_eq!(terminator, "Credential should be scoped with a valid terminator: 'aws4_request'. ");
    let day = with_authorization(&header.replace("/20261125/", "/20261124/")).unwrap_err().to_string();
    assert_eq!(
        day,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261124' != '20261125', from '20261125T101000Z'."
    );
}

fn with_authorization(header: &str) -> Result<(), Refused> {
    let mut request = list_keys();
    request.headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
    verify(&request, LIST_KEYS, now())
}
