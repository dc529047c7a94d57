//! What is different where somebody sits at a terminal: questions, colours, widths, the pager.

mod pseudo;

use super::desk::Desk;
use crate::harness::Daemon;
pub use pseudo::Terminal;

#[test]
fn what_is_required_is_asked_for_with_its_choices_until_the_answer_will_do() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&["--origin", "EXTERNAL"]);
    let arguments = ["get-parameters-for-import", "--cli-auto-prompt", "--wrapping-key-spec", "RSA_2048", "--no-cli-pager"];
    let mut terminal = Terminal::start(desk.command(&arguments), 100);
    terminal.wait_for("--key-id: ");
    terminal.answer(&key);
    terminal.wait_for("How the material will be wrapped.");
    terminal.wait_for("(RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, RSA_AES_KEY_WRAP_SHA_1, RSA_AES_KEY_WRAP_SHA_256, SM2PKE, RSAES_PKCS1_V1_5): ");
    terminal.answer("ROT13");
    terminal.wait_for("Value 'ROT13' at 'wrappingAlgorithm' failed to satisfy constraint");
    terminal.wait_for("RSAES_PKCS1_V1_5): ");
    terminal.answer("RSAES_OAEP_SHA_256");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("\"WrappingAlgorithm\": \"RSAES_OAEP_SHA_256\"") && seen.contains(&key), "{seen}");
    assert!(!seen.contains("--wrapping-key-spec"), "what was given is not asked for: {seen}");
}

