//! Keys as Python's `cryptography` writes them: the other library that people make keys with.

use std::process::Command;

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::{PASSPHRASE, is_key, noun, pem_of, private_specs};
use crate::openssl;
use crate::wrap::scratch;

/// Writes the key of a PKCS#8 file in every form that the library knows.
const SCRIPT: &str = r#"
import sys
from cryptography.hazmat.primitives.serialization import *
key = load_pem_private_key(open("key", "rb").read(), None)
passphrase = sys.argv[1].encode()
forms = {"PKCS8": PrivateFormat.PKCS8, "old": PrivateFormat.TraditionalOpenSSL}
if sys.argv[2] == "ssh":
    forms["OpenSSH"] = PrivateFormat.OpenSSH
coats = {"PEM": Encoding.PEM, "DER": Encoding.DER}
for name, form in forms.items():
    for coat, encoding in coats.items():
        if name != "OpenSSH" or coat == "PEM":
            open(f"{name}.{coat}", "wb").write(key.private_bytes(encoding, form, NoEncryption()))
for coat, encoding in coats.items():
    open(f"encrypted.{coat}", "wb").write(key.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)))
"#;

/// The interpreter; `None` where none is named and the usual one has not the library.
#[allow(clippy::print_stderr)]
fn python() -> Option<String> {
    if let Ok(named) = std::env::var("KEYFERRY_TEST_PYTHON") {
        return Some(named);
    }
    let found = Command::new("python3").args(["-c", "import cryptography"]).output().is_ok_and(|run| run.status.success());
    if !found {
        eprintln!("skipped: python3 has no `cryptography`; name an interpreter that has by KEYFERRY_TEST_PYTHON");
    }
    found.then(|| "python3".into())
}

#[test]
fn what_python_writes_is_taken() {
    let Some(python) = python() else { return };
    // It does not know the SM2 curve.
    for (spec, kind) in private_specs().filter(|(_, kind)| *kind != MaterialKind::Ec(Curve::Sm2)) {
        let (_guard, dir) = scratch();
        let (key, noun) = (openssl::pkcs8(kind), noun(kind));
        std::fs::write(dir.join("key"), pem_of("PRIVATE KEY", &key)).unwrap();
        let ssh = kind != MaterialKind::Ec(Curve::K256);
        let known = if ssh { "ssh" } else { "no ssh" };
        let run = Command::new(&python).args(["-c", SCRIPT, PASSPHRASE, known]).current_dir(&dir).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));

        let old = match kind {
            MaterialKind::Rsa(_) => "a PKCS#1",
            _ => "a SEC1",
        };
        for (name, form) in [("PKCS8", "a PKCS#8"), ("old", old), ("encrypted", "an encrypted PKCS#8")] {
            for coat in ["PEM", "DER"] {
                let file = std::fs::read(dir.join(format!("{name}.{coat}"))).unwrap();
                is_key(&file, &format!("{form} {noun}, {coat}"), (spec, kind), &key);
            }
        }
        if ssh {
            let file = std::fs::read(dir.join("OpenSSH.PEM")).unwrap();
            is_key(&file, &format!("an OpenSSH {noun}, PEM"), (spec, kind), &key);
        }
    }
}
