//! The module that forwards to a token's own and fails as it is told, and how it is told: `deploy/faults.md` has the commands.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::Installation;

/// The module, a package of its own: it stands beside the folder of the test binary.
pub fn module() -> PathBuf {
    let binary = std::env::current_exe().unwrap();
    let module = binary.parent().unwrap().parent().unwrap().join("libpkcs11_faults.so");
    assert!(module.exists(), "{} is missing: `cargo build --locked -p pkcs11-faults` makes it", module.display());
    module
}

/// What the environment of a process that loads it must say, for it to forward to the module `real`.
pub fn environment(real: &Path, socket: &Path) -> [(&'static str, PathBuf); 2] {
    [("PKCS11_FAULTS_MODULE", real.to_owned()), ("PKCS11_FAULTS_SOCKET", socket.to_owned())]
}

/// A connection to the module in another process, which must have loaded it.
pub struct Faults {
    stream: BufReader<UnixStream>,
}

impl Faults {
    /// Of a daemon that serves this installation, made with [`super::Settings::faults`].
    pub fn of(installation: &Installation) -> Self {
        Self::at(&installation.faults_socket())
    }

    /// Connects.
    pub fn at(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket);
        Self { stream: BufReader::new(stream.unwrap_or_else(|error| panic!("{}: {error}", socket.display()))) }
    }

    /// Gives a command: what it answers before `ok`, or the reason why it does not.
    pub fn try_ask(&mut self, command: &str) -> Result<Vec<String>, String> {
        self.stream.get_mut().write_all(format!("{command}\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.stream.read_line(&mut line).unwrap(), 0, "the process ended at {command:?}");
            match line.trim_end() {
                "ok" => return Ok(answer),
                line => match line.strip_prefix("error ") {
                    Some(reason) => return Err(reason.to_owned()),
                    None => answer.push(line.to_owned()),
                },
            }
        }
    }

    /// Gives a command that is right.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> Vec<String> {
        self.try_ask(command).unwrap_or_else(|reason| panic!("{command}: {reason}"))
    }

    /// Adds a rule: `C_Sign 3 return CKR_DEVICE_ERROR`.
    #[track_caller]
    pub fn rule(&mut self, rule: &str) {
        self.ask(&format!("rule {rule}"));
    }

    /// Removes all rules, and lets go what hangs.
    pub fn clear(&mut self) {
        self.ask("clear");
    }

    /// Waits until so many calls hang.
    #[track_caller]
    pub fn wait_until_hanging(&mut self, count: usize) {
        self.ask(&format!("wait {count}"));
    }

    /// The calls of each function since [`Faults::reset`].
    pub fn counts(&mut self) -> BTreeMap<String, u64> {
        let lines = self.ask("count");
        lines.iter().map(|line| line.split_once(' ').unwrap()).map(|(name, n)| (name.into(), n.parse().unwrap())).collect()
    }

    /// Counts anew.
    pub fn reset(&mut self) {
        self.ask("reset");
    }

    /// How often the rules fired, all together.
    pub fn fired(&mut self) -> u64 {
        let count = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap();
        self.ask("fired").iter().map(count).sum()
    }

    /// How many bytes the process has allocated and not freed.
    pub fn heap(&mut self) -> usize {
        self.ask("heap")[0].parse().unwrap()
    }

    /// How many sessions are open.
    pub fn open(&mut self) -> usize {
        self.ask("open")[0].parse().unwrap()
    }
}
