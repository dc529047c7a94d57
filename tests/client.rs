//! The client as its users run it: what it prints, writes and exits with.

mod auditing;
pub(crate) mod desk;
mod errors;
mod golden;
mod help;
mod importing;
mod inputs;
mod lists;
mod outputs;
mod policies;
mod precedence;
mod profiles;
mod refusing;
mod shells;
pub mod terminal;
mod transport;
mod wrapping;

use std::path::Path;

use desk::{Desk, Run};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// Runs `keyferry` in `dir`; nothing in the environment speaks for it.
fn keyferry(dir: &Path, arguments: &[&str]) -> Run {
    let desk = Desk::bare();
    Run::of(desk.command(arguments).current_dir(dir).output().unwrap())
}

#[test]
fn a_wrong_command_line_exits_with_252_and_says_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = ["--endpoint-url", "http://127.0.0.1:1"];
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 10] = [
        (&[],                                                   "Usage: keyferry"),
        (&["describe-key"],                                     "the following arguments are required: --key-id"),
        (&["create-key", "--origin", "MOON"],                   "[possible values: AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE]"),
        (&["create-key", "--key-spec", "KEY_SPEC_RSA_2048"],    "RSA_2048"),
        (&["import-key-material", "--encrypted-key-material", "AA=="],
                                                                "required: --key-id, --import-token; --parameters stands for --key-id and --import-token"),
        (&["import-key-material", "--key-id", "x", "--encrypted-key-material", "AA=="], "required: --import-token"),
        (&["import-key-material", "--key-id", "x", "--import-token", "fileb://absent", "--encrypted-key-material", "AA=="],
                                                                "Unable to load paramfile fileb://absent: No such file or directory"),
        (&["import-key-material", "--key-id", "x", "--import-token", "token.bin", "--encrypted-key-material", "AA=="],
                                                                "Invalid base64 for --import-token: give base64, fileb:// and a path"),
        (&["import-key-material", "--key-id", "x", "--import-token", "AA==", "--encrypted-key-material", "AA==", "--valid-to", "tomorrow"],
                                                                "Invalid timestamp \"tomorrow\" for ValidTo: expected a time of RFC 3339"),
        (&["list-keys", "--query", "["],                        "Bad value for --query ["),
    ];
    for (arguments, expected) in cases {
        let run = keyferry(dir.path(), &[&endpoint, arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (252, ""), "{arguments:?}");
        assert!(run.stderr.contains(expected), "{arguments:?}: {}", run.stderr);
    }
    let help = keyferry(dir.path(), &["import-key-material", "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("KEYFERRY_CA_BUNDLE"), "{}", help.stdout);
}

#[test]
fn a_wrong_endpoint_exits_with_253_and_one_that_is_not_there_with_255() {
    let dir = tempfile::tempdir().unwrap();
    let list = |endpoint: &[&str]| keyferry(dir.path(), &[&["list-keys"], endpoint].concat());
    let none = list(&[]);
    assert_eq!(none.code, 253, "{}", none.stderr);
    let far = list(&["--endpoint-url", "http://192.0.2.1:8080"]);
    assert_eq!(far.code, 253);
    assert!(
        far.stderr.starts_with("\nhttp://192.0.2.1:8080 is not this machine: plain http goes to loopback only, use https\n")
    );
    let absent = list(&["--endpoint-url", "https://127.0.0.1:1", "--ca-bundle", "ca.pem"]);
    assert_eq!(absent.code, 253);
    assert!(
        absent.stderr.starts_with("\n--ca-bundle ca.pem: No such file or directory (os error 2)\n"),
        "{}",
        absent.stderr
    );

    // A port that was ours a moment ago and is nobody's now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let refused = list(&["--endpoint-url", &url]);
    assert_eq!(refused.code, 255);
    assert!(
        refused.stderr.starts_with(&format!("\ncould not connect to the endpoint URL: \"{url}\": ")),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("Connection refused"), "{}", refused.stderr);
}

/// The transport alone: a real server over mutual TLS that has no keys to offer.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_shows_its_certificate_and_believes_its_own_authority_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let authority = Authority::new();
    let (cert, key) = authority.issue("localhost");
    let (mine, my_key) = authority.issue("importer.test");
    let stranger = Authority::new();
    let (foreign, foreign_key) = stranger.issue("importer.test");
    for (name, pem) in [
        ("ca.pem", &authority.pem),
        ("cert.pem", &mine),
        ("key.pem", &my_key),
        ("foreign-ca.pem", &stranger.pem),
        ("foreign.pem", &foreign),
        ("foreign-key.pem", &foreign_key),
    ] {
        std::fs::write(path.join(name), pem).unwrap();
    }
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = incoming.local_addr().unwrap().port();
    let tls =
        ServerTlsConfig::new().identity(Identity::from_pem(cert, key)).client_ca_root(Certificate::from_pem(&authority.pem));
    let (_, health) = tonic_health::server::health_reporter();
    let server = Server::builder().tls_config(tls).unwrap().add_service(health).serve_with_incoming(incoming);
    let server = tokio::spawn(server);

    let url = format!("https://localhost:{port}");
    let list = move |ca: &str, cert: &str, key: &str| {
        keyferry(
            &path,
            &["list-keys", "--endpoint-url", &url, "--ca-bundle", ca, "--client-cert", cert, "--client-key", key],
        )
    };
    tokio::task::spawn_blocking(move || {
        let served = list("ca.pem", "cert.pem", "key.pem");
        assert_eq!(served.code, 254);
        assert!(
            served.stderr.contains("An error occurred (Unimplemented) when calling the ListKeys operation"),
            "{}",
            served.stderr
        );
        let deceived = list("foreign-ca.pem", "cert.pem", "key.pem");
        assert_eq!(deceived.code, 255);
        assert!(deceived.stderr.contains("invalid peer certificate"), "{}", deceived.stderr);
        let turned_away = list("ca.pem", "foreign.pem", "foreign-key.pem");
        assert_eq!(turned_away.code, 255);
        assert!(!turned_away.stderr.contains("Unimplemented"), "{}", turned_away.stderr);
        let mismatched = list("ca.pem", "cert.pem", "foreign-key.pem");
        assert_eq!(mismatched.code, 253, "{}", mismatched.stderr);
    })
    .await
    .unwrap();
    server.abort();
}

/// A certificate authority of a test's own.
struct Authority {
    pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { pem, issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// A certificate for this name, and its key; both PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}
