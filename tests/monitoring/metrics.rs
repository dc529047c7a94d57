//! What `/metrics` counts.

use std::time::{Duration, SystemTime};

use keyferry::proto as pb;
use serde_json::json;

use super::{ask, get, value, watched};
use crate::call;
use crate::harness::client::import_request;
use crate::harness::installation::IMPORTER;
use crate::harness::{AccessKey, Daemon, JsonClient, Plaintext};

#[tokio::test]
async fn calls_are_counted_over_both_protocols_and_keys_by_state_and_end() {
    let daemon = Daemon::start(watched());
    let client = daemon.client().await;
    let (key, waiting) = (client.create_symmetric().await, client.create_symmetric().await);
    let set = client.some_parameters(&key.key_id).await;
    let import = pb::ImportKeyMaterialRequest {
        valid_to: Some((SystemTime::now() + Duration::from_secs(5 * 60 * 60)).into()),
        expiration_model: pb::ExpirationModel::KeyMaterialExpires.into(),
        ..import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))
    };
    client.import(import).await.unwrap();
    client.describe(&key.key_id).await;
    let unknown = uuid::Uuid::new_v4().to_string();
    call!(client.keys(), describe_key, pb::DescribeKeyRequest { key_id: unknown }).unwrap_err();
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    let mut json = JsonClient::connect(&daemon, &access_key).await;
    assert_eq!(json.call("DescribeKey", &json!({ "KeyId": waiting.key_id })).await.status, 200);
    let info = json.send("Keyferry.GetServerInfo", b"{}".to_vec()).await.body;
    let named = |part: &str| json!({ "Name": part, "Serving": true });
    let mut parts = info["Parts"].clone();
    for part in parts.as_array_mut().unwrap() {
        assert!(part.as_object_mut().unwrap().remove("Since").unwrap().is_f64());
    }
    assert_eq!(parts, json!([named("token"), named("store"), named("audit")]));
    // A round of the janitor's, which comes every second, after the record has been asked for the first time.
    while value(&get(&daemon, "/metrics").1, "keyferry_janitor_rounds_total").is_none_or(|rounds| rounds < 1.0) {}

    let (status, told) = get(&daemon, "/metrics");
    assert_eq!(status, 200);
    let described = r#"operation="DescribeKey""#;
    let expected = [
        (format!(r#"keyferry_requests_total{{{described},protocol="grpc",code="OK"}}"#), 1.0),
        (format!(r#"keyferry_requests_total{{{described},protocol="grpc",code="NotFoundException"}}"#), 1.0),
        (format!(r#"keyferry_requests_total{{{described},protocol="json",code="OK"}}"#), 1.0),
        (format!("keyferry_request_duration_seconds_count{{{described}}}"), 3.0),
        (format!(r#"keyferry_request_duration_seconds_bucket{{le="30.0",{described}}}"#), 3.0),
        ("keyferry_requests_under_way".to_owned(), 0.0),
        ("keyferry_requests_most".to_owned(), 256.0),
        (r#"keyferry_keys{state="Enabled"}"#.to_owned(), 1.0),
        (r#"keyferry_keys{state="PendingImport"}"#.to_owned(), 1.0),
        (r#"keyferry_materials_expiring{within="1h"}"#.to_owned(), 0.0),
        (r#"keyferry_materials_expiring{within="1d"}"#.to_owned(), 1.0),
        (r#"keyferry_materials_expiring{within="ever"}"#.to_owned(), 1.0),
        ("keyferry_imports_pending".to_owned(), 0.0),
        ("keyferry_ready".to_owned(), 1.0),
        (r#"keyferry_up{part="token"}"#.to_owned(), 1.0),
        (r#"keyferry_up{part="store"}"#.to_owned(), 1.0),
        (r#"keyferry_up{part="audit"}"#.to_owned(), 1.0),
        (r#"keyferry_token_queue_waiting{queue="calls"}"#.to_owned(), 0.0),
        ("keyferry_token_calls_hanging".to_owned(), 0.0),
        ("keyferry_token_relogins_total".to_owned(), 0.0),
        ("keyferry_token_reinitialisations_total".to_owned(), 0.0),
        ("keyferry_audit_lines_unforwarded_total".to_owned(), 0.0),
        ("keyferry_janitor_failures_total".to_owned(), 0.0),
        (format!(r#"keyferry_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION")), 1.0),
    ];
    for (metric, wanted) in expected {
        assert_eq!(value(&told, &metric), Some(wanted), "{metric}:\n{told}");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    let between = [
        ("keyferry_materials_next_expiry_seconds", 4.0 * 3600.0, 5.0 * 3600.0),
        ("keyferry_audit_lines_total", 7.0, 1e6),
        ("keyferry_janitor_last_round_age_seconds", 0.0, 60.0),
        (r#"keyferry_token_sessions{queue="calls"}"#, 1.0, 64.0),
        (r#"keyferry_up_changed_timestamp_seconds{part="store"}"#, now - 600.0, now),
        ("process_start_time_seconds", now - 600.0, now),
        ("process_resident_memory_bytes", 1e6, 1e10),
        ("process_open_fds", 5.0, 1e5),
        ("process_max_fds", 5.0, 1e10),
        ("process_threads", 3.0, 1e3),
        ("process_cpu_seconds_total", 0.01, 600.0),
    ];
    for (metric, least, most) in between {
        let value = value(&told, metric).unwrap_or_else(|| panic!("{metric} is missing:\n{told}"));
        assert!((least..=most).contains(&value), "{metric} is {value}");
    }
    assert!(!told.contains("keyferry_trouble{"), "{told}");
}

#[tokio::test]
async fn a_call_that_is_not_answered_yet_is_under_way() {
    let daemon = Daemon::start(watched());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    // Making an RSA_4096 pair takes a second or more.
    let (algorithm, spec) = (keyferry::model::WrappingAlgorithm::RsaesOaepSha1, keyferry::model::WrappingKeySpec::Rsa4096);
    let mut slow = Box::pin({
        let (client, id) = (client.clone(), key.key_id.clone());
        async move { client.parameters(&id, algorithm, spec).await }
    });
    tokio::select! {
        biased;
        _ = &mut slow => panic!("it was answered before the next call"),
        _ = client.describe(&key.key_id) => {}
    }
    let told = get(&daemon, "/metrics").1;
    assert_eq!(value(&told, "keyferry_requests_under_way"), Some(1.0), "{told}");

    daemon.begin_to_end();
    daemon.wait_for_log(|line| crate::harness::daemon::field(line, "message") == "draining");
    let (status, told) = get(&daemon, "/readyz");
    assert!(status == 503 && told.contains("process: draining\n") && told.contains("store: ok since "), "{told}");
    assert_eq!(get(&daemon, "/livez").0, 200);
    slow.await.unwrap();
}

#[test]
fn each_asks_in_their_own_way() {
    let daemon = Daemon::start(watched());
    let openmetrics = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    let classic = "content-type: text/plain; version=0.0.4; charset=utf-8\r\n";
    let prometheus = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n";
    for (accept, kind) in [("", openmetrics), (prometheus, openmetrics), ("Accept: text/plain\r\n", classic)] {
        let told = ask(&daemon, "GET", "/metrics", accept);
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.contains(kind), "{accept}: {told}");
        assert_eq!(told.ends_with("# EOF\n"), kind == openmetrics, "{told}");
        // Which differ in what is the name of a counter.
        assert_eq!(told.contains("# TYPE keyferry_janitor_rounds_total counter"), kind == classic, "{told}");
    }
    for path in ["/metrics", "/livez", "/readyz"] {
        let head = ask(&daemon, "HEAD", path, "");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        let posted = ask(&daemon, "POST", path, "");
        assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("allow: GET, HEAD\r\n"), "{posted}");
    }
    assert!(ask(&daemon, "GET", "/", "").starts_with("HTTP/1.1 404 "));
}
