//! Answers that are lost, and what clients then do by themselves.

use std::collections::BTreeMap;

use super::Script;
use crate::harness::installation::IMPORTER;
use crate::harness::record::Record;
use crate::harness::token::Token;
use crate::harness::{AccessKey, Daemon, Installation, Settings, audit};

/// Without TLS, for the proxy between the two to see what it carries.
fn in_the_clear() -> Installation {
    let installation = Installation::new(Settings::default());
    let file = |name: &str| installation.file(name).display().to_string();
    let (certificate, private_key, client_ca) = (file("server.pem"), file("server-key.pem"), file("client-ca.pem"));
    let tls = format!(
        "[server.tls]\ncertificate = \"{certificate}\"\nprivate_key = \"{private_key}\"\nclient_ca = \"{client_ca}\"\n"
    );
    installation.edit_config(&tls, "");
    installation
}

#[tokio::test]
async fn whatever_answer_is_lost_botocore_repeats_itself_and_imports_once() {
    let daemon = Daemon::serve(in_the_clear(), &[]);
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    let log = daemon.installation.file("audit.jsonl");
    let script = Script::at(&format!("http://{}", daemon.json_address()), "retries.py", &daemon, &access_key);
    let printed = script.with("AUDIT", log.to_str().unwrap()).run();
    let made: BTreeMap<String, usize> = serde_json::from_str(&printed).unwrap();

    // As many objects as there are materials, and not one more.
    let installation = daemon.terminate();
    let record = Record::read(&installation).await;
    for (key, materials) in &made {
        let recorded = record.materials.values().filter(|of| *of == key).count();
        assert_eq!(recorded, *materials, "{key}");
    }
    assert_eq!(record.materials.len(), made.values().sum::<usize>());
    audit::assert_no_orphans(&installation, "after retries").await;
    let objects = Token::open(&installation.token).audit();
    let on_the_token = objects.iter().filter(|object| object.label.starts_with("keyferry/material/")).count();
    assert_eq!(on_the_token, record.materials.len());
}
