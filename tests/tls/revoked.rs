//! What the CAs of callers have revoked: from when on it is believed, and what is no list.

use rcgen::SerialNumber;

use super::{ask, is_served, lines, refusal};
use crate::harness::certificates::{Authority, Identity};
use crate::harness::daemon::field;
use crate::harness::{Daemon, Installation, Settings};

/// An installation with this list of revocations.
fn with_list(list: impl FnOnce(&Authority) -> String) -> Installation {
    let installation = Installation::new(Settings::default());
    let path = installation.file("client.crl");
    std::fs::write(&path, list(&installation.authority)).unwrap();
    installation.edit_config("[hsm]", &format!("client_crl = {path:?}\n[hsm]"));
    installation
}

fn client(authority: &Authority, serial: u64) -> Identity {
    authority.client_but(|it| it.serial_number = Some(SerialNumber::from(serial)))
}

#[tokio::test]
async fn a_revocation_holds_for_new_connections_after_sighup_and_a_bad_list_changes_nothing() {
    let daemon = Daemon::serve(with_list(|authority| authority.revocations(&[], 1)), &[]);
    let authority = &daemon.installation.authority;
    let (lost, other) = (client(authority, 7), client(authority, 8));
    let open = daemon.client_as(&lost).await;
    assert!(ask(&open).await && is_served(&daemon, Some(&other)).await);

    let list = daemon.installation.file("client.crl");
    std::fs::write(&list, authority.revocations(&[7], 1)).unwrap();
    assert!(is_served(&daemon, Some(&lost)).await, "not before SIGHUP");
    daemon.reload();
    daemon.wait_for_log(|line| field(line, "message") == "certificates reloaded");
    assert!(!is_served(&daemon, Some(&lost)).await, "revoked");
    refusal(&daemon, "Revoked");
    assert!(ask(&open).await, "a connection that is open stays");
    assert!(is_served(&daemon, Some(&other)).await);

    let stranger = Authority::named("somebody else").revocations(&[], 1);
    let garbage = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n".to_owned();
    #[rustfmt::skip]
    let bad = [
        (String::new(),                     "0 lists for 1 CAs in server.tls.client_ca, and none of one of them: add the list of each"),
        (garbage,                           "not a certificate revocation list that this program reads"),
        (stranger,                          "1 lists for 1 CAs in server.tls.client_ca, and none of one of them: add the list of each"),
        (authority.revocations(&[], -1),    "a list in it expired on "),
        ("-----BEGIN X509 CRL-----\n!".to_owned(), "not well-formed; expected certificate revocation lists as PEM"),
    ];
    for (text, problem) in bad {
        std::fs::write(&list, text).unwrap();
        daemon.reload();
        let named = format!("server.tls.client_crl: {}: {problem}", list.display());
        daemon.wait_for_log(|line| field(line, "error").as_str().is_some_and(|error| error.starts_with(&named)));
        assert!(!is_served(&daemon, Some(&lost)).await, "still revoked: {problem}");
        assert!(is_served(&daemon, Some(&other)).await, "{problem}");
    }
}

#[test]
fn a_list_with_a_gap_does_not_serve() {
    let installation = with_list(|authority| authority.revocations(&[], -1));
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("server.tls.client_crl: ") && said.contains("have its CA issue a new one"), "{said}");
    std::fs::remove_file(installation.file("client.crl")).unwrap();
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("client.crl: there is no such file"), "{said}");
}

/// A CA between ours and the caller needs a list too; who has none is refused, and the log says what to do.
#[tokio::test]
async fn what_no_list_speaks_of_is_refused() {
    let daemon = Daemon::serve(with_list(|authority| authority.revocations(&[], 1)), &[]);
    let authority = &daemon.installation.authority;
    let between = authority.intermediate("between");
    let mut caller = client(&between, 9);
    caller.certificate.push_str(&between.certificate);
    assert!(!is_served(&daemon, Some(&caller)).await);
    let line = refusal(&daemon, "UnknownRevocationStatus");
    assert_eq!(
        field(&line, "advice"),
        "server.tls.client_crl has no list of the CA that signed this caller's certificate: add it and send SIGHUP"
    );

    // The authority's namesake cannot speak for it.
    let list = daemon.installation.file("client.crl");
    std::fs::write(&list, Authority::new().revocations(&[], 1)).unwrap();
    daemon.reload();
    daemon.wait_for_log(|line| field(line, "message") == "certificates reloaded");
    assert!(!is_served(&daemon, Some(&client(authority, 8))).await);
    assert!(field(&refusal(&daemon, "BadSignature"), "advice").as_str().unwrap().contains("is not signed by the CA"));

    std::fs::write(&list, authority.revocations(&[], 1) + &between.revocations(&[], 1)).unwrap();
    daemon.reload();
    lines(&daemon, 2, |line| field(line, "message") == "certificates reloaded");
    assert!(is_served(&daemon, Some(&caller)).await, "both have one now");
}
