//! Who signed, and what of a request they signed.

use std::time::Duration;

use time::OffsetDateTime;

use super::Desk;
use super::connection::exchange;
use crate::harness::AccessKey;

/// A signed request as it goes over the wire.
#[derive(Clone)]
struct Signed {
    headers: Vec<(String, String)>,
    path: &'static str,
    body: &'static str,
}

impl Signed {
    fn new(desk: &Desk, access_key: &AccessKey, at: OffsetDateTime) -> Self {
        let (host, body) = (desk.daemon.json_address(), "{}");
        let signed = access_key.sign(&host, "TrentService.ListKeys", body.as_bytes(), at);
        let mut headers: Vec<(String, String)> = signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        headers.push(("host".to_owned(), host));
        Self { headers, path: "/", body }
    }

    fn with(&self, name: &str, value: impl Fn(&str) -> String) -> Self {
        let mut altered = self.clone();
        let header = altered.headers.iter_mut().find(|(of, _)| of == name).unwrap();
        header.1 = value(&header.1);
        altered
    }

    fn and(&self, name: &str, value: &str) -> Self {
        let mut longer = self.clone();
        longer.headers.push((name.to_owned(), value.to_owned()));
        longer
    }

    fn without(&self, name: &str) -> Self {
        let mut shorter = self.clone();
        shorter.headers.retain(|(of, _)| of != name);
        shorter
    }

    fn text(&self) -> Vec<u8> {
        let mut text = format!("POST {} HTTP/1.1\r\nconnection: close\r\n", self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }
}

#[tokio::test]
async fn whatever_is_altered_of_a_signed_request_it_is_refused() {
    let desk = Desk::new();
    let now = OffsetDateTime::now_utc();
    let good = Signed::new(&desk, &desk.access_key, now);
    let wrong_secret = AccessKey { secret: "x".repeat(40), ..desk.access_key.clone() };
    let unknown = AccessKey { id: "AKIAAAAAAAAAAAAAAAAA".to_owned(), ..desk.access_key.clone() };
    let stale = now - Duration::from_secs(6 * 60);
    let early = now + Duration::from_secs(6 * 60);
    let late_enough = Signed::new(&desk, &desk.access_key, now - Duration::from_secs(4 * 60));
    #[rustfmt::skip]
    let cases: [(&str, Signed, &str); 17] = [
        ("as it is",            good.clone(),                                                            ""),
        ("a little late",       late_enough,                                                             ""),
        ("unsigned header",     good.and("user-agent", "x"),                                             ""),
        ("wrong secret",        Signed::new(&desk, &wrong_secret, now),                                  "InvalidSignatureException"),
        ("unknown key",         Signed::new(&desk, &unknown, now),                                       "UnrecognizedClientException"),
        ("stale",               Signed::new(&desk, &desk.access_key, stale),                             "InvalidSignatureException"),
        ("early",               Signed::new(&desk, &desk.access_key, early),                             "InvalidSignatureException"),
        ("altered body",        Signed { body: r#"{"Limit":1}"#, ..good.clone() },                       "InvalidSignatureException"),
        ("altered query",       Signed { path: "/?x=1", ..good.clone() },                                "InvalidSignatureException"),
        ("altered target",      good.with("x-amz-target", |_| "TrentService.ListAliases".to_owned()),    "InvalidSignatureException"),
        ("altered type",        good.with("content-type", |_| "application/json".to_owned()),            "InvalidSignatureException"),
        ("altered host",        good.with("host", |_| "elsewhere.test".to_owned()),                      "InvalidSignatureException"),
        ("another date",        good.with("x-amz-date", |date| date.replace('Z', "1Z")),                 "IncompleteSignatureException"),
        ("not signed",          good.without("authorization"),                                           "MissingAuthenticationTokenException"),
        ("another region",      good.with("authorization", |a| a.replace("us-east-1", "eu-west-1")),     "InvalidSignatureException"),
        ("a session token",     good.and("x-amz-security-token", "x"),                                   "UnrecognizedClientException"),
        ("an unsigned x-amz-",  good.and("x-amz-meta", "x"),                                             "InvalidSignatureException"),
    ];
    for (case, signed, reason) in cases {
        let answer = exchange(&desk.daemon, &signed.text()).await;
        let is_good = answer.starts_with("HTTP/1.1 200 ");
        assert_eq!(is_good, reason.is_empty(), "{case}: {answer}");
        assert!(is_good || answer.starts_with("HTTP/1.1 400 ") && answer.contains(reason), "{case}: {answer}");
    }
    // Refusals have their lines, and in none of them stands what was claimed.
    let events = desk.daemon.installation.events();
    let refused = events.iter().find(|event| event["errorCode"] == "InvalidSignatureException").unwrap();
    assert_eq!((&refused["userIdentity"]["type"], &refused["eventName"]), (&"Unknown".into(), &"ListKeys".into()));
    // Of the access key's own id they tell, for the record has it; never of an id that nobody has.
    let told = |code: &str, id: &str| {
        events.iter().any(|event| event["errorCode"] == code && event["userIdentity"]["accessKeyId"] == id)
    };
    assert!(told("InvalidSignatureException", &desk.access_key.id));
    assert!(!told("UnrecognizedClientException", &unknown.id));
}

#[tokio::test]
async fn a_key_that_is_disabled_is_refused_at_once_and_reads_as_one_that_never_was() {
    let desk = Desk::new();
    let mut client = desk.client().await;
    assert_eq!(client.call("ListKeys", &serde_json::json!({})).await.status, 200);
    let disabled = desk.daemon.installation.command("access-key disable").arg(&desk.access_key.id).status().unwrap();
    assert!(disabled.success());
    let refused = client.call("ListKeys", &serde_json::json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.reason()), (400, "UnrecognizedClientException"));
    assert_eq!(refused.body["message"], "The security token included in the request is invalid.");
}
