//! The KMS API's own clients, unchanged: the aws command and boto3, as they are installed from PyPI, against the real daemon.
//!
//! What they send and believe is the proof, so the tests are theirs: scripts in Python beside this file, one for each subject, and
//! what is printed here is what they said. The wire itself is tried in `json`.

mod retries;
mod scripts;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::installation::IMPORTER;
use crate::harness::{AccessKey, Daemon};

/// Where the clients are installed.
const INSTALLED: &str = "target/ci/venv/bin/python";

/// A script that is about to run, with what a client of the KMS API finds in its environment.
struct Script<'d> {
    command: Command,
    daemon: &'d Daemon,
    name: &'static str,
}

impl<'d> Script<'d> {
    /// One of the scripts beside this file, for a daemon that speaks TLS, signing with this access key.
    fn new(name: &'static str, daemon: &'d Daemon, access_key: &AccessKey) -> Self {
        let port = daemon.json_address().rsplit_once(':').unwrap().1.to_owned();
        // The one authority of these tests signs for both sides.
        let ca = daemon.installation.file("client-ca.pem");
        Self::at(&format!("https://localhost:{port}"), name, daemon, access_key).with("AWS_CA_BUNDLE", ca.to_str().unwrap())
    }

    /// As [`Script::new`], for a daemon that is reached there.
    fn at(endpoint: &str, name: &'static str, daemon: &'d Daemon, access_key: &AccessKey) -> Self {
        let python = python();
        let mut command = Command::new(if name.ends_with(".sh") { Path::new("sh") } else { &python });
        // The tests' own environment is nobody's account.
        for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("AWS_")) {
            command.env_remove(variable);
        }
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws").join(name));
        command.envs([
            ("AWS_ENDPOINT_URL_KMS", endpoint),
            ("AWS_ACCESS_KEY_ID", &access_key.id),
            ("AWS_SECRET_ACCESS_KEY", &access_key.secret),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_PAGER", ""),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]);
        // The aws command lies beside the interpreter.
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", python.parent().unwrap().display()));
        Self { command, daemon, name }
    }

    /// One more word of its environment.
    fn with(mut self, variable: &str, value: &str) -> Self {
        self.command.env(variable, value);
        self
    }

    /// Runs it: what it printed. Where it failed, shows all that it said, and what the daemon said last.
    #[track_caller]
    fn run(mut self) -> String {
        let said = self.command.output().unwrap();
        let [out, err] = [&said.stdout, &said.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        let log = self.daemon.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        assert!(said.status.success(), "tests/aws/{}: {}\n{out}\n{err}\nthe daemon:\n{last}", self.name, said.status);
        out
    }
}

/// Runs a script as the usual importer, against this daemon.
#[track_caller]
fn here(name: &'static str, daemon: &Daemon) {
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    Script::new(name, daemon, &access_key).run();
}

/// The interpreter that has the clients.
fn python() -> PathBuf {
    let named = std::env::var_os("KEYFERRY_TEST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED));
    assert!(python.exists(), "{} is not there, and with it the clients of the KMS API: run `make test`", python.display());
    python
}
