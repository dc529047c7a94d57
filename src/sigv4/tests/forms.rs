//! What is no signature of the form that is read is told what it lacks, and is not repeated.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};

use super::super::Refused;
use super::super::refused::hashed;
use super::{LIST_KEYS, SECRET, list_keys, now, verify};

fn refusal(authorization: &str) -> String {
    let mut request = list_keys();
    request.headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
    match verify(&request, LIST_KEYS, now()) {
        Err(Refused::Incomplete(message)) => message,
        other => panic!("{authorization}: {other:?}"),
    }
}

fn authorization() -> String {
    list_keys().headers[AUTHORIZATION].to_str().unwrap().to_owned()
}

#[test]
fn a_request_without_a_signature_is_told_so() {
    let mut request = list_keys();
    request.headers.remove(AUTHORIZATION);
    assert_eq!(verify(&request, LIST_KEYS, now()), Err(Refused::Missing));
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static(""));
    let refusal = verify(&request, LIST_KEYS, now()).unwrap_err();
    assert_eq!(refusal.to_string(), "Missing Authentication Token");
}

#[test]
fn the_other_forms_are_refused_by_their_names() {
    let mut request = list_keys();
    request.method = Method::GET;
    for query in ["/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", "/?x-amz-signature=00"] {
        request.uri = query.parse().unwrap();
        assert_eq!(verify(&request, b"", now()), Err(Refused::InQuery), "{query}");
        request.headers.remove(AUTHORIZATION);
    }
    let curves = authorization().replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    let expected = "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ";
    assert_eq!(refusal(&curves), expected);
}

#[test]
fn each_parameter_that_is_missing_is_named() {
    let whole = "AWS4-HMAC-SHA256 Credential=a/20261125/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=00";
    for (without, named) in [
        (whole.replace("Credential", "Cred"), "Authorization header requires 'Credential' parameter. "),
        (whole.replace("Signature", "Sig"), "Authorization header requires 'Signature' parameter. "),
        (whole.replace("SignedHeaders=host", "SignedHeaders="), "Authorization header requires 'SignedHeaders' parameter. "),
    ] {
        let hash = hashed(without.as_bytes());
        let expected = format!("{named}(Hashed with SHA-256 and encoded with Base64) Authorization={hash}");
        assert_eq!(refusal(&without), expected);
    }
    let mut request = list_keys();
    request.headers.remove("x-amz-date");
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static("AWS4-HMAC-SHA256"));
    let message = verify(&request, LIST_KEYS, now()).unwrap_err().to_string();
    let expected = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
                    Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of \
                    either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn spaces_and_order_are_free() {
    let header = authorization();
    let [first, second, third] = header.split_once(' ').unwrap().1.split(", ").collect::<Vec<_>>().try_into().unwrap();
    for same in [
        format!("AWS4-HMAC-SHA256 {first},{second},{third}"),
        format!("AWS4-HMAC-SHA256   {third} ,  {first}, {second},"),
        header.replace("content-type;host;x-amz-date;x-amz-target", "X-Amz-Target;Host;Content-Type;X-Amz-Date"),
    ] {
        let mut request = list_keys();
        request.headers.insert(AUTHORIZATION, HeaderValue::from_str(&same).unwrap());
        assert_eq!(verify(&request, LIST_KEYS, now()), Ok(()), "{same}");
    }
    let twice = refusal(&format!("{header}, Credential=other/20261125/eu-central-1/kms/aws4_request"));
    assert!(twice.starts_with("Authorization header has two 'Credential' parameters. "), "{twice}");
    let mut two_headers = list_keys();
    two_headers.headers.append(AUTHORIZATION, HeaderValue::from_static("Basic eA=="));
    assert!(matches!(verify(&two_headers, LIST_KEYS, now()), Err(Refused::Incomplete(_))));
}

#[test]
fn a_secret_that_was_sent_by_mistake_is_not_repeated() {
    let header = authorization();
    for mistaken in [
        format!("Bearer {SECRET}"),
        SECRET.to_owned(),
        format!("AWS4-HMAC-SHA256 {SECRET}"),
        header.replace("AKIAKEYFERRYEXAMPLE7", SECRET),
        header.replace("AKIAKEYFERRYEXAMPLE7/20261125", SECRET),
    ] {
        let mut request = list_keys();
        request.headers.insert(AUTHORIZATION, HeaderValue::from_str(&mistaken).unwrap());
        let message = verify(&request, LIST_KEYS, now()).unwrap_err().to_string();
        assert!(!message.contains(&SECRET[..8]) && !message.contains("MDENG"), "{message}");
    }
}

#[test]
fn what_must_be_signed_is_named_where_it_is_not() {
    let header = authorization();
    for (names, expected) in [
        (
            "content-type;x-amz-date;x-amz-target",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        ("host;x-amz-date;x-amz-target", "'content-type' must be a 'SignedHeader' in the AWS Authorization."),
        ("content-type;host;x-amz-target", "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."),
        ("content-type;host;x-amz-date", "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."),
        (
            "content-type;host;range;x-amz-date;x-amz-target",
            "A 'SignedHeader' in the AWS Authorization is not in the request.",
        ),
    ] {
        let mut request = list_keys();
        let header = header.replace("content-type;host;x-amz-date;x-amz-target", names);
        request.headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
        assert_eq!(verify(&request, LIST_KEYS, now()).unwrap_err().to_string(), expected, "{names}");
    }
}

#[test]
fn the_date_header_serves_where_there_is_no_other() {
    let header = authorization().replace("content-type;host;x-amz-date;x-amz-target", "content-type;date;host;x-amz-target");
    let outcome = |date: &'static str| {
        let mut request = list_keys();
        request.headers.remove("x-amz-date");
        request.headers.insert("date", HeaderValue::from_bytes(date.as_bytes()).unwrap());
        request.headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
        verify(&request, LIST_KEYS, now())
    };
    // As far as the signature, which is over another header.
    for good in ["20261125T101000Z", "Wed, 25 Nov 2026 10:10:00 GMT", "Wed, 25 Nov 2026 11:10:00 +0100"] {
        assert_eq!(outcome(good), Err(Refused::Mismatch), "{good}");
    }
    for bad in ["2026-11-25T10:10:00Z", "20261125", "20261325T101000Z", "20261125T106000Z", "2026112ＴT101000Z", ""] {
        let Err(Refused::Incomplete(message)) = outcome(bad) else { panic!("{bad}") };
        let expected =
            format!("Date must be in ISO-8601 'basic format'. Got '{bad}'. See http://en.wikipedia.org/wiki/ISO_8601");
        assert_eq!(message, expected);
    }
    let mut request = list_keys();
    request.headers.insert("x-amz-date", HeaderValue::from_static("Wed, 25 Nov 2026 10:10:00 GMT"));
    assert!(matches!(verify(&request, LIST_KEYS, now()), Err(Refused::Incomplete(_))));
}
