//! Where the key comes from: a file, a pipe, behind a passphrase; and that none of it is lost or told.

use std::fs::File;
use std::os::unix::fs::symlink;

use base64ct::{Base64, Encoding};
use keyferry::model::MaterialKind;

use super::super::desk::Run;
use super::passphrases::locked;
use super::{WRAP, opened, openssl, saved, wrap};

#[test]
fn a_key_comes_from_a_pipe_as_from_a_file() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    desk.write("KEY", &key);
    let mut command = desk.command(&[&WRAP[..], &["--key-material", "-"]].concat());
    command.stdin(File::open(desk.path("KEY")).unwrap());
    assert_eq!(Run::of(command.output().unwrap()).code, 0);
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), key);
}

#[test]
fn a_format_that_is_said_is_taken_at_its_word() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let said = |format: &str, file: &[u8]| {
        desk.write("KEY", file);
        desk.run(&[&WRAP[..], &["--key-material", "KEY", "--key-material-format", format]].concat())
    };
    for (format, file) in [
        ("raw", key.clone()),
        ("hex", base16ct::lower::encode_string(&key).into_bytes()),
        ("base64", Base64::encode_string(&key).into_bytes()),
    ] {
        assert_eq!(said(format, &file).code, 0, "{format}");
        assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), key, "{format}");
    }
    // Thirty-two letters are a key only for those who say so.
    let letters = b"correcthorsebatterystaplecorrect";
    assert_eq!(said("raw", letters).code, 0);
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), letters);
    let guessed = said("auto", letters);
    assert_eq!(guessed.code, 255);
    assert!(guessed.stderr.contains("--key-material-format raw"), "{}", guessed.stderr);
    for format in ["pem", "der", "jwk", "openssh"] {
        assert_eq!(said(format, &key).code, 255, "{format}");
    }
}

#[test]
fn nothing_that_is_read_is_replaced_by_whatever_name() {
    let (desk, _) = locked();
    let source = std::fs::read(desk.path("locked.pem")).unwrap();
    std::fs::hard_link(desk.path("locked.pem"), desk.path("hard")).unwrap();
    symlink("locked.pem", desk.path("soft")).unwrap();
    let wrap = |key: &str, out: &str| {
        let mut command = desk.command(&[
            "wrap",
            "--parameters",
            "params.json",
            "--passphrase-file",
            "sesame",
            "--key-material",
            key,
            "--out",
            out,
        ]);
        command.stdin(File::open(desk.path("locked.pem")).unwrap());
        Run::of(command.output().unwrap())
    };
    for (key, out) in [
        ("locked.pem", "./locked.pem"),
        ("locked.pem", "hard"),
        ("locked.pem", "soft"),
        ("soft", "locked.pem"),
        ("-", "locked.pem"),
        ("locked.pem", "sesame"),
        ("locked.pem", "params.json"),
    ] {
        let run = wrap(key, out);
        assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{key} to {out}");
        assert!(run.stderr.starts_with(&format!("\n--out {out} would replace what is to be read\n")), "{}", run.stderr);
    }
    assert_eq!(std::fs::read(desk.path("hard")).unwrap(), source);
    assert_eq!(wrap("locked.pem", "blob.bin").code, 0);
}

#[test]
fn nothing_of_a_key_is_told() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    let (hex, base64) = (base16ct::lower::encode_string(&key), Base64::encode_string(&key));
    let mut told = String::new();
    for file in
        [key.clone(), hex.clone().into_bytes(), base64.clone().into_bytes(), [&key[..], &[0]].concat(), key[1..].to_vec()]
    {
        desk.write("KEY", file);
        let run = desk.run(&[&WRAP[..], &["--key-material", "KEY", "--debug"]].concat());
        told.push_str(&(run.stdout + &run.stderr));
        told.push_str(&wrap(&desk, &key).stderr);
    }
    assert!(told.contains("DEBUG") && told.contains("31 bytes"), "{told}");
    for secret in [&hex[2..62], &hex.to_uppercase()[2..62], &base64[2..40]] {
        assert!(!told.contains(secret), "{told}");
    }
}

/// As somebody who may lock no memory: `prlimit` takes the allowance, and `setpriv` what lets root do without one.
#[test]
fn where_memory_cannot_be_locked_it_says_so_and_wraps() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    desk.write("KEY", &key);
    let arguments = [&WRAP[..], &["--key-material", "KEY"]].concat();
    assert_eq!(desk.run(&arguments).stderr, "", "a few pages may be locked by anybody");
    // Root may lock whatever the limit is.
    let (program, before) = match rustix::process::geteuid().is_root() {
        true => ("setpriv", &["--bounding-set", "-ipc_lock", "prlimit"][..]),
        false => ("prlimit", &[][..]),
    };
    let mut command = std::process::Command::new(program);
    desk.furnish(&mut command);
    command.args(before).args(["--memlock=0:0", env!("CARGO_BIN_EXE_keyferry")]).args(arguments);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.starts_with("warning: the key file is read into memory that may be swapped"), "{}", run.stderr);
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), key);
}
