//! `keyferry configure`: what it asks, writes, keeps and tries.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::desk::Desk;
use super::terminal::Terminal;
use crate::harness::Daemon;

/// A desk with a service that nothing in the environment names; its files are in `pki`.
fn unsettled() -> (Desk, String) {
    let daemon = Daemon::shared();
    let mut desk = Desk::at(&daemon);
    let url = desk.variable("KEYFERRY_ENDPOINT_URL").to_owned();
    std::fs::create_dir(desk.path("pki")).unwrap();
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        std::fs::rename(desk.path(name), desk.path(&format!("pki/{name}"))).unwrap();
    }
    for name in ["ENDPOINT_URL", "CA_BUNDLE", "CLIENT_CERT", "CLIENT_KEY"] {
        desk.unset(&format!("KEYFERRY_{name}"));
    }
    desk.set("KEYFERRY_CONFIG_FILE", "conf/config.toml");
    (desk, url)
}

fn text(desk: &Desk) -> String {
    std::fs::read_to_string(desk.path("conf/config.toml")).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn options_make_a_profile_which_is_tried_and_serves_from_anywhere() {
    let (desk, url) = unsettled();
    let files = ["--ca-bundle", "pki/ca.pem", "--client-cert", "./pki/cert.pem", "--client-key", "pki/key.pem"];
    let configure =
        [&["configure", "--endpoint-url", &url, "--region", "us-east-1", "--output", "text"], &files[..]].concat();
    let run = desk.run(&configure);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = format!(
        "Wrote the profile default to conf/config.toml\nThe service answers: version {}, Region us-east-1, account 111122223333\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!((run.stdout.as_str(), run.stderr), ("", expected));
    let here = desk.folder().canonicalize().unwrap().display().to_string();
    assert_eq!(
        text(&desk),
        format!(
            "[default]\nendpoint_url = \"{url}\"\nca_bundle = \"{here}/pki/ca.pem\"\nclient_cert = \"{here}/pki/cert.pem\"\n\
             client_key = \"{here}/pki/key.pem\"\nregion = \"us-east-1\"\noutput = \"text\"\n"
        )
    );
    assert_eq!(mode(&desk.path("conf/config.toml")), 0o600);
    let mut elsewhere = desk.command(&["get-server-info", "--query", "Region"]);
    elsewhere.env("KEYFERRY_CONFIG_FILE", desk.path("conf/config.toml")).current_dir("/");
    assert_eq!(elsewhere.output().unwrap().stdout, b"us-east-1\n");
}

#[test]
fn what_somebody_wrote_into_the_file_stays() {
    let (mut desk, url) = unsettled();
    let before = "# mine, and dear to me\n[prod] # the real one\nendpoint_url = \"https://prod:8443\" # of old\ncli_read_timeout = 5\n\n[lab]\nregion = \"x\"\n";
    std::fs::create_dir(desk.path("conf")).unwrap();
    desk.write("conf/real.toml", before);
    std::os::unix::fs::symlink("real.toml", desk.path("conf/config.toml")).unwrap();
    std::fs::set_permissions(desk.path("conf/real.toml"), PermissionsExt::from_mode(0o640)).unwrap();
    desk.set("KEYFERRY_ENDPOINT_URL", &url);
    desk.set("KEYFERRY_REGION", "us-east-1");
    let run = desk.run(&["configure", "--profile", "prod", "--no-try"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "Wrote the profile prod to conf/config.toml\n"));
    let after = before.replace("\"https://prod:8443\" # of old", &format!("\"{url}\" # of old"));
    let after = after.replace("cli_read_timeout = 5\n", "cli_read_timeout = 5\nregion = \"us-east-1\"\n");
    assert_eq!(text(&desk), after);
    assert!(desk.path("conf/config.toml").is_symlink(), "the link leads to the file as before");
    assert_eq!(mode(&desk.path("conf/real.toml")), 0o640);
    assert_eq!(std::fs::read_dir(desk.path("conf")).unwrap().count(), 2, "nothing is left beside them");
    assert_eq!(desk.ok(&["configure", "list-profiles"]), "prod\nlab\n");
}

#[test]
fn somebody_at_a_terminal_is_asked_and_enter_keeps_what_is_there() {
    let (mut desk, url) = unsettled();
    desk.set("HOME", &desk.folder().canonicalize().unwrap().display().to_string());
    let answers = [
        ("Endpoint URL, for example https://keyferry.example:8443 [None]: ", url.as_str()),
        ("CA bundle, a PEM file [None]: ", "~/pki/ca.pem"),
        ("Client certificate, a PEM file [None]: ", "pki/cert.pem"),
        ("Client key, a PEM file [None]: ", "pki/key.pem"),
        ("Region; none where the endpoint has but one [None]: ", ""),
        ("Output: json, text, table, yaml or yaml-stream [None]: ", "yaml"),
    ];
    let mut terminal = Terminal::start(desk.command(&["configure", "--profile", "lab"]), 120);
    for (question, answer) in answers {
        terminal.wait_for(question);
        terminal.answer(answer);
    }
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.ends_with(&format!(
            "\u{1b}[32mThe service answers\u{1b}[0m: version {}, Region us-east-1, account 111122223333\n",
            env!("CARGO_PKG_VERSION")
        )),
        "{seen}"
    );
    let written = text(&desk);
    let here = desk.folder().canonicalize().unwrap().display().to_string();
    assert!(written.contains(&format!("ca_bundle = \"{here}/pki/ca.pem\"\n")), "{written}");
    assert!(!written.contains("region"), "{written}");

    let mut again = Terminal::start(desk.command(&["configure", "--profile", "lab"]), 120);
    for question in [
        format!("[{url}]: "),
        format!("[{here}/pki/ca.pem]: "),
        "cert.pem]: ".into(),
        "key.pem]: ".into(),
        "[None]: ".into(),
    ] {
        again.wait_for(&question);
        again.answer("");
    }
    again.wait_for("[yaml]: ");
    again.answer("text");
    assert_eq!(again.end().0, 0);
    assert_eq!(text(&desk), written.replace("\"yaml\"", "\"text\""));
    assert_eq!(desk.ok(&["get-server-info", "--profile", "lab", "--query", "Store"]), "sqlite\n");
}

#[test]
fn what_does_not_serve_is_written_and_said() {
    let (desk, url) = unsettled();
    let files = ["--ca-bundle", "pki/absent.pem", "--client-cert", "pki/cert.pem", "--client-key", "pki/key.pem"];
    let run = desk.run(&[&["configure", "--endpoint-url", &url], &files[..]].concat());
    assert_eq!(run.code, 253);
    assert!(run.stderr.starts_with("Wrote the profile default to conf/config.toml\n\n--ca-bundle /"), "{}", run.stderr);
    assert!(text(&desk).contains("pki/absent.pem"), "to be corrected");
    let run = desk.run(&["configure", "--ca-bundle", "pki/ca.pem", "--region", "mars"]);
    assert_eq!(run.code, 253);
    assert!(run.stderr.contains("is of the Region us-east-1, not mars\n"), "{}", run.stderr);
    assert_eq!(desk.run(&["configure", "--region", "us-east-1"]).code, 0);
    // Nothing given, and nobody to ask.
    let nothing = desk.run(&["configure"]);
    assert_eq!(nothing.code, 252);
    assert!(nothing.stderr.contains("there is no terminal to ask on: give what the profile is to hold as options"));
}

#[test]
fn a_path_in_a_profile_is_from_the_folder_of_its_file() {
    let (desk, url) = unsettled();
    std::fs::create_dir(desk.path("conf")).unwrap();
    let profile = "[default]\nendpoint_url = \"URL\"\nca_bundle = \"../pki/ca.pem\"\nclient_cert = \"../pki/cert.pem\"\nclient_key = \"../pki/key.pem\"\n";
    desk.write("conf/config.toml", profile.replace("URL", &url));
    let mut command = desk.command(&["get-server-info", "--query", "Store"]);
    command.env("KEYFERRY_CONFIG_FILE", desk.path("conf/config.toml")).current_dir("/");
    assert_eq!(command.output().unwrap().stdout, b"\"sqlite\"\n");

    // And stays so where something else is changed, from whatever folder.
    let mut configure = desk.command(&["configure", "--region", "us-east-1"]);
    configure.env("KEYFERRY_CONFIG_FILE", desk.path("conf/config.toml")).current_dir("/");
    assert_eq!(configure.output().unwrap().status.code(), Some(0));
    assert_eq!(text(&desk), profile.replace("URL", &url) + "region = \"us-east-1\"\n");
}

#[test]
fn a_file_that_is_broken_is_not_written_over() {
    let (desk, url) = unsettled();
    std::fs::create_dir(desk.path("conf")).unwrap();
    for (broken, place) in
        [("[default]\nregion = \n", "line 2, column 10"), ("default = 1\n", "default is no profile in conf/config.toml")]
    {
        desk.write("conf/config.toml", broken);
        let run = desk.run(&["configure", "--endpoint-url", &url, "--no-try"]);
        assert_eq!(run.code, 253, "{}", run.stderr);
        assert!(run.stderr.contains(place), "{}", run.stderr);
        assert_eq!(text(&desk), broken);
    }
    desk.write("conf/config.toml", "[a]\nregion = \n");
    let list = desk.run(&["configure", "list-profiles"]);
    assert!(
        list.code == 253 && list.stderr.contains("conf/config.toml: TOML parse error at line 2, column 10"),
        "{}",
        list.stderr
    );
}
