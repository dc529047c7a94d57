//! A folder to stand in, an environment of one's own and perhaps a service: everything that a command line depends on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::Daemon;
use crate::harness::certificates::Identity;

/// What one run came to.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Where somebody types commands.
pub struct Desk {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    /// Lives as long as somebody sits here.
    daemon: Option<Arc<Daemon>>,
}

impl Desk {
    /// One without a service.
    pub fn bare() -> Self {
        let folder = TempDir::new().unwrap();
        let home = folder.path().display().to_string();
        Self { folder, environment: BTreeMap::from([("HOME".to_owned(), home)]), daemon: None }
    }

    /// One whose environment names this service, and the usual importer.
    pub fn at(daemon: &Arc<Daemon>) -> Self {
        let mut desk = Self::bare();
        desk.daemon = Some(daemon.clone());
        desk.write("ca.pem", &daemon.installation.authority.certificate);
        desk.set("KEYFERRY_ENDPOINT_URL", &format!("https://{}", daemon.address()));
        desk.set("KEYFERRY_CA_BUNDLE", "ca.pem");
        desk.be(&daemon.installation.importer);
        desk
    }

    /// Shows another certificate.
    pub fn be(&mut self, identity: &Identity) {
        self.write("cert.pem", &identity.certificate);
        self.write("key.pem", &identity.private_key);
        self.set("KEYFERRY_CLIENT_CERT", "cert.pem");
        self.set("KEYFERRY_CLIENT_KEY", "key.pem");
    }

    /// Sets an environment variable.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes one away.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.environment.remove(name);
        self
    }

    /// The value of one.
    pub fn variable(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// Writes a file here.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// A file here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Here.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `keyferry` with nothing in its environment but what was set, and the search path.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyferry"));
        self.furnish(&mut command);
        command.args(arguments);
        command
    }

    /// Makes any program run here.
    pub fn furnish(&self, command: &mut Command) {
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).envs(&self.environment);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
    }

    /// Runs it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs what must succeed and say nothing on stderr; its stdout.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        run.stdout
    }

    /// As [`Desk::ok`], and takes one value from the answer.
    #[track_caller]
    pub fn query(&self, query: &str, arguments: &[&str]) -> String {
        self.ok(&[arguments, &["--query", query, "--output", "text"]].concat()).trim_end().to_owned()
    }

    /// Creates a key and returns its id.
    pub fn create(&self, arguments: &[&str]) -> String {
        self.query("KeyMetadata.KeyId", &[&["create-key"], arguments].concat())
    }
}

impl Run {
    /// What a process came to; it must have ended by itself.
    pub fn of(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
    }
}
