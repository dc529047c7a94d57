//! What every command says of itself, and what its input files and answers look like.

use super::desk::Desk;
use super::golden::{Transcript, golden};

/// Where the options begin that every command has.
const GLOBAL: &str = "Global options:\n";

/// The commands that `keyferry --help` lists.
fn commands(desk: &Desk) -> Vec<String> {
    let help = desk.ok(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::bare();
    let help = desk.ok(&["--help"]);
    golden("help", &help);
    let (_, globals) = help.split_once(GLOBAL).unwrap();
    let globals = globals.split("\nExit codes").next().unwrap();
    let commands = commands(&desk);
    assert!(commands.len() >= 18, "{commands:?}");
    for command in &commands {
        let help = desk.ok(&[command, "--help"]);
        let (own, rest) = help.split_once(GLOBAL).unwrap();
        assert_eq!(rest, globals, "{command}");
        golden(&format!("help-{command}"), own);
    }
    for what in ["list", "list-profiles"] {
        let help = desk.ok(&["configure", what, "--help"]);
        golden(&format!("help-configure-{what}"), help.split(GLOBAL).next().unwrap());
    }
    for what in ["test", "check"] {
        let help = desk.ok(&["policy", what, "--help"]);
        golden(&format!("help-policy-{what}"), help.split(GLOBAL).next().unwrap());
    }
    golden("help-audit-verify", desk.ok(&["audit", "verify", "--help"]).split(GLOBAL).next().unwrap());
    assert_eq!(desk.ok(&["list-keys", "help"]), desk.ok(&["list-keys", "--help"]), "as the reference has it");
    assert_eq!(desk.ok(&["--version"]), format!("keyferry {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_operation_has_its_skeletons_and_asks_nobody_for_them() {
    let desk = Desk::bare();
    let own =
        ["wrap", "import", "verify-attestation", "verify-receipt", "policy", "audit", "configure", "completions", "man"];
    for verb in commands(&desk).iter().filter(|command| !own.contains(&command.as_str())) {
        let mut transcript = Transcript::new(&desk);
        for kind in [
            &["--generate-cli-skeleton"][..],
            &["--generate-cli-skeleton", "yaml-input"],
            &["--generate-cli-skeleton", "output"],
        ] {
            transcript.expect(0, &[&[verb.as_str()], kind].concat());
        }
        transcript.golden(&format!("skeleton-{verb}"));
        // `input` is what nothing stands for.
        let input = |kind: &[&str]| desk.ok(&[&[verb.as_str(), "--generate-cli-skeleton"], kind].concat());
        assert_eq!(input(&["input"]), input(&[]));
    }
}
