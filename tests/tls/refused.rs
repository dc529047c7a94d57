//! Certificates that are not good, and what is no TLS that anyone should speak.

use rcgen::ExtendedKeyUsagePurpose;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{handled, is_served, lines, refusal};
use crate::harness::certificates::{Authority, self_signed_client};
use crate::harness::{Daemon, Settings};

#[tokio::test]
async fn a_certificate_that_is_not_good_reaches_no_handler() {
    let daemon = Daemon::start(Settings::default());
    let authority = &daemon.installation.authority;
    let now = OffsetDateTime::now_utc();
    #[rustfmt::skip]
    let cases = [
        (None,                                                                          "peer sent no certificates"),
        (Some(Authority::named("somebody else").client_but(|_| {})),                    "UnknownIssuer"),
        (Some(Authority::new().client_but(|_| {})),                                     "BadSignature"), // of the same name
        (Some(self_signed_client()),                                                    "UnknownIssuer"),
        (Some(authority.client_but(|it| it.not_after = now - Duration::MINUTE)),        "certificate expired"),
        (Some(authority.client_but(|it| it.not_before = now + Duration::HOUR)),         "certificate not valid yet"),
        (Some(authority.client_but(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])),
                                                                                        "extended key usage"),
        (Some(Authority::named("self").intermediate("below").client_but(|_| {})),       "UnknownIssuer"),
    ];
    for (identity, reason) in &cases {
        assert!(!is_served(&daemon, identity.as_ref()).await, "{reason}");
        refusal(&daemon, reason);
    }
    assert_eq!(handled(&daemon), 0, "{}", daemon.log());
    assert!(is_served(&daemon, Some(&daemon.installation.importer)).await);
    lines(&daemon, 1, |line| line["target"] == "request");
}

/// A ClientHello (RFC 5246 §7.4.1.2) without `supported_versions`, so of at most this version.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    // No session; ECDHE-ECDSA with AES-256-CBC, and GCM; no compression; ECDSA with SHA-256; secp256r1, uncompressed.
    hello.extend([0, 0, 4, 0xC0, 0x0A, 0xC0, 0x2C, 1, 0]);
    hello.extend([0, 22, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0]);
    let mut record = vec![22, 3, 1, 0, u8::try_from(hello.len()).unwrap() + 4, 1, 0, 0, u8::try_from(hello.len()).unwrap()];
    record.extend(hello);
    record
}

#[tokio::test]
async fn an_old_tls_and_none_at_all_reach_no_handler() {
    let daemon = Daemon::start(Settings::default());
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    #[rustfmt::skip]
    let cases = [
        (client_hello([3, 2]),                    Some(70)), // protocol_version
        (client_hello([3, 1]),                    Some(70)),
        (client_hello([3, 0]),                    Some(70)),
        (http2,                                   None),
        (b"GET /metrics HTTP/1.1\r\n\r\n".to_vec(), None),
    ];
    for (sent, alert) in cases {
        let mut stream = TcpStream::connect(daemon.address()).await.unwrap();
        stream.write_all(&sent).await.unwrap();
        let mut answer = Vec::new();
        // The other end may be gone before everything is read.
        let _ = stream.read_to_end(&mut answer).await;
        // A record of type alert, fatal; or nothing at all.
        match alert {
            Some(alert) => assert_eq!((answer[0], &answer[5..]), (21, &[2, alert][..]), "{answer:?}"),
            None => assert!(answer.is_empty() || answer[0] == 21, "{answer:?}"),
        }
        refusal(&daemon, "");
    }
    assert_eq!(handled(&daemon), 0, "{}", daemon.log());
    assert!(is_served(&daemon, Some(&daemon.installation.importer)).await);
}
