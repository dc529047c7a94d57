//! Connections: what is not HTTP's `POST /`, and who is slow.

use std::time::Duration;

use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Request;
use hyper::body::{Bytes, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_stream::StreamExt;

use super::Desk;
use crate::harness::installation::{IMPORTER, Settings};
use crate::harness::json::connect;
use crate::harness::{AccessKey, Daemon, JsonClient};

/// Sends bytes over a connection of their own and returns all that comes back until its end.
pub async fn exchange(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = connect(daemon, &[b"http/1.1"]).await;
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // An end without TLS's own goodbye is an end too.
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn there_is_one_thing_to_ask_for() {
    let desk = Desk::new();
    for (request, status) in [
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", "404"),
        ("POST /keys HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "404"),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "400"),
        ("rubbish\r\n\r\n", "400"),
    ] {
        let answer = exchange(&desk.daemon, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
}

/// All at once: each ends by the service's patience, and not by ours.
#[tokio::test]
async fn who_is_slow_is_cut_off() {
    let desk = Desk::new();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.ListKeys\r\ncontent-length: 9\r\n\r\n{";
    let half_a_head = exchange(&desk.daemon, b"POST / HTTP/1.1\r\nhost:");
    let half_a_body = exchange(&desk.daemon, head.as_bytes());
    // Over HTTP/2 one that says nothing answers pings all the same.
    let stream = connect(&desk.daemon, &[b"h2"]).await;
    let handshake = hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream));
    let (_sender, silent) = handshake.await.unwrap();
    let silent = tokio::time::timeout(Duration::from_secs(120), silent);
    let (half_a_head, half_a_body, silent) = tokio::join!(half_a_head, half_a_body, silent);
    assert!(silent.is_ok(), "it stays for as long as it likes");
    assert!(half_a_head.is_empty() || half_a_head.starts_with("HTTP/1.1 408 "), "{half_a_head}");
    assert!(half_a_body.starts_with("HTTP/1.1 408 ") && half_a_body.contains("RequestTimeoutException"), "{half_a_body}");
}

/// How many requests may be under way over one connection.
const STREAMS: usize = 16;

/// Those who send half of a request and then nothing are more than there are places for strangers, of which there are 256.
#[tokio::test]
async fn who_is_slow_makes_room_for_who_is_not() {
    let daemon = Daemon::start(Settings::default());
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..=256 / STREAMS {
        let stream = connect(&daemon, &[b"h2"]).await;
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        for _ in 0..STREAMS {
            let begun = tokio_stream::once(Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"{"))));
            let half = StreamBody::new(begun.chain(tokio_stream::pending()));
            let request = Request::post("https://localhost/").header("x-amz-target", "TrentService.ListKeys").body(half);
            sender.ready().await.unwrap();
            answers.spawn(sender.send_request(request.unwrap()));
        }
    }
    let first = answers.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(first.status(), 400);
    let told = first.into_body().collect().await.unwrap().to_bytes();
    assert!(told.starts_with(br#"{"__type":"ThrottlingException""#), "{told:?}");
    let mut honest = JsonClient::connect(&daemon, &access_key).await;
    let answer = honest.call("ListKeys", &json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
