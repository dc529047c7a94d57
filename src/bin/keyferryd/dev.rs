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
use std::process::Command;

use anyhow::{Context, bail};

use folder::Folder;
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

/// Written last: what is without it was not finished.
const COMPLETE: &str = "complete";

/// Makes what is missing and serves. Does not return but by an error.
pub(crate) fn dev(dir: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    if listen.port() == 0 {
        bail!("--listen: expected a port other than 0, so that .local/env can name it");
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
    folder.write("keyferryd.toml", &settings(&folder, module, listen)?)?;
    let policy = folder.subfolder("policy")?;
    if !policy.has("principals.toml") {
        policy.write("principals.toml", PRINCIPALS)?;
        policy.write("development.cedar", POLICY)?;
    }
    folder.write("env", &environment(&folder, &program, listen)?)?;
    if !folder.has(COMPLETE) {
        make_token_and_database(&folder, &program, module)?;
    }
    drop(lock);
    let hint = format!("in another terminal: source {}", folder::quoted(&folder.path("env"))?);
    super::say(&hint)?;
    let error = ours(&folder, &program).arg("serve").arg("--config").arg(folder.path("keyferryd.toml")).exec();
    Err(error).context("the service cannot take this process's place")
}

fn make_token_and_database(folder: &Folder, program: &Path, module: &Path) -> anyhow::Result<()> {
    for leftover in ["keyferry.db", "keyferry.db-wal", "keyferry.db-shm", "softhsm"] {
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

fn settings(folder: &Folder, module: &Path, listen: SocketAddr) -> anyhow::Result<String> {
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
listen = \"{listen}\"

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

fn environment(folder: &Folder, program: &Path, listen: SocketAddr) -> anyhow::Result<String> {
    let programs = folder::quoted(program.parent().context("this program's own folder")?)?;
    Ok(format!(
        "# Written by keyferryd dev at each start; for `source`.
export KEYFERRY_ENDPOINT_URL=https://localhost:{port}
export KEYFERRY_CA_BUNDLE={ca}
export KEYFERRY_CLIENT_CERT={certificate}
export KEYFERRY_CLIENT_KEY={key}
# For keyferryd doctor.
export SOFTHSM2_CONF={softhsm}
case \":$PATH:\" in *:{programs}:*) ;; *) export PATH={programs}:\"$PATH\" ;; esac
",
        port = listen.port(),
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

    #[test]
    fn the_settings_are_good_whatever_the_folder_is_called() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's \"odd\" 100%?")).unwrap();
        let text = settings(&folder, Path::new(SOFTHSM2_PLACES[0]), "127.0.0.1:8443".parse().unwrap()).unwrap();
        let config = Config::parse(&text, []).unwrap();
        assert_eq!(config.hsm.pin, Pin::File(folder.path("pin")));
        assert!(config.store.url.expose().ends_with("/it's \"odd\" 100%25%3F/keyferry.db"));
    }

    #[test]
    fn a_shell_reads_the_environment_as_it_is_meant() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outer.path().join("it's odd")).unwrap();
        let program = Path::new("/opt/it's here/keyferryd");
        folder.write("env", &environment(&folder, program, "127.0.0.1:7443".parse().unwrap()).unwrap()).unwrap();
        let script = format!(
            "PATH=/bin; . {env}; . {env}; printf '%s\\n' \"$KEYFERRY_ENDPOINT_URL\" \"$KEYFERRY_CLIENT_KEY\" \"$PATH\"",
            env = folder::quoted(&folder.path("env")).unwrap()
        );
        let output = Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
        let key = folder.path("tls/client.key");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("https://localhost:7443\n{}\n/opt/it's here:/bin\n", key.display())
        );
    }
}
