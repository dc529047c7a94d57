//! Where the PIN and the private key may come from, and who else may read them: nobody.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::assert_refused;
use crate::client::terminal::Terminal;
use crate::harness::{Daemon, Installation, Settings, softhsm};

fn change_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_that_others_can_read_or_change_is_not_used() {
    let installation = Installation::new(Settings::default());
    let check = || {
        let output = installation.command("check-config").output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for (name, key) in [("pin", "hsm.pin_file"), ("server-key.pem", "server.tls.private_key")] {
        let path = installation.file(name);
        for (mode, better) in [(0o644, "0640"), (0o660, "0640"), (0o602, "0600")] {
            change_mode(&path, mode);
            let (mode, resolved) = (format!("mode {mode:04o}"), path.canonicalize().unwrap());
            let advice = format!("chmod {better} {}", resolved.display());
            assert_refused(&installation, &[key, &mode, &advice]);
            let (good, said) = check();
            assert!(!good && said.contains(key) && said.contains(&advice), "{said}");
        }
        change_mode(&path, 0o440);
        assert!(check().0);
    }
    let daemon = Daemon::serve(installation, &[]);
    let mode = std::fs::metadata(daemon.installation.database()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "what it writes is its own alone");
}

#[test]
fn the_pin_may_be_a_credential() {
    let installation = Installation::new(Settings::default());
    let file = installation.file("pin");
    installation.edit_config(&format!("pin_file = \"{}\"", file.display()), "pin_credential = \"pin\"");
    assert_refused(&installation, &["hsm.pin_credential", "LoadCredential=pin:<file>"]);
    let folder = file.parent().unwrap().to_str().unwrap().to_owned();
    drop(Daemon::serve(installation, &[("CREDENTIALS_DIRECTORY", &folder)]));
}

#[test]
fn the_pin_may_be_typed_where_there_is_a_terminal() {
    let installation = Installation::new(Settings::default());
    let file = installation.file("pin");
    installation.edit_config(&format!("pin_file = \"{}\"", file.display()), "pin_prompt = true");
    let doctor = installation.command("doctor");
    // A session of its own, with the terminal or without any.
    let in_session = |options: &[&str]| {
        let mut command = Command::new("setsid");
        command.arg("--wait").args(options).arg(doctor.get_program()).args(doctor.get_args());
        command.envs(doctor.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    };
    let alone = in_session(&[]).output().unwrap();
    let said = String::from_utf8(alone.stderr).unwrap();
    assert!(!alone.status.success() && said.contains("hsm.pin_prompt: there is no terminal to ask on"), "{said}");

    let mut terminal = Terminal::start(in_session(&["--ctty"]), 200);
    terminal.wait_for("PIN of the token: ");
    terminal.wait_for_silence();
    terminal.answer(softhsm::PIN);
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("host-material") && !seen.contains(softhsm::PIN), "{seen}");
}
