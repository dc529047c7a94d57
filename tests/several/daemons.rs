//! The real daemon over two tokens, of which the second is behind a module of its own that fails as it is told.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use tonic::Code;

use crate::call;
use crate::harness::daemon::field;
use crate::harness::{Client, Daemon, Faults, Installation, Refusal, Settings, faults, softhsm};
use crate::monitoring::{get, value};

/// How long it is waited for that the keys of a token serve again, once it is well.
const HEALED: Duration = Duration::from_secs(60);

/// An installation on two tokens in one folder: the second's module is a copy, so that the life of the one is not that of the other.
struct Two {
    installation: Installation,
    /// Where the second token has its files.
    second: PathBuf,
}

impl Two {
    fn new() -> Self {
        let installation = Installation::uninitialised(Settings::default());
        let before = folders(&installation.token.folder());
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "second", "--so-pin", softhsm::SO_PIN, "--pin", softhsm::PIN])
            .env("SOFTHSM2_CONF", installation.token.conf())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let second = folders(&installation.token.folder()).into_iter().find(|folder| !before.contains(folder)).unwrap();
        std::fs::copy(softhsm::module(), installation.file("softhsm2.so")).unwrap();
        let (module, pin) = (faults::module(), installation.file("pin"));
        let further = format!(
            "[[hsm.further]]\nmodule = {module:?}\ntoken_label = \"second\"\npin_file = {pin:?}\nhost_assisted = \"material\"\n[store]\n"
        );
        installation.edit_config("[store]\n", &further);
        let two = Self { installation, second };
        let made = two.installation.command("init").envs(two.environment()).output().unwrap();
        assert!(made.status.success(), "keyferryd init: {}", String::from_utf8_lossy(&made.stderr));
        two
    }

    fn environment(&self) -> [(String, String); 2] {
        let copy = self.installation.file("softhsm2.so");
        let environment = faults::environment(&copy, &self.installation.faults_socket());
        environment.map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()))
    }
}

fn serve(installation: Installation, environment: &[(String, String)], more: &[(&str, &str)]) -> Daemon {
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Daemon::serve(installation, &[&environment[..], more].concat())
}

fn folders(of: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// How many objects a token has on its disk.
fn objects(token: &Path) -> usize {
    folders(token).iter().filter(|path| path.extension().is_some_and(|extension| extension == "object")).count()
}

async fn encrypt(client: &Client, key: &pb::KeyMetadata) -> Result<(), Refusal> {
    let request = pb::EncryptRequest { key_id: key.key_id.clone(), plaintext: b"dawn".to_vec(), ..Default::default() };
    call!(client.cryptography(), encrypt, request).map(drop)
}

async fn parts(client: &Client) -> Vec<(String, bool)> {
    let info = call!(client.operator(), get_server_info, pb::GetServerInfoRequest {}).unwrap();
    info.parts.into_iter().map(|part| (part.name, part.serving)).collect()
}

#[tokio::test]
async fn while_a_further_token_is_away_the_keys_of_the_first_go_on_and_all_serve_when_it_is_back() {
    let two = Two::new();
    let environment = two.environment();
    let daemon = serve(two.installation, &environment, &[]);
    let (client, mut faults) = (daemon.client().await, Faults::of(&daemon.installation));
    let make = || client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    let (first, second) = (make().await, make().await);
    for key in [&first, &second] {
        encrypt(&client, key).await.unwrap();
    }
    let profiles = call!(client.operator(), get_token_profile, pb::GetTokenProfileRequest {}).unwrap();
    let labels: Vec<_> = profiles.token_profile.iter().chain(&profiles.further).map(|token| token.label.as_str()).collect();
    assert_eq!(labels, [softhsm::LABEL, "second"]);

    faults.rule("* * return CKR_TOKEN_NOT_PRESENT");
    let refused = encrypt(&client, &second).await.unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "DependencyTimeoutException"));
    daemon.wait_for_log(|line| field(line, "message") == "not ready" && field(line, "part") == "token:second");
    let expected = [("token", true), ("store", true), ("audit", true), ("token:second", false)];
    assert_eq!(parts(&client).await, expected.map(|(name, serving)| (name.to_owned(), serving)));
    // What is made meanwhile is made where it can be, although there is less room.
    for _ in 0..3 {
        encrypt(&client, &make().await).await.unwrap();
        encrypt(&client, &first).await.unwrap();
    }

    faults.clear();
    let began = Instant::now();
    while let Err(refusal) = encrypt(&client, &second).await {
        assert!(began.elapsed() < HEALED, "not healed: {refusal:?}");
        assert_eq!(refusal.code, Code::Unavailable, "{refusal:?}");
        tokio::task::yield_now().await;
    }
    daemon.wait_for_log(|line| field(line, "message") == "ready again" && field(line, "part") == "token:second");
    encrypt(&client, &first).await.unwrap();
}

