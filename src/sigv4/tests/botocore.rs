//! What botocore 1.43.11 signs, passes.
//!
//! Recorded on 2026-11-25 from a `kms` client with the endpoint https://localhost:8444, region eu-central-1, access key
//! AKIAKEYFERRYEXAMPLE7 and the published examples' secret, whose clock (`botocore.auth.get_current_datetime`) stood at
//! 2026-11-25T10:10:00Z, by a `before-send` hook that prints the request; the two of another form by its `SigV4Auth` alone.

use super::super::{Refused, Signed};
use super::{KMS, LIST_KEYS, list_keys, now, parts, verify};

fn sent(target: &str, names: &str, signature: &str, more: &[(&str, &str)]) -> http::request::Parts {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAKEYFERRYEXAMPLE7/20261125/eu-central-1/kms/aws4_request, SignedHeaders={names}, Signature={signature}"
    );
    let mut headers = vec![("host", "localhost:8444"), ("x-amz-date", "20261125T101000Z")];
    headers.extend(more);
    headers.push(("authorization", &authorization));
    parts("POST", target, &headers)
}

#[test]
fn a_call_of_the_client_passes_and_says_whose_it_is() {
    let request = list_keys();
    let signed = Signed::read(&request, LIST_KEYS, &KMS, now()).unwrap();
    assert_eq!((signed.access_key_id(), signed.date()), ("AKIAKEYFERRYEXAMPLE7", "20261125"));
    assert_eq!(verify(&request, LIST_KEYS, now()), Ok(()));
    let shown = format!("{signed:?}");
    assert!(!shown.contains("AKIA") && !shown.contains("4ece86"), "{shown}");
}

#[test]
fn a_body_that_was_escaped_passes() {
    let more = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "TrentService.DescribeKey")];
    let signature = "2d81ddbf95d1d41b47039650751f6fcbd2b08384a459841495fa1d2be3258345";
    let request = sent("/", "content-type;host;x-amz-date;x-amz-target", signature, &more);
    assert_eq!(verify(&request, br#"{"KeyId": "alias/f\u00fcr"}"#, now()), Ok(()));
}

#[test]
fn a_path_and_a_query_pass_as_they_are_and_in_no_other_way() {
    let signature = "bbaed17555586c759b7c67b7c7a4de0445303cf31d409ed37007ea1eb8a4887f";
    for same in ["/a%20b/./c//d?b=2&a=%C3%BC&a=1&c", "/a%20b/c/d?a=1&a=%c3%bc&b=2&c="] {
        assert_eq!(verify(&sent(same, "host;x-amz-date", signature, &[]), b"{}", now()), Ok(()), "{same}");
    }
    for other in ["/a%20b/c/d", "/a%20b/c/d/?b=2&a=%C3%BC&a=1&c", "/a%20b/c/d?b=2&a=%C3%BC&a=1&c&e", "/?b=2&a=%C3%BC&a=1&c"]
    {
        let refusal = verify(&sent(other, "host;x-amz-date", signature, &[]), b"{}", now());
        assert_eq!(refusal, Err(Refused::Mismatch), "{other}");
    }
}

#[test]
fn the_hash_of_the_body_in_a_header_passes_where_it_is_the_bodys() {
    let signature = "f065f0e56f4ccd7467ee74eae68a0c866f421f60857ae084456fb5ccbce78af8";
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let names = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target";
    let more = |hash| {
        let operation = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "TrentService.ListKeys")];
        [operation[0], operation[1], ("x-amz-content-sha256", hash)]
    };
    assert_eq!(verify(&sent("/", names, signature, &more(hash)), b"{}", now()), Ok(()));
    assert_eq!(verify(&sent("/", names, signature, &more(hash)), b"[]", now()), Err(Refused::AlteredBody));
    for not_the_hash in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        let refusal = verify(&sent("/", names, signature, &more(not_the_hash)), b"{}", now());
        assert_eq!(refusal, Err(Refused::AlteredBody), "{not_the_hash}");
    }
}

#[test]
fn a_session_token_is_refused_in_words_that_help() {
    let more = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "TrentService.ListKeys"),
        ("x-amz-security-token", "a-session-token"),
    ];
    let signature = "4e33ef713a5bc83df20bd425afc0b1389ffa016379052c47ebe68e558a494371";
    let names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    let refusal = verify(&sent("/", names, signature, &more), b"{}", now()).unwrap_err();
    assert_eq!(refusal, Refused::SessionToken);
    assert!(refusal.to_string().starts_with("Session tokens are not supported: unset AWS_SESSION_TOKEN"), "{refusal}");
}

#[test]
fn what_was_signed_for_a_host_passes_where_http_2_names_it_in_the_uri() {
    let mut request = list_keys();
    request.headers.remove("host");
    request.uri = "https://localhost:8444/".parse().unwrap();
    assert_eq!(verify(&request, LIST_KEYS, now()), Ok(()));
    request.uri = "https://localhost:8445/".parse().unwrap();
    assert_eq!(verify(&request, LIST_KEYS, now()), Err(Refused::Mismatch));
}
