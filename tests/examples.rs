//! The examples of `deploy/examples`, run as their readers run them, against a real daemon.

use std::path::{Path, PathBuf};
use std::process::Command;

use keyferry::model::KeyState;
use tempfile::TempDir;

use crate::harness::{Daemon, Plaintext};
use crate::typed;

/// What a reader has: a daemon, the variables that lead to it, and 32 random bytes in a file.
struct Reader {
    daemon: std::sync::Arc<Daemon>,
    folder: TempDir,
    material: Plaintext,
}

impl Reader {
    fn new() -> Self {
        let (daemon, folder, material) = (Daemon::shared(), TempDir::new().unwrap(), Plaintext::aes());
        let reader = Self { daemon, folder, material };
        let (ca, importer) = (&reader.daemon.installation.authority.certificate, &reader.daemon.installation.importer);
        for (name, text) in [("ca.pem", ca), ("cert.pem", &importer.certificate), ("key.pem", &importer.private_key)] {
            std::fs::write(reader.file(name), text).unwrap();
        }
        std::fs::write(reader.file("KEYFILE"), &reader.material.bytes).unwrap();
        reader
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program with the key file; what it prints must be true.
    async fn runs(&self, mut program: Command) {
        let port = self.daemon.address().rsplit_once(':').unwrap().1;
        program.arg(self.file("KEYFILE")).env("KEYFERRY_ENDPOINT_URL", format!("https://localhost:{port}"));
        program.env("KEYFERRY_CA_BUNDLE", self.file("ca.pem"));
        program.env("KEYFERRY_CLIENT_CERT", self.file("cert.pem")).env("KEYFERRY_CLIENT_KEY", self.file("key.pem"));
        let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let (arn, id) = said.trim().split_once(" holds ").unwrap_or_else(|| panic!("{said}"));

        let key = typed::client(&self.daemon).await.describe_key(arn).await.unwrap();
        assert_eq!(key.state, KeyState::Enabled);
        let expected = self.material.fingerprint(key.id.as_str());
        assert_eq!((id, key.proof.unwrap().fingerprint.to_string()), (expected.as_str(), expected.clone()));
    }
}

#[tokio::test]
async fn the_rust_example_brings_a_key_in() {
    // Cargo puts examples beside the tests, and builds them where all tests are built.
    let example = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("import");
    if !example.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--example", "import"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(cargo.status().unwrap().success());
    }
    Reader::new().runs(Command::new(example)).await;
}

#[tokio::test]
async fn the_python_example_brings_a_key_in() {
    let named = std::env::var_os("KEYFERRY_TEST_PYTHON");
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let tried = Command::new(&python).args(["-c", "import grpc, grpc_tools, cryptography"]).output();
    let has_grpc = tried.is_ok_and(|tried| tried.status.success());
    if !has_grpc {
        assert_eq!(named, None, "KEYFERRY_TEST_PYTHON has no grpcio, no grpcio-tools or no cryptography");
        println!("skipped: python3 has no grpcio, no grpcio-tools or no cryptography");
        return;
    }
    let mut program = Command::new(python);
    program.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/import.py"));
    Reader::new().runs(program).await;
}
