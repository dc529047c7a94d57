//! `keyferryd dev`: a whole service in one folder, made on the first start.
//!
//! SoftHSM2 learns where its tokens are from an environment variable that a running process cannot set for itself, so what
//! loads the module runs as a process of its own, and the service takes this one's place in the end.
//! A first start that was interrupted is repaired by the next one: certificates and PINs one by one, token and database
//! together, because either is of no use without the other.

mod certificates;
mod folder;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use folder::Folder;
use keyferry::config;
use keyferry::hsm::SOFTHSM2_PLACES;

const LABEL: &str = "keyferry";

/// Who the certificates of development are.
const PRINCIPALS: &str = "\
# Written by keyferryd dev at its first start; yours to edit. `kill -HUP` has it read again.
version = \"v1\"

[[principal]]
name = \"spiffe://keyferry.local/dev\"
account = \"000000000000\"
tags = { role = \"developer\" }
";

/// What they may do.
const POLICY: &str = "\
// Written by keyferryd dev at its first start; yours to edit. The folder deploy/policy has a set for a service that others use.
@id(\"developers-do-everything\")
permit (principal, action, resource)
when { principal.hasTag(\"role\") && principal.getTag(\"role\") == \"developer\" };
";

/// What `access-key create` printed.
const ACCESS_KEY: &str = "access-key.json";

/// Written last: what is without it was not finished.
const COMPLETE: &str = "complete";

/// Where it listens.
#[derive(Clone, Copy)]
pub(crate) struct Doors {
    /// For gRPC.
    pub(crate) grpc: SocketAddr,
    /// For the KMS JSON protocol.
    pub(crate) json: SocketAddr,
}

/// Makes what is missing and serves. Does not return but by an error.
pub(crate) fn dev(dir: &Path, doors: Doors, clock_control: bool) -> anyhow::Result<()> {
    for (option, listen) in [("--listen", doors.grpc), ("--json-listen", doors.json)] {
        if listen.port() == 0 {
            bail!("{option}: expected a port other than 0, so that .local/env can name it");
        }
    }
    let Some(module) = SOFTHSM2_PLACES.iter().map(Path::new).find(|module| module.exists()) else {
        bail!("SoftHSM2 is not installed: run apt-get install softhsm2 (looked for {})", SOFTHSM2_PLACES.join(", "));
    };
    let program = std::env::current_exe().context("this program's own path")?;
    let folder = Folder::open(dir)?;
    let lock = folder.lock()?;
    certificates::ensure(&folder.subfolder("tls")?)?;
    for pin in ["so-pin", "pin"] {
        if !folder.has(pin) {
            folder.write(pin, &folder::random_pin()?)?;
        }
    }
    folder.write("softhsm2.conf", &softhsm_settings(&folder))?;
    folder.write("keyferryd.toml", &settings(&folder, module, doors)?)?;
    let policy = folder.subfolder("policy")?;
    if !policy.has("principals.toml") {
        policy.write("principals.toml", PRINCIPALS)?;
        policy.write("development.cedar", POLICY)?;
    }
    if !folder.has(COMPLETE) {
        make_token_and_database(&folder, &program, module)?;
    }
    if !folder.has(ACCESS_KEY) {
        folder.write(ACCESS_KEY, &make_access_key(&folder, &program)?)?;
    }
    let access_key = std::fs::read_to_string(folder.path(ACCESS_KEY)).context(ACCESS_KEY)?;
    let access_key = AccessKey::read(&access_key).context(ACCESS_KEY)?;
    folder.write("env", &environment(&folder, &program, doors, &access_key)?)?;
    drop(lock);
    let hint = format!("in another terminal: source {}", folder::quoted(&folder.path("env"))?);
    super::say(&hint)?;
    let mut serve = ours(&folder, &program);
    serve.arg("serve").arg("--config").arg(folder.path("keyferryd.toml"));
    let error = serve.args(clock_control.then_some("--clock-control")).exec();
    Err(error).context("the service cannot take this process's place")
}

fn make_token_and_database(folder: &Folder, program: &Path, module: &Path) -> anyhow::Result<()> {
    // Its secret would be another token's.
    for leftover in [ACCESS_KEY, "keyferry.db", "keyferry.db-wal", "keyferry.db-shm", "softhsm"] {
        folder.remove(leftover)?;
    }
    folder.subfolder("softhsm")?;
    let made = ours(folder, program)
        .arg("init-token")
        .args(["--label", LABEL])
        .arg("--module")
        .arg(module)
        .arg("--so-pin-file")
        .arg(folder.path("so-pin"))
        .arg("--pin-file")
        .arg(folder.path("pin"))
        .status()
        .context("init-token cannot be run")?;
    if !made.success() {
        bail!("the token was not made: {made}");
    }
    let made = ours(folder, program)
        .arg("init")
        .arg("--config")
        .arg(folder.path("keyferryd.toml"))
        .status()
        .context("init cannot be run")?;
    if !made.success() {
        bail!("token and database were not made each other's: {made}");
    }
    folder.write(COMPLETE, "Without this file, keyferryd dev makes token and database anew.\n")
}

/// An access key for the clients of the KMS API, as `access-key create` prints it.
fn make_access_key(folder: &Folder, program: &Path) -> anyhow::Result<String> {
    let made = ours(folder, program)
        .args(["access-key", "create", "--principal", certificates::CALLER, "--config"])
        .arg(folder.path("keyferryd.toml"))
        .stderr(Stdio::inherit())
        .output()
        .context("access-key create cannot be run")?;
    if !made.status.success() {
        bail!("no access key was made: {}", made.status);
    }
    String::from_utf8(made.stdout).context("access-key create printed no text")
}

/// What the clients of the KMS API sign with.
struct AccessKey {
    id: String,
    secret: String,
}

impl AccessKey {
    fn read(printed: &str) -> anyhow::Result<Self> {
        let printed: serde_json::Value = serde_json::from_str(printed)?;
        let member = |name: &str| {
            let text = printed["AccessKey"][name].as_str().map(str::to_owned);
            text.with_context(|| format!("{name} is missing: remove the file, and another one is made"))
        };
        Ok(Self { id: member("AccessKeyId")?, secret: member("SecretAccessKey")? })
    }
}

/// This program, with SoftHSM2 looking into the folder.
fn ours(folder: &Folder, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("SOFTHSM2_CONF", folder.path("softhsm2.conf"));
    command
}

fn softhsm_settings(folder: &Folder) -> String {
    format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        folder.path("softhsm").display()
    )
}

fn settings(folder: &Folder, module: &Path, doors: Doors) -> anyhow::Result<String> {
    // A JSON string is a TOML string too.
    let text = |path: PathBuf| -> anyhow::Result<String> {
        let path = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
        serde_json::to_string(path).context("JSON")
    };
    let database = folder.path("keyferry.db");
    let database = database.to_str().context("the folder's path is not UTF-8")?.replace('%', "%25").replace('?', "%3F");
    Ok(format!(
        "# Written by keyferryd dev at each start: set KEYFERRY__<TABLE>__<KEY> in the environment instead of editing.
version = \"v1\"

[server]
listen = \"{grpc}\"

[json]
listen = \"{json}\"

[server.tls]
certificate = {certificate}
private_key = {private_key}
client_ca = {client_ca}

[hsm]
module = {module}
token_label = \"{LABEL}\"
pin_file = {pin_file}
host_assisted = \"material\"

[pool]
rsa_2048 = {{ low = 2, high = 2 }}
rsa_3072 = {{ low = 2, high = 2 }}
rsa_4096 = {{ low = 2, high = 2 }}

[store]
url = {url}

[policy]
folder = {policy}

[audit]
file = {audit}

[limits]
enabled = false
",
        grpc = doors.grpc,
        json = doors.json,
        certificate = text(folder.path("tls/server.pem"))?,
        private_key = text(folder.path("tls/server.key"))?,
        client_ca = text(folder.path("tls/ca.pem"))?,
        policy = text(folder.path("policy"))?,
        audit = text(folder.path("audit.jsonl"))?,
        module = text(module.to_owned())?,
        pin_file = text(folder.path("pin"))?,
        url = serde_json::to_string(&format!("sqlite:{database}"))?,
    ))
}

fn environment(folder: &Folder, program: &Path, doors: Doors, access_key: &AccessKey) -> anyhow::Result<String> {
    let programs = folder::quoted(program.parent().context("this program's own folder")?)?;
    Ok(format!(
        "# Written by keyferryd dev at each start; for `source`.
export KEYFERRY_ENDPOINT_URL=https://localhost:{port}
export KEYFERRY_CA_BUNDLE={ca}
export KEYFERRY_CLIENT_CERT={certificate}
export KEYFERRY_CLIENT_KEY={key}
# For the clients of the KMS API: the aws command, boto3, Terraform.
export AWS_ENDPOINT_URL_KMS=https://localhost:{json}
export AWS_CA_BUNDLE={ca}
export AWS_ACCESS_KEY_ID={id}
export AWS_SECRET_ACCESS_KEY={secret}
export AWS_DEFAULT_REGION={region}
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION
# For keyferryd doctor.
export SOFTHSM2_CONF={softhsm}
case \":$PATH:\" in *:{programs}:*) ;; *) export PATH={programs}:\"$PATH\" ;; esac
",
        port = doors.grpc.port(),
        json = doors.json.port(),
        id = access_key.id,
        secret = folder::quoted(Path::new(&access_key.secret))?,
        region = config::Kms::default().realm.region,
        softhsm = folder::quoted(&folder.path("softhsm2.conf"))?,
        ca = folder::quoted(&folder.path("tls/ca.pem"))?,
        certificate = folder::quoted(&folder.path("tls/client.pem"))?,
        key = folder::quoted(&folder.path("tls/client.key"))?,
    ))
}

#[cfg(test)]
mod tests {
    use keyferry::config::{Config, Pin};

    use super::*;

    const DOORS: Doors = Doors {
        grpc: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7443),
        json: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7444),
    };
    const PRINTED: &str = r#"{"AccessKey":{"AccessKeyId":"AKIAX","SecretAccessKey":"s3/cr+t"}}"#;

    #[test]
    fn the_settings_are_good_whatever_the_folder_is_called() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's \"odd\" 100%?")).unwrap();
        let text = settings(&folder, Path::new(SOFTHSM2_PLACES[0]), DOORS).unwrap();
        let config = Config::parse(&text, []).unwrap();
        assert_eq!(config.hsm.pin, Pin::File(folder.path("pin")));
        assert!(config.store.url.expose().ends_with("/it's \"odd\" 100%25%3F/keyferry.db"));
    }

    #[test]
    fn a_shell_reads_the_environment_as_it_is_meant() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's odd")).unwrap();
        let program = Path::new("/opt/it's here/keyferryd");
        let access_key = AccessKey::read(PRINTED).unwrap();
        folder.write("env", &environment(&folder, program, DOORS, &access_key).unwrap()).unwrap();
        let script = format!(
            "PATH=/bin; . {env}; . {env}; printf '%s\\n' \"$KEYFERRY_ENDPOINT_URL\" \"$KEYFERRY_CLIENT_KEY\" \"$PATH\" \"$AWS_ENDPOINT_URL_KMS\" \"$AWS_SECRET_ACCESS_KEY\"",
            env = folder::quoted(&folder.path("env")).unwrap()
        );
        let output = Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
        let key = folder.path("tls/client.key");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("https://localhost:7443\n{}\n/opt/it's here:/bin\nhttps://localhost:7444\ns3/cr+t\n", key.display())
        );
    }
}
