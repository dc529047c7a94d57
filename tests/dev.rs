//! `keyferryd dev` and the client, as somebody new to them uses both: from an empty folder to a key that is enabled.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Plaintext;

/// Long enough for a first start on a busy machine; a wait that takes so long is a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder for `keyferryd dev`, and a port.
pub struct Dev {
    folder: TempDir,
    listen: [SocketAddr; 2],
}

impl Dev {
    pub fn new() -> Self {
        // Ports that were ours a moment ago and are nobody's now.
        let taken = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        Self { folder: TempDir::new().unwrap(), listen: taken.map(|taken| taken.local_addr().unwrap()) }
    }

    /// `keyferryd dev`; nothing in the environment speaks for it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyferryd"));
        silence(&mut command);
        let [grpc, json] = self.listen.map(|listen| listen.to_string());
        command.arg("dev").arg("--dir").arg(self.folder.path().join(".local"));
        command.args(["--listen", &grpc, "--json-listen", &json, "--clock-control"]);
        command
    }

    /// Runs it until it serves.
    pub fn serve(self) -> Serving {
        let mut child = self.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        let serving = Serving { child, dev: self };
        std::thread::spawn(move || {
            // To the end, whether anybody listens or not: a full pipe would stop the service.
            for line in log.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let mut log = Vec::new();
        while !log.last().is_some_and(|line: &String| line.contains("serving")) {
            log.push(lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it ended or hangs:\n{}", log.join("\n"))));
        }
        serving
    }
}

/// A running `keyferryd dev`.
pub struct Serving {
    // Before the folder: the process must be gone when it goes.
    child: Child,
    dev: Dev,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Where the client runs.
    pub fn folder(&self) -> &Path {
        self.dev.folder.path()
    }

    /// Runs `keyferry`, found and configured by what the folder's `env` says, and returns its answer.
    pub fn keyferry(&self, arguments: &[&str]) -> Value {
        let mut shell = Command::new("sh");
        silence(&mut shell);
        shell.args(["-c", ". .local/env && exec keyferry \"$@\"", "sh"]).args(arguments).current_dir(self.folder());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn silence(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYFERRY_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
}

#[test]
fn a_newcomer_gets_from_an_empty_folder_to_an_enabled_key() {
    let dev = Dev::new().serve();
    let material = Plaintext::aes();
    std::fs::write(dev.folder().join("material.bin"), &material.bytes).unwrap();

    let created = dev.keyferry(&["create-key", "--origin", "EXTERNAL"]);
    assert_eq!(created["KeyMetadata"]["KeyState"], "PendingImport");
    let key = created["KeyMetadata"]["KeyId"].as_str().unwrap();
    let algorithm = ["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_4096"];
    let set = dev.keyferry(&[&["get-parameters-for-import", "--key-id", key], &algorithm[..]].concat());
    std::fs::write(dev.folder().join("params.json"), set.to_string()).unwrap();
    let saved = ["--parameters", "params.json"];
    let files = ["--key-material", "material.bin", "--out", "blob.bin"];
    let wrapped = dev.keyferry(&[&["wrap"], &saved[..], &files].concat());
    assert_eq!(wrapped["KeyMaterialId"], material.fingerprint(key));
    let blob = ["--encrypted-key-material", "fileb://blob.bin", "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
    let imported = dev.keyferry(&[&["import-key-material"], &saved[..], &blob].concat());
    assert_eq!(imported["KeyMaterialId"], wrapped["KeyMaterialId"]);
    let described = dev.keyferry(&["describe-key", "--key-id", key]);
    assert_eq!(described["KeyMetadata"]["KeyState"], "Enabled");

    // Most of a year passes in a moment.
    let mortal = dev.keyferry(&["import", "material.bin", "--valid-to", "300d"]);
    assert_eq!(mortal["KeyMetadata"]["KeyState"], "Enabled");
    dev.keyferry(&["advance-clock", "--seconds", &(301 * 24 * 60 * 60).to_string()]);
    let key = mortal["KeyMetadata"]["KeyId"].as_str().unwrap();
    assert_eq!(dev.keyferry(&["describe-key", "--key-id", key])["KeyMetadata"]["KeyState"], "PendingImport");
}
