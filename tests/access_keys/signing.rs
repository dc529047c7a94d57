//! Whom a signed request is taken for, over a real token.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use keyferry::clock::Clock;
use keyferry::hsm::Hsm;
use keyferry::model::{AccessKey, AccessKeyId};
use keyferry::policy::Policies;
use keyferry::service::{
    AccessKeyError, Error, Issued, Kind, Service, create_access_key, disable_access_key, install, rotate_access_key,
};
use keyferry::sigv4::{Scope, Signed};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::harness::service::{self, House};
use crate::harness::{inprocess, softhsm};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The operator's side, with the principals that the house knows.
struct Desk {
    policies: Policies,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let principals = "version = \"v1\"\n[[principal]]\nname = \"importer.test\"\naccount = \"111122223333\"\n";
        std::fs::write(folder.path().join("principals.toml"), principals).unwrap();
        std::fs::write(folder.path().join("all.cedar"), "@id(\"all\") permit(principal, action, resource);").unwrap();
        Self { policies: Policies::load(folder.path()).unwrap() }
    }

    async fn create(&self, house: &House) -> Issued {
        let now = house.clock.now();
        create_access_key(&house.store, &house.hsm, &self.policies, "importer.test", now).await.unwrap()
    }

    async fn rotate(&self, house: &House, id: &AccessKeyId, grace: Duration) -> Result<Issued, AccessKeyError> {
        let now = house.clock.now();
        rotate_access_key(&house.store, &house.hsm, &self.policies, id.as_str(), grace, now).await
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// A request that is signed now, by the book and not by the code that is tried.
fn signed(house: &House, id: &str, secret: &str) -> Signed {
    let now = OffsetDateTime::from_unix_timestamp(house.clock.now().as_millis() / 1000).unwrap();
    let ((year, month, day), (hour, minute, second)) = (now.to_calendar_date(), now.to_hms());
    let date = format!("{year:04}{:02}{day:02}", u8::from(month));
    let moment = format!("{date}T{hour:02}{minute:02}{second:02}Z");
    let scope = format!("{date}/us-east-1/kms/aws4_request");
    let request = format!(
        "POST\n/\n\nhost:localhost\nx-amz-date:{moment}\nx-amz-target:TrentService.ListKeys\n\nhost;x-amz-date;x-amz-target\n{}",
        hex(&Sha256::digest("{}"))
    );
    let key = ["us-east-1", "kms", "aws4_request"]
        .iter()
        .fold(mac(format!("AWS4{secret}").as_bytes(), &date), |key, part| mac(&key, part));
    let request_hash = hex(&Sha256::digest(request));
    let signature = mac(&key, &format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request_hash}"));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={}",
        hex(&signature)
    );
    let request = http::Request::post("/")
        .header("host", "localhost")
        .header("x-amz-date", moment)
        .header("x-amz-target", "TrentService.ListKeys")
        .header("authorization", authorization)
        .body(())
        .unwrap();
    assert_eq!(house.service.signing_scope(), Scope { region: "us-east-1", service: "kms" });
    Signed::read(&request.into_parts().0, b"{}", &house.service.signing_scope(), now).unwrap()
}

async fn outcome(house: &House, id: &AccessKeyId, secret: &SecretString) -> Result<String, Kind> {
    outcome_at(&house.service, house, id, secret).await
}

async fn outcome_at(service: &Service, house: &House, id: &AccessKeyId, secret: &SecretString) -> Result<String, Kind> {
    let signed = signed(house, id.as_str(), secret.expose_secret());
    service.authenticate(&signed).await.1.map_err(|error: Error| error.kind())
}

#[tokio::test]
async fn who_signs_with_the_secret_is_the_principal_until_the_key_is_disabled() {
    let house = service::start("access-keys").await;
    let Issued { key, secret } = Desk::open().create(&house).await;
    let importer = Ok("importer.test".to_owned());
    for _ in 0..2 {
        assert_eq!(outcome(&house, &key.id, &secret).await, importer);
    }
    let wrong = SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    assert_eq!(outcome(&house, &key.id, &wrong).await, Err(Kind::InvalidSignature));
    house.clock.advance(24 * HOUR);
    assert_eq!(outcome(&house, &key.id, &secret).await, importer, "another day's key is another");

    disable_access_key(&house.store, key.id.as_str(), house.clock.now()).await.unwrap();
    // At once, although what it was verified with is still known, and in the very words that an unknown id gets.
    let disabled = house.service.authenticate(&signed(&house, key.id.as_str(), secret.expose_secret())).await.1.unwrap_err();
    let unknown = signed(&house, AccessKeyId::random().as_str(), secret.expose_secret());
    let unknown = house.service.authenticate(&unknown).await.1.unwrap_err();
    let no_id = house.service.authenticate(&signed(&house, "root", secret.expose_secret())).await.1.unwrap_err();
    for refusal in [&disabled, &unknown, &no_id] {
        assert_eq!(refusal.kind(), Kind::UnrecognizedClient);
        assert_eq!(refusal.to_string(), "The security token included in the request is invalid.");
    }
}

