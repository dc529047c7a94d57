//! What monitoring and load balancers are told: whether the service is ready, why not, and what it has done.

mod health;
mod metrics;
mod outages;
mod shipped;
mod tokens;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::installation::NO_POOL;
use crate::harness::{Daemon, Settings};

/// Settings under which monitoring may ask.
pub(crate) fn watched() -> Settings {
    Settings { more: format!("{NO_POOL}[metrics]\nlisten = \"127.0.0.1:0\"\n"), ..Settings::default() }
}

/// Asks as monitoring does; the whole answer.
fn ask(daemon: &Daemon, method: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(daemon.metrics_address()).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The status and the body.
pub(crate) fn get(daemon: &Daemon, path: &str) -> (u16, String) {
    let answer = ask(daemon, "GET", path, "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a metric, by its name and all of its labels as they are written.
pub(crate) fn value(told: &str, metric: &str) -> Option<f64> {
    told.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' ')?.parse().ok())
}
