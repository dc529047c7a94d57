//! Where the key comes from and the blob goes to: a file or a pipe, and neither in the other's place.

use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use keyferry::model::MaterialKind;

use super::super::desk::Run;
use super::super::golden::Transcript;
use super::passphrases::locked;
use super::{WRAP, opened, openssl, saved};

#[test]
fn a_key_comes_from_a_pipe_as_from_a_file() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    desk.write("KEY", &key);
    let said = desk.ok(&[&WRAP[..], &["--key-material", "KEY"]].concat());
    // In two pieces, of which the first is there long before the second.
    let program = format!("{} {} --key-material -", env!("CARGO_BIN_EXE_keyferry"), WRAP.join(" "));
    let mut command = std::process::Command::new("sh");
    desk.furnish(&mut command);
    command.args(["-c", &format!("(head -c 7 KEY; tail -c +8 KEY) | {program}")]);
    std::fs::remove_file(desk.path("blob.bin")).unwrap();
    let run = Run::of(command.output().unwrap());
    assert_eq!((run.code, run.stdout, run.stderr.as_str()), (0, said, ""));
    assert_eq!(opened(&desk, "RSAES_OAEP_SHA_256"), key);
    // Nothing is no key.
    let nothing = desk.run(&[&WRAP[..], &["--key-material", "-"]].concat());
    assert_eq!((nothing.code, nothing.stdout.as_str()), (255, ""));
    assert!(nothing.stderr.starts_with("\nthe key file is empty\n"), "{}", nothing.stderr);
}

#[test]
fn the_blob_is_its_owners_and_whole_or_not_there() {
    let desk = saved(|_| {});
    let (key, out) = (openssl::pkcs8(MaterialKind::Aes256), desk.path("blob.bin"));
    desk.write("KEY", &key);
    let wrap = |out: &str| desk.run(&["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", out]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // Whoever could read what was there, and wherever it leads.
    for old in [0o644, 0o666, 0o444, 0o600] {
        std::fs::remove_file(&out).unwrap_or_default();
        std::fs::write(&out, [7; 9000]).unwrap();
        std::fs::set_permissions(&out, Permissions::from_mode(old)).unwrap();
        assert_eq!(wrap("blob.bin").code, 0, "{old:o}");
        assert_eq!((mode(&out), opened(&desk, "RSAES_OAEP_SHA_256")), (0o600, key.clone()), "{old:o}");
    }
    std::fs::remove_file(&out).unwrap();
    desk.write("elsewhere", b"old");
    symlink("elsewhere", &out).unwrap();
    assert_eq!(wrap("blob.bin").code, 0);
    assert!(out.is_symlink());
    assert_eq!((mode(&desk.path("elsewhere")), opened(&desk, "RSAES_OAEP_SHA_256")), (0o600, key));
    // A new one where everything may be read by everybody.
    let mut command = std::process::Command::new("sh");
    desk.furnish(&mut command);
    let program = env!("CARGO_BIN_EXE_keyferry");
    command.args(["-c", &format!("umask 0; {program} wrap --parameters params.json --key-material KEY --out new")]);
    assert_eq!(Run::of(command.output().unwrap()).code, 0);
    assert_eq!(mode(&desk.path("new")), 0o600);

    let mut transcript = Transcript::new(&desk);
    for out in ["/dev/full", "absent/blob.bin", ".", "KEY/blob.bin"] {
        let arguments = ["wrap", "--parameters", "params.json", "--key-material", "KEY", "--out", out];
        assert_eq!(transcript.expect(255, &arguments).stdout, "", "nothing was done");
    }
    transcript.golden("wrap-unwritten");
    let mut names: Vec<_> = std::fs::read_dir(desk.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["KEY", "blob.bin", "elsewhere", "new", "params.json", "private.der"], "nothing is left lying about");
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
