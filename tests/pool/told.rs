//! What the daemon tells of its pools and its token.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::installation::NO_POOL;
use crate::harness::{Daemon, Installation, Settings};

/// Asks as a monitoring system does.
pub fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn metrics_and_doctor_tell_how_full_pools_and_token_are() {
    let pool =
        "[pool]\nrsa_2048 = { low = 1, high = 1 }\nrsa_3072 = { low = 0, high = 0 }\nrsa_4096 = { low = 0, high = 0 }";
    let more = format!("{pool}\n[capacity]\nobjects = 200\n[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = Daemon::start(Settings { more, ..Settings::default() });
    let metrics = daemon.wait_for_log(|line| line["fields"]["message"] == "metrics" || line["message"] == "metrics");
    let address = crate::harness::daemon::field(&metrics, "address").as_str().unwrap().to_owned();
    daemon.wait_for_log(|line| crate::harness::daemon::field(line, "message") == "the pools are filled");

    // What the start rehearsed with may still be on its way out.
    let settled = |told: &String| told.contains("keyferry_token_objects 2\n");
    let told = (0..1000).map(|_| get(&address, "/metrics")).find(settled).unwrap_or_else(|| get(&address, "/metrics"));
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.contains("application/openmetrics-text"), "{told}");
    for line in [
        r#"keyferry_pool_pairs{spec="RSA_2048",use="unwrap",state="ready"} 1"#,
        r#"keyferry_pool_pairs{spec="RSA_2048",use="raw-decrypt",state="ready"} 1"#,
        "keyferry_pool_waiting 0",
        "keyferry_token_objects 2",
        "keyferry_token_objects_most 200",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is missing:\n{told}");
    }
    assert!(get(&address, "/").starts_with("HTTP/1.1 404 "));

    let installation = daemon.terminate();
    let doctor = installation.command("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("2 of 200 (1 %); too little is recorded to tell where that goes"), "{said}");
}

#[test]
fn doctor_makes_no_database_where_there_is_none() {
    let installation = Installation::uninitialised(Settings { more: NO_POOL.to_owned(), ..Settings::default() });
    let doctor = installation.command("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.status.success() && said.contains("not known: "), "{said}");
    assert!(!installation.database().exists());
}
