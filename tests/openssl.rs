//! OpenSSL's command line: keys that we did not make, and blobs opened by other code than ours.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use keyferry::model::MaterialKind;

use crate::harness::openssl;

/// Runs `openssl` and returns what it printed; panics with its complaint where it refuses.
pub(crate) fn run(dir: &Path, arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is on the path");
    // One that refuses its arguments closes its input: its own complaint says more than the broken pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Material of this kind: PKCS#8 DER, or raw bytes.
pub(crate) fn pkcs8(kind: MaterialKind) -> Vec<u8> {
    match kind.secret_bytes() {
        Some(length) => openssl::random(length),
        None => openssl::private_key(kind),
    }
}

/// PKCS#8 DER of what `openssl genpkey` makes of these arguments.
pub(crate) fn genpkey(arguments: &str) -> Vec<u8> {
    openssl::genpkey(&arguments.split_whitespace().collect::<Vec<_>>())
}

pub(crate) fn spki(key: &[u8]) -> Vec<u8> {
    openssl::public_key(key)
}