#[tokio::test]
async fn a_key_that_was_rotated_holds_for_its_grace_beside_its_successor() {
    let house = service::start("access-keys-rotated").await;
    let desk = Desk::open();
    let old = desk.create(&house).await;
    let new = desk.rotate(&house, &old.key.id, HOUR).await.unwrap();
    let importer = Ok("importer.test".to_owned());
    for issued in [&old, &new] {
        assert_eq!(outcome(&house, &issued.key.id, &issued.secret).await, importer);
    }
    let again = desk.rotate(&house, &old.key.id, HOUR).await;
    assert!(matches!(again, Err(AccessKeyError::Ending(_))), "{again:?}");
    house.clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(outcome(&house, &old.key.id, &old.secret).await, importer);
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(outcome(&house, &old.key.id, &old.secret).await, Err(Kind::UnrecognizedClient));
    assert_eq!(outcome(&house, &new.key.id, &new.secret).await, importer);
    let third = desk.rotate(&house, &new.key.id, Duration::ZERO).await.unwrap();
    assert_eq!(outcome(&house, &new.key.id, &new.secret).await, Err(Kind::UnrecognizedClient));
    assert_eq!(outcome(&house, &third.key.id, &third.secret).await, importer);
}

#[tokio::test]
async fn a_row_that_was_forged_stands_for_nobody() {
    let house = service::start("access-keys-forged").await;
    let Issued { key, secret } = Desk::open().create(&house).await;
    let forgeries = [
        AccessKey { id: AccessKeyId::random(), ..key.clone() },
        AccessKey { id: AccessKeyId::random(), principal: "administrator.test".to_owned(), ..key.clone() },
    ];
    for forgery in forgeries {
        house.store.insert_access_key(&forgery).await.unwrap();
        assert_eq!(outcome(&house, &forgery.id, &secret).await, Err(Kind::InvalidSignature));
    }
    // The same, where the key itself is given to another.
    assert_eq!(outcome(&house, &key.id, &secret).await, Ok("importer.test".to_owned()));
    house.tamper("UPDATE access_keys SET principal = 'administrator.test'").await;
    assert_eq!(outcome(&house, &key.id, &secret).await, Err(Kind::InvalidSignature));
    house.tamper("UPDATE access_keys SET principal = 'importer.test', generation = 2").await;
    assert_eq!(outcome(&house, &key.id, &secret).await, Err(Kind::InvalidSignature));
}

#[tokio::test]
async fn the_token_derives_the_same_secret_after_a_restart_and_another_token_does_not() {
    let house = service::start("access-keys-again").await;
    let Issued { key, secret } = Desk::open().create(&house).await;
    let token = keyferry::hsm::TokenName::Label("access-keys-again".to_owned());
    let settings = keyferry::hsm::Settings {
        module: softhsm::module().to_owned(),
        token,
        pin: SecretString::from(inprocess::PIN),
        sessions: 1,
        fillers: 1,
        queue: 8,
        longest_call: std::time::Duration::from_secs(30),
        host_assisted: keyferry::model::HostAssisted::None,
        sm2: false,
    };
    let again = tokio::task::spawn_blocking(move || Hsm::open(settings).unwrap()).await.unwrap();
    let gate = Arc::clone(house.service.gate());
    let clock = Arc::new(house.clock.clone());
    let restarted = Service::start(house.store.clone(), again, gate, clock, service::settings()).await.unwrap();
    assert_eq!(outcome_at(&restarted, &house, &key.id, &secret).await, Ok("importer.test".to_owned()));

    let other = service::start("access-keys-other").await;
    other.store.insert_access_key(&key).await.unwrap();
    assert_eq!(outcome(&other, &key.id, &secret).await, Err(Kind::InvalidSignature));
}

#[tokio::test]
async fn an_installation_from_before_there_were_access_keys_is_told_to_run_init_once_more() {
    let house = service::start("before-access-keys").await;
    let listed = house.hsm.call(|token| token.list()).await.unwrap();
    let [object] = listed.access_keys[..] else { panic!("{listed:?}") };
    let attributes = house.hsm.call(move |token| token.key_attributes(&object)).await.unwrap();
    assert_eq!(attributes.flaw_of_local(), None);
    house.hsm.call(move |token| token.destroy(&object)).await.unwrap();
    let start = || {
        let (store, hsm, gate) = (house.store.clone(), house.hsm.clone(), Arc::clone(house.service.gate()));
        Service::start(store, hsm, gate, Arc::new(house.clock.clone()), service::settings())
    };
    let refusal = start().await.unwrap_err().to_string();
    assert_eq!(refusal, "the token has no key for the secrets of access keys: run `keyferryd init` once more");
    let now = house.clock.now();
    let refused = create_access_key(&house.store, &house.hsm, &Desk::open().policies, "importer.test", now).await;
    assert_eq!(refused.unwrap_err().to_string(), refusal);
    install(&house.store, house.hsm.clone()).await.unwrap();
    start().await.unwrap();
}

#[tokio::test]
async fn a_secret_prints_redacted() {
    let house = service::start("access-keys-shown").await;
    let issued = Desk::open().create(&house).await;
    let shown = format!("{issued:?}");
    assert!(shown.contains(issued.key.id.as_str()) && !shown.contains(issued.secret.expose_secret()), "{shown}");
}