#[test]
fn nobody_is_asked_where_nobody_sits_or_where_it_is_not_wanted() {
    let desk = Desk::bare();
    let run = desk.run(&["describe-key", "--cli-auto-prompt"]);
    assert_eq!(run.code, 252);
    assert!(run.stderr.contains("there is no terminal to ask on: give everything as options"), "{}", run.stderr);
    desk.write("config.toml", "[default]\ncli_auto_prompt = true\n");
    let mut command = desk.command(&["describe-key", "--no-cli-auto-prompt"]);
    command.env("KEYFERRY_CONFIG_FILE", desk.path("config.toml"));
    let (code, seen) = Terminal::start(command, 100).end();
    assert_eq!(code, 252);
    assert!(seen.contains("the following arguments are required: --key-id"), "{seen}");
    // The profile's word holds where no flag says otherwise; the end of the input ends the command.
    let mut command = desk.command(&["describe-key"]);
    command.env("KEYFERRY_CONFIG_FILE", desk.path("config.toml"));
    let mut terminal = Terminal::start(command, 100);
    terminal.wait_for("--key-id: ");
    terminal.hang_up();
    let (code, seen) = terminal.end();
    assert_eq!(code, 252);
    assert!(seen.contains("nothing was answered"), "{seen}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_want_it() {
    let desk = Desk::bare();
    let wrong = ["describe-key", "--key-id", "x"];
    let red = "\u{1b}[1m\u{1b}[31m";
    let with = |more: &[&'static str]| [&wrong[..], more].concat();
    #[rustfmt::skip]
    let cases: [(bool, &[&'static str], Option<&str>, bool); 9] = [
        (true,  &[],                 None,      true),
        (true,  &["--color", "off"], None,      false),
        (true,  &["--color=auto"],   Some("1"), false),
        (true,  &[],                 Some("1"), false),
        (true,  &[],                 Some(""),  true),
        (true,  &["--color", "on"],  Some("1"), true),
        (false, &[],                 None,      false),
        (false, &["--color", "on"],  None,      true),
        (false, &["--color=on"],     Some("1"), true),
    ];
    for (is_terminal, more, no_color, is_coloured) in cases {
        let case = format!("terminal {is_terminal}, {more:?}, NO_COLOR {no_color:?}");
        // Our own errors, clap's, and its help.
        for (arguments, colour) in [
            (with(more), red),
            ([&["descibe-key"][..], more].concat(), "\u{1b}["),
            ([&["--help"][..], more].concat(), "\u{1b}["),
        ] {
            let mut command = desk.command(&arguments);
            command.envs(no_color.map(|value| ("NO_COLOR", value))).env("TERM", "xterm-256color");
            let said = match is_terminal {
                true => Terminal::start(command, 100).end().1,
                false => {
                    let output = command.output().unwrap();
                    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
                }
            };
            assert_eq!(said.contains(colour), is_coloured, "{case} {arguments:?}: {said:?}");
        }
    }
}

#[test]
fn a_table_is_as_wide_as_the_terminal_and_coloured() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&[]);
    let describe = ["describe-key", "--key-id", &key, "--output", "table", "--no-cli-pager"];
    for columns in [60, 80, 200] {
        let (code, seen) = Terminal::start(desk.command(&describe), columns).end();
        assert_eq!(code, 0);
        assert!(seen.contains("\u{1b}[1m\u{1b}[34mKeyMetadata\u{1b}[0m"), "{seen:?}");
        let widest = seen.lines().filter(|line| line.starts_with(['|', '+'])).map(str::len).max().unwrap();
        assert!(widest <= usize::from(columns), "{widest} of {columns}:\n{seen}");
        assert_eq!(widest < 100, columns < 100, "{widest} of {columns}");
    }
}

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

#[test]
fn the_pager_is_the_users_and_only_for_terminals() {
    let desk = Desk::at(&Daemon::shared());
    desk.write("shout", "#!/bin/sh\nprintf 'PAGED %s %s\\n' \"$1\" \"$LESS\"; exec tr a-z A-Z\n");
    let path = desk.path("shout");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let shout = format!("{} loudly", path.display());
    desk.write("config.toml", format!("[default]\ncli_pager = \"{shout}\"\n[none]\ncli_pager = \"\"\n"));
    let info = ["get-server-info", "--query", "Store"];
    #[rustfmt::skip]
    let cases: [(Variables, &[&str], &str); 7] = [
        (&[("KEYFERRY_PAGER", &shout)],                               &[],                 "PAGED loudly FRX\n\"SQLITE\"\n"),
        (&[("PAGER", &shout)],                                        &[],                 "PAGED loudly FRX\n\"SQLITE\"\n"),
        (&[("KEYFERRY_PAGER", ""), ("PAGER", &shout)],                &[],                 "\"sqlite\"\n"),
        (&[("PAGER", &shout), ("LESS", "R")],                         &[],                 "PAGED loudly R\n\"SQLITE\"\n"),
        (&[("PAGER", &shout)],                                        &["--no-cli-pager"], "\"sqlite\"\n"),
        (&[("KEYFERRY_CONFIG_FILE", "config.toml"), ("PAGER", "cat")], &[],                 "PAGED loudly FRX\n\"SQLITE\"\n"),
        // One that is not there is no reason to say nothing.
        (&[("PAGER", "no-such-pager")],                               &[],                 "\"sqlite\"\n"),
    ];
    for (environment, more, expected) in cases {
        let mut command = desk.command(&[&info[..], more].concat());
        command.envs(environment.iter().copied());
        let (code, seen) = Terminal::start(command, 100).end();
        assert_eq!((code, seen.as_str()), (0, expected), "{environment:?} {more:?}");
    }
    let mut piped = desk.command(&info);
    assert_eq!(piped.env("PAGER", &shout).output().unwrap().stdout, b"\"sqlite\"\n");
}

#[test]
fn one_pager_shows_all_pages_and_outlives_an_interrupt() {
    let mut desk = Desk::at(&Daemon::shared());
    for _ in 0..3 {
        desk.create(&["--origin", "EXTERNAL"]);
    }
    let gate = desk.path("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    desk.write("wait", "#!/bin/sh\necho up; cat; echo all; read line <gate; echo $line\n");
    std::fs::set_permissions(desk.path("wait"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    desk.set("PAGER", &desk.path("wait").display().to_string());
    let list = ["list-keys", "--max-items", "3", "--page-size", "1", "--output", "yaml-stream", "--query", "length(Keys)"];
    let mut terminal = Terminal::start(desk.command(&list), 100);
    terminal.wait_for("up\n- 1\n- 1\n- 1\nall\n");
    terminal.interrupt();
    std::fs::write(&gate, "still here\n").unwrap();
    assert_eq!(terminal.end(), (0, "up\n- 1\n- 1\n- 1\nall\nstill here\n".to_owned()));
}
