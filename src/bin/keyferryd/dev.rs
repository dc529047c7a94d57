//! `keyferryd dev`: a whole service in one folder, made on the first start.
//!
//! SoftHSM2 learns where its tokens are from an environment variable that a running process cannot set for itself, so what
//! loads the module runs as a process of its own, and the service takes this one's place in the end.
//! A first start that was interrupted is repaired by the next one: certificates and PINs one by one, token and database
//! together, because either is of no use without the other.

mod certificates;
mod files;
mod folder;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use files::AccessKey;
use folder::Folder;
use keyferry::hsm::SOFTHSM2_PLACES;

/// The token's.
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
    folder.write("softhsm2.conf", &files::softhsm_settings(&folder))?;
    folder.write("keyferryd.toml", &files::settings(&folder, module, doors)?)?;
    let policy = folder.subfolder("policy")?;
    if !policy.has("principals.toml") {
        policy.write("principals.toml", PRINCIPALS)?;
        policy.write("development.cedar", POLICY)?;
    }
    if !folder.has(COMPLETE) {
        make_token_and_database(&folder, &program, module)?;
    } else if !folder.has(ACCESS_KEY) {
        // A token from before there were access keys lacks what their secrets come of.
        initialise(&folder, &program)?;
    }
    if !folder.has(ACCESS_KEY) {
        folder.write(ACCESS_KEY, &make_access_key(&folder, &program)?)?;
    }
    let access_key = std::fs::read_to_string(folder.path(ACCESS_KEY)).context(ACCESS_KEY)?;
    let access_key = AccessKey::read(&access_key).context(ACCESS_KEY)?;
    folder.write("env", &files::environment(&folder, &program, doors, &access_key)?)?;
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
    initialise(folder, program)?;
    folder.write(COMPLETE, "Without this file, keyferryd dev makes token and database anew.\n")
}

fn initialise(folder: &Folder, program: &Path) -> anyhow::Result<()> {
    let made = ours(folder, program)
        .arg("init")
        .arg("--config")
        .arg(folder.path("keyferryd.toml"))
        .status()
        .context("init cannot be run")?;
    if !made.success() {
        bail!("token and database were not made each other's: {made}");
    }
    Ok(())
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

/// This program, with SoftHSM2 looking into the folder.
fn ours(folder: &Folder, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("SOFTHSM2_CONF", folder.path("softhsm2.conf"));
    command
}
