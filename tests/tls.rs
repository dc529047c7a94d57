//! Who does not get in: the real daemon over real TLS, and everything that is wrong with a connection or a certificate.

mod refused;
mod revoked;
mod silent;

use std::cell::Cell;

use serde_json::Value;

use crate::harness::certificates::Identity;
use crate::harness::daemon::field;
use crate::harness::{Client, Daemon};

/// Calls the daemon as this one: whether it is served.
async fn is_served(daemon: &Daemon, identity: Option<&Identity>) -> bool {
    // Under TLS 1.3 the client is done first, and hears of the refusal when it calls.
    match daemon.try_client(identity).await {
        Ok(client) => ask(&client).await,
        Err(_) => false,
    }
}

/// Whether a connection is still served.
async fn ask(client: &Client) -> bool {
    client.keys().list_keys(keyferry::proto::ListKeysRequest::default()).await.is_ok()
}

/// Calls that a handler has seen.
fn handled(daemon: &Daemon) -> usize {
    let lines = daemon.log();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["target"] == "request").count()
}

/// Waits until a handshake was refused for this reason; its line.
fn refusal(daemon: &Daemon, reason: &str) -> Value {
    daemon.wait_for_log(|line| {
        field(line, "message") == "handshake refused"
            && field(line, "error").as_str().is_some_and(|why| why.contains(reason))
    })
}

/// Waits for that many lines.
fn lines(daemon: &Daemon, many: usize, wanted: impl Fn(&Value) -> bool) {
    let seen = Cell::new(0);
    daemon.wait_for_log(|line| {
        seen.set(seen.get() + usize::from(wanted(line)));
        seen.get() == many
    });
}
