//! OpenSSL's command line: keys that we did not make, and blobs opened by other code than ours.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use keyferry::model::MaterialKind;

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

pub(crate) fn pkcs8(dir: &Path, kind: MaterialKind) -> Vec<u8> {
    let generate = match kind {
        MaterialKind::Rsa(bits) => format!("-algorithm rsa -pkeyopt rsa_keygen_bits:{bits}"),
        MaterialKind::Ec(curve) => format!("-algorithm ec -pkeyopt ec_paramgen_curve:{curve}"),
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => {
            return run(dir, &format!("rand {}", kind.secret_bytes().unwrap()), b"");
        }
    };
    genpkey(dir, &generate)
}

/// By way of `pkcs8`: what `genpkey` itself writes as DER is PKCS#1 or SEC1 in OpenSSL 3.0.
pub(crate) fn genpkey(dir: &Path, arguments: &str) -> Vec<u8> {
    let pem = run(dir, &format!("genpkey {arguments}"), b"");
    run(dir, "pkcs8 -topk8 -nocrypt -outform DER", &pem)
}

pub(crate) fn spki(dir: &Path, key: &[u8]) -> Vec<u8> {
    run(dir, "pkey -inform DER -pubout -outform DER", key)
}
