//! Connections that begin and do not go on.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{ask, is_served, lines};
use crate::harness::daemon::field;
use crate::harness::{Daemon, Settings};

/// Of each kind.
const MANY: usize = 64;

#[tokio::test]
async fn half_open_handshakes_hold_up_nobody_and_end() {
    let daemon = Daemon::start(Settings::default());
    let early = daemon.client().await;
    let mut half_open = Vec::new();
    for begun in [&b""[..], &[22, 3, 1, 1, 0, 1, 0, 0, 252]] {
        for _ in 0..MANY {
            let mut stream = TcpStream::connect(daemon.address()).await.unwrap();
            stream.write_all(begun).await.unwrap();
            half_open.push(stream);
        }
    }
    for _ in 0..8 {
        assert!(is_served(&daemon, Some(&daemon.installation.importer)).await && ask(&early).await);
    }
    let still_open =
        |stream: &TcpStream| stream.try_read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(half_open.iter().all(still_open), "the callers were served beside them, not after them");
    for mut stream in half_open {
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "closed by the other end, without a word");
    }
    lines(&daemon, 2 * MANY, |line| field(line, "message") == "handshake too slow");
}