/// What is said of a part, and the only reason that there is for it.
fn said(daemon: &Daemon, part: &str) -> (Option<f64>, Option<String>) {
    let told = get(daemon, "/metrics").1;
    let trouble = format!(r#"keyferry_trouble{{part="{part}",reason=""#);
    let mut reasons = told.lines().filter_map(|line| Some(line.strip_prefix(&trouble)?.split('"').next()?.to_owned()));
    let reason = reasons.next();
    assert_eq!(reasons.next(), None, "{told}");
    (value(&told, &format!(r#"keyferry_up{{part="{part}"}}"#)), reason)
}

#[tokio::test]
async fn a_service_starts_without_a_further_token_and_serves_with_it_from_when_it_comes() {
    let two = Two::new();
    let (environment, script) = (two.environment(), two.installation.file("script"));
    two.installation.edit_config("[store]\n", "[metrics]\nlisten = \"127.0.0.1:0\"\n[store]\n");
    let daemon = serve(two.installation, &environment, &[]);
    let client = daemon.client().await;
    let make = async |client: &Client| client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let (first, second) = (make(&client).await, make(&client).await);
    let before = objects(&two.second);
    drop(client);
    let installation = daemon.terminate();

    std::fs::write(&script, "absent\n").unwrap();
    let daemon = serve(installation, &environment, &[("PKCS11_FAULTS_SCRIPT", script.to_str().unwrap())]);
    let (client, mut faults) = (daemon.client().await, Faults::of(&daemon.installation));
    let expected = [("token", true), ("store", true), ("audit", true), ("token:second", false)];
    assert_eq!(parts(&client).await, expected.map(|(name, serving)| (name.to_owned(), serving)));
    assert_eq!(said(&daemon, "token:second"), (Some(0.0), Some("token-absent".to_owned())));
    assert_eq!((get(&daemon, "/livez").0, get(&daemon, "/readyz").0), (200, 200), "all others are served");
    encrypt(&client, &first).await.unwrap();
    let refused = encrypt(&client, &second).await.unwrap_err();
    refused.assert_is("DependencyTimeoutException", "its token is away");
    assert!(refused.retry.is_some(), "{refused:?}");
    for _ in 0..3 {
        encrypt(&client, &make(&client).await).await.unwrap();
    }
    faults.ask("present");
    let began = Instant::now();
    daemon.wait_for_log(|line| field(line, "message") == "ready again" && field(line, "part") == "token:second");
    println!("served with after {:?}", began.elapsed());
    encrypt(&client, &second).await.unwrap();
    encrypt(&client, &first).await.unwrap();
    assert_eq!(said(&daemon, "token:second"), (Some(1.0), None));
    let profiles = call!(client.operator(), get_token_profile, pb::GetTokenProfileRequest {}).unwrap();
    assert_eq!(profiles.further.len(), 1);
    // There is most room in it now.
    encrypt(&client, &make(&client).await).await.unwrap();
    assert_eq!(objects(&two.second), before + 1);

    // From here on it is as one that was there from the start.
    faults.rule("* * return CKR_TOKEN_NOT_PRESENT");
    encrypt(&client, &second).await.unwrap_err();
    daemon.wait_for_logs(2, |line| field(line, "message") == "not ready" && field(line, "part") == "token:second");
    faults.clear();
    daemon.wait_for_logs(2, |line| field(line, "message") == "ready again" && field(line, "part") == "token:second");
    encrypt(&client, &second).await.unwrap();
}

#[tokio::test]
async fn a_further_token_that_is_given_up_ends_the_process_and_the_next_waits_for_it_and_serves_the_first_meanwhile() {
    let two = Two::new();
    let (environment, script) = (two.environment(), two.installation.file("script"));
    two.installation.edit_config("[store]\n", "[metrics]\nlisten = \"127.0.0.1:0\"\n[store]\n");
    let daemon = serve(two.installation, &environment, &[]);
    let client = daemon.client().await;
    let make = async |client: &Client| client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let (first, second) = (make(&client).await, make(&client).await);
    drop(client);
    let installation = daemon.terminate();

    installation.edit_config("token_label = \"second\"\n", "token_label = \"second\"\nlongest_call_seconds = 2\n");
    let daemon = serve(installation, &environment, &[]);
    let (client, mut faults) = (daemon.client().await, Faults::of(&daemon.installation));
    // Where it takes longer to open, it is served with later.
    while encrypt(&client, &second).await.is_err() {
        tokio::task::yield_now().await;
    }
    faults.rule("* * hang");
    encrypt(&client, &second).await.unwrap_err();
    encrypt(&client, &first).await.unwrap();
    let given_up = |line: &serde_json::Value| field(line, "message") == "not ready" && field(line, "name") == "given-up";
    daemon.wait_for_log(given_up);
    drop(client);
    let (status, installation, log) = daemon.wait();
    assert_eq!(status.code(), Some(75), "{log}");

    // It hangs still.
    std::fs::write(&script, "rule C_OpenSession * hang\n").unwrap();
    let daemon = serve(installation, &environment, &[("PKCS11_FAULTS_SCRIPT", script.to_str().unwrap())]);
    let (client, mut faults) = (daemon.client().await, Faults::of(&daemon.installation));
    assert_eq!(said(&daemon, "token:second"), (Some(0.0), Some("token-hangs".to_owned())));
    assert_eq!((get(&daemon, "/livez").0, get(&daemon, "/readyz").0), (200, 200));
    encrypt(&client, &first).await.unwrap();
    encrypt(&client, &second).await.unwrap_err();
    faults.clear();
    daemon.wait_for_log(|line| field(line, "message") == "ready again" && field(line, "part") == "token:second");
    encrypt(&client, &second).await.unwrap_or_else(|refusal| panic!("{refusal:?}:\n{}", daemon.log()));
    daemon.terminate();
}

#[tokio::test]
async fn a_further_token_that_was_never_there_is_taken_for_misnamed() {
    let two = Two::new();
    two.installation.edit_config("token_label = \"second\"", "token_label = \"secnod\"");
    let mut command = two.installation.command("serve");
    command.envs(two.environment());
    let refusal = Daemon::refusal_of(command);
    assert!(refusal.contains("the further token \"secnod\": it is not there"), "{refusal}");
    assert!(refusal.contains("no token with label \"secnod\" in this module"), "{refusal}");
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn what_a_kill_leaves_in_a_further_token_is_gone_after_the_next_start() {
    use std::os::unix::process::ExitStatusExt;

    let two = Two::new();
    let (environment, second) = (two.environment(), two.second);
    let daemon = serve(two.installation, &environment, &[]);
    let client = daemon.client().await;
    let first = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    drop(client);
    let before = objects(&second);

    let daemon = serve(daemon.terminate(), &environment, &[("KEYFERRY_FAILPOINT", "create.generated")]);
    let client = daemon.client().await;
    call!(client.keys(), create_key, pb::CreateKeyRequest::default()).unwrap_err();
    drop(client);
    let (status, installation, log) = daemon.wait();
    assert_eq!(status.signal(), Some(9), "{log}");
    assert_eq!(objects(&second), before + 1, "it was made in the second token");

    let daemon = serve(installation, &environment, &[]);
    assert_eq!(objects(&second), before);
    let client = daemon.client().await;
    encrypt(&client, &first).await.unwrap();
    let key = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    encrypt(&client, &key).await.unwrap();
    assert_eq!(objects(&second), before + 1);
}
