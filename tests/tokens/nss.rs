//! NSS's softoken: it says of a key that it is not extractable, and wraps it out.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Installation, Settings, softhsm};

const SOFTOKEN: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
    "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
    "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
    "/usr/lib64/libsoftokn3.so",
];

/// Runs it, and it must do.
fn run(program: &str, arguments: &[&str]) {
    let output =
        Command::new(program).args(arguments).output().expect("not installed: `.ci/setup tokens` says what is missing");
    assert!(output.status.success(), "{program}: {output:?}");
}

#[test]
#[ignore = "run by `make tokens`, which installs NSS"]
fn nss_is_unfit_and_neither_made_anybodys_nor_served() {
    let installation = Installation::uninitialised(Settings { host_assisted: "none", ..Settings::default() });
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (module, database, pin) = (at("nss.so"), format!("sql:{}", folder.path().display()), at("pin"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tokens/nss.c");
    run("cc", &["-shared", "-fPIC", "-o", &module, source, "-ldl"]);
    std::fs::write(&pin, softhsm::PIN).unwrap();
    run("certutil", &["-N", "-d", &database, "-f", &pin]);
    installation.edit_config(&softhsm::module().display().to_string(), &module);
    installation.edit_config("token_label = \"keyferry\"", "token_label = \"NSS Certificate DB\"");

    let softoken = SOFTOKEN.into_iter().find(|place| Path::new(place).exists()).expect("NSS is not installed");
    let parameters = format!("configdir='{database}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=");
    let keyferryd = |verb: &str, more: &[&str]| {
        let mut command = installation.command(verb);
        command.args(more).env("NSS_SOFTOKEN", softoken).env("NSS_PARAMETERS", &parameters);
        let output = command.output().unwrap();
        let said = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), said(output.stdout), said(output.stderr))
    };
    for verb in ["doctor", "init"] {
        let (code, _, said) = keyferryd(verb, &[]);
        assert_eq!(code, Some(1), "{verb}: {said}");
        assert!(said.contains("the token is unfit to hold keys"), "{verb}: {said}");
        assert!(said.contains("; a wrapping key can be copied as extractable, wrapped out by CKM_"), "{verb}: {said}");
    }
    let (_, shown, _) = keyferryd("doctor", &["--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["isolation"]["kept"], false);
    let open = shown["isolation"]["tried"].as_array().unwrap().iter().filter(|tried| tried["open"] == true);
    assert!(open.count() > 4, "{shown}");
}
