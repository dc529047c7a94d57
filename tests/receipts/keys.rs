//! The keys that sign: made once, told by the token itself, and missed where they are not there.

use std::sync::Arc;

use keyferry::client::Trust;
use keyferry::clock::SystemClock;
use keyferry::hsm::Error;
use keyferry::model::{HostAssisted, ObjectId, ObjectKind};
use keyferry::service::{Service, install};
use keyferry::wrap::spki;

use super::{printed, server_info};
use crate::harness::{Daemon, Installation, Settings, audit, inprocess, openssl, service};

#[tokio::test]
async fn the_public_key_that_is_recovered_is_the_one_that_signs() {
    let hsm = inprocess::open("signing", HostAssisted::None);
    let id = ObjectId::random();
    let made = hsm.call(move |token| {
        token.make_signing_key(&id, ObjectKind::Attestation)?;
        let once = token.signing_public_key(&id)?;
        assert_eq!(token.signing_public_key(&id)?, once, "whatever is signed");
        let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(b"a message").into();
        Ok((once, token.sign(&id, &digest)?, token.key_attributes(&id)?))
    });
    let (spki, signature, attributes) = made.await.unwrap();
    assert!(openssl::ecdsa_verifies(&spki, 256, b"a message", &openssl::ecdsa_der(&signature)));
    assert_eq!(attributes.flaw_of_local(), None);
    let missing = hsm.call(move |token| token.signing_public_key(&ObjectId([0; 16]))).await;
    assert!(matches!(missing, Err(Error::Missing(_))), "{missing:?}");
}

#[tokio::test]
async fn an_installation_from_before_there_were_statements_is_told_to_run_init_once_more() {
    let house = service::start("before-statements").await;
    let before = house.service.server_info(&service::call()).unwrap().public_keys;
    let gate = Arc::clone(house.service.gate());
    drop(house.service);
    let listed = house.hsm.call(|token| token.list()).await.unwrap();
    assert_eq!((listed.attestations.len(), listed.audits.len()), (1, 1));
    for (kind, key) in [("attestation", listed.attestations[0]), ("audit", listed.audits[0])] {
        house.hsm.call(move |token| token.destroy(&key)).await.unwrap();
        let start = || {
            Service::start(
                house.store.clone(),
                house.hsm.clone(),
                Arc::clone(&gate),
                Arc::new(SystemClock),
                service::settings(),
            )
        };
        let refusal = start().await.unwrap_err().to_string();
        let expected =
            format!("the token has no {kind} key, which statements are signed with: run `keyferryd init` once more");
        assert_eq!(refusal, expected);
        install(&house.store, house.hsm.clone()).await.unwrap();
        start().await.unwrap();
    }
    let after = keyferry::service::public_keys(&house.hsm).await.unwrap();
    assert!(after.attestation != before.attestation && after.audit != before.audit);
}

#[tokio::test]
async fn the_token_itself_tells_what_is_to_be_pinned() {
    let installation = Installation::new(Settings::default());
    let only = |which: &str| {
        let mut command = installation.command("public-keys");
        command.args(["--only", which]);
        printed(command)
    };
    let (attestation, audit) = (only("attestation"), only("audit"));
    let both = printed(installation.command("public-keys"));
    assert_eq!(both, format!("attestation\n{attestation}\naudit\n{audit}"));
    Trust::read(attestation.as_bytes()).unwrap();
    let refusal = Trust::read(both.as_bytes()).unwrap_err().to_string();
    assert!(refusal.ends_with("it holds several PEM blocks, expected one"), "{refusal}");

    let daemon = Daemon::serve(installation, &[]);
    let info = server_info(&daemon.client().await).await;
    assert_eq!(spki::pem(&info.attestation_public_key).unwrap(), attestation);
    assert_eq!(spki::pem(&info.audit_public_key).unwrap(), audit);
    // Twice more, and there are still no others.
    let (installation, log) = daemon.terminate_with_log();
    assert!(!log.contains("the token holds objects that the database does not know"), "{log}");
    for _ in 0..2 {
        printed(installation.command("init"));
    }
    assert_eq!(printed(installation.command("public-keys")), both);
    audit::assert_sound(&installation, &audit::Keys::new()).await;
}

#[tokio::test]
async fn neither_a_start_nor_a_sweep_touches_the_keys_that_sign() {
    let house = service::start("kept-keys").await;
    let before = house.service.server_info(&service::call()).unwrap().public_keys;
    let settings = service::settings();
    let again = Service::start(
        house.store.clone(),
        house.hsm.clone(),
        Arc::clone(house.service.gate()),
        Arc::new(SystemClock),
        settings,
    )
    .await
    .unwrap();
    again.tidy().await.unwrap();
    assert_eq!(keyferry::service::public_keys(&house.hsm).await.unwrap(), before);
}
