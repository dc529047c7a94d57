//! Key files behind a passphrase: from a file, from the terminal that controls the process, or from nowhere.

use std::process::{Command, Stdio};

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::super::desk::Run;
use super::super::golden::golden;
use super::super::terminal::Terminal;
use super::{Desk, WRAP, opened, openssl, saved_for};

/// With what is easily lost: a letter of two bytes, a blank at the end.
pub(super) const PASSPHRASE: &str = "open sésame ";

/// An encrypted PKCS#8 in `locked.pem`, its passphrase in `sesame`, and the key in it.
pub(super) fn locked() -> (Desk, Vec<u8>) {
    let desk = saved_for("ECC_NIST_P256", "RSAES_OAEP_SHA_256");
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    desk.write("sesame", format!("{PASSPHRASE}\nand nothing else\n"));
    desk.write(
        "locked.pem",
        openssl::run(desk.folder(), "pkcs8 -topk8 -inform DER -v2 aes-256-cbc -passout file:sesame", &key),
    );
    (desk, key)
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&WRAP[..], more].concat()
}

/// `keyferry` in a session of its own: without a terminal, or, with `--ctty`, on the one that its stdin is.
fn in_session(desk: &Desk, options: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new("setsid");
    desk.furnish(&mut command);
    command.args(options).arg(env!("CARGO_BIN_EXE_keyferry")).args(arguments).arg("--no-cli-pager");
    command
}

fn is_opened(desk: &Desk, key: &[u8]) {
    assert_eq!(opened(desk, "RSAES_OAEP_SHA_256"), key);
    std::fs::remove_file(desk.path("blob.bin")).unwrap();
}

#[test]
fn a_passphrase_is_the_first_line_of_a_file_and_nothing_but_the_line_end_is_taken_from_it() {
    let (desk, key) = locked();
    let with_file = arguments(&["--key-material", "locked.pem", "--passphrase-file", "sesame"]);
    for content in ["\n", "\r\n", "", "\nand nothing else\n"].map(|rest| format!("{PASSPHRASE}{rest}")) {
        desk.write("sesame", &content);
        let shown = desk.ok(&with_file);
        assert!(shown.contains("\"an encrypted PKCS#8 EC private key on P-256, PEM\""), "{shown}");
        is_opened(&desk, &key);
    }
    for content in [PASSPHRASE.trim_end(), "", "\n", &format!("\n{PASSPHRASE}\n"), &format!(" {PASSPHRASE}\n")] {
        desk.write("sesame", content);
        let run = desk.run(&with_file);
        assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{content:?}");
        assert!(run.stderr.starts_with("\nthe passphrase does not open the key file"), "{}", run.stderr);
        assert!(!desk.path("blob.bin").exists());
    }
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal_and_not_shown() {
    let (desk, key) = locked();
    let ask = |arguments: &[&str]| Terminal::start(in_session(&desk, &["--ctty"], arguments), 100);
    let mut terminal = ask(&arguments(&["--key-material", "locked.pem"]));
    terminal.wait_for("Passphrase of locked.pem: ");
    terminal.wait_for_silence();
    terminal.answer(PASSPHRASE);
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.starts_with("Passphrase of locked.pem: \n{"), "{seen}");
    is_opened(&desk, &key);

    // What is on stdin is the key file then, and no passphrase.
    let piped = format!("cat locked.pem | {} {} --key-material -", env!("CARGO_BIN_EXE_keyferry"), WRAP.join(" "));
    let mut command = Command::new("setsid");
    desk.furnish(&mut command);
    command.args(["--ctty", "sh", "-c", &(piped + " --no-cli-pager")]);
    let mut terminal = Terminal::start(command, 100);
    terminal.wait_for("Passphrase of the key file: ");
    terminal.wait_for_silence();
    terminal.answer(PASSPHRASE);
    assert_eq!(terminal.end().0, 0);
    is_opened(&desk, &key);

    let mut terminal = ask(&arguments(&["--key-material", "locked.pem"]));
    terminal.wait_for("Passphrase of locked.pem: ");
    terminal.wait_for_silence();
    terminal.answer("open barley");
    let (code, seen) = terminal.end();
    assert_eq!(code, 255);
    assert!(seen.contains("the passphrase does not open the key file") && !seen.contains("barley"), "{seen}");
    assert!(!desk.path("blob.bin").exists());
}

#[test]
fn whoever_types_no_passphrase_gets_the_terminal_back() {
    let (desk, _) = locked();
    type Key = fn(&mut Terminal);
    for (key, code) in [(Terminal::hang_up as Key, 255), (Terminal::cancel, 130)] {
        let mut terminal =
            Terminal::start(in_session(&desk, &["--ctty"], &arguments(&["--key-material", "locked.pem"])), 100);
        // One that nobody holds forgets how it was.
        let other_end = terminal.hold();
        terminal.wait_for("Passphrase of locked.pem: ");
        terminal.wait_for_silence();
        key(&mut terminal);
        assert_eq!(terminal.code(), code);
        assert!(terminal.echoes(), "{code}");
        drop(other_end);
        assert!(!desk.path("blob.bin").exists());
    }
}

#[test]
fn without_a_terminal_a_passphrase_must_be_in_a_file() {
    let (desk, _) = locked();
    let refused = |arguments: &[&str]| {
        let run = Run::of(in_session(&desk, &[], arguments).stdin(Stdio::null()).output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (255, ""));
        assert!(!desk.path("blob.bin").exists());
        run.stderr
    };
    desk.write("latin", b"s\xe9same\n");
    let said = [&[][..], &["--passphrase-file", "absent"], &["--passphrase-file", "latin"]]
        .map(|more| refused(&arguments(&[&["--key-material", "locked.pem"], more].concat())));
    golden("wrap-passphrase", &said.concat());
}
