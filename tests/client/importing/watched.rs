//! `import` where somebody watches: steps with their times, each on a line that fits.

use tonic::Status;

use super::between::Between;
use super::{desk_with_key, import};
use crate::client::golden::{golden, mask};
use crate::client::terminal::Terminal;
use crate::harness::front::Lie;
use crate::harness::{Daemon, Plaintext};

/// What goes back to the start of the line and wipes it, without the return.
const OVER: &str = "\u{1b}[K";
const COLUMNS: u16 = 80;

/// What is left on the screen, with its colours.
fn screen(seen: &str) -> String {
    seen.lines().map(|line| line.rsplit(OVER).next().unwrap().to_owned() + "\n").collect()
}

/// The same with every time as `(time)`.
fn timeless(screen: &str) -> String {
    let words = |line: &str| -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let is_time = |at: usize| {
            let is_unit = words.get(at + 1).is_some_and(|unit| ["ms", "s", "s;"].contains(unit));
            is_unit && words[at].parse::<f64>().is_ok()
        };
        let words: Vec<&str> = (0..words.len()).map(|at| if is_time(at) { "(time)" } else { words[at] }).collect();
        words.join(" ") + "\n"
    };
    mask(&screen.lines().map(words).collect::<String>())
}

fn watch(command: std::process::Command) -> (i32, String) {
    Terminal::start(command, COLUMNS).end()
}

#[test]
fn every_step_is_told_with_its_time() {
    let (desk, _) = desk_with_key();
    let quiet = ["--color", "off", "--no-cli-pager", "--query", "KeyMetadata.KeyId", "--output", "text"];
    let (code, seen) = watch(desk.command(&[&import(&["KEY"])[..], &quiet].concat()));
    assert_eq!(code, 0, "{seen}");
    let shown = screen(&seen);
    assert!(shown.lines().all(|line| line.chars().count() <= usize::from(COLUMNS)), "{shown}");
    // Every step was there while it went on.
    for step in ["create the key", "get parameters for import", "import the key material", "look at what came in"] {
        assert!(seen.contains(&format!("  {step} …{OVER}✓ {step}  ")), "{step}: {seen:?}");
    }
    let id = shown.lines().last().unwrap().to_owned();
    assert!(shown.contains(&format!("its id is  {id}\n")), "{shown}");
    let (code, again) = watch(desk.command(&[&import(&["KEY", "--key-id", &id])[..], &quiet].concat()));
    assert_eq!(code, 0, "{again}");
    let (code, dry) = watch(desk.command(&[&["import", "KEY", "--dry-run"], &quiet[..3], &["--query", "KeySpec"]].concat()));
    assert_eq!(code, 0, "{dry}");
    golden("import-watched", &timeless(&format!("{shown}\n{}\n{}", screen(&again), screen(&dry))));
}

#[test]
fn without_colour_there_is_nothing_but_the_rewriting_of_lines() {
    let (desk, _) = desk_with_key();
    let green = "\u{1b}[32m✓\u{1b}[0m";
    #[rustfmt::skip]
    let cases: [(&[&str], &str, bool); 5] = [
        (&[],                 "",  true),
        (&["--color", "off"], "",  false),
        (&[],                 "1", false),
        (&["--color=auto"],   "1", false),
        (&["--color", "on"],  "1", true),
    ];
    for (more, no_color, is_coloured) in cases {
        let arguments = ["import", "KEY", "--dry-run", "--no-cli-pager", "--query", "KeySpec"];
        let mut command = desk.command(&[&arguments, more].concat());
        let (code, seen) = watch({
            command.env("NO_COLOR", no_color);
            command
        });
        assert_eq!((code, seen.contains(green)), (0, is_coloured), "{more:?} {no_color}: {seen:?}");
        assert!(seen.contains(OVER), "{seen:?}");
        assert_eq!(seen.replace(OVER, "").contains('\u{1b}'), is_coloured, "{more:?} {no_color}: {seen:?}");
    }
}

#[test]
fn in_a_pipe_nothing_is_told() {
    let (desk, _) = desk_with_key();
    let run = desk.run(&["import", "KEY", "--dry-run", "--color", "on", "--query", "KeySpec"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "\"SYMMETRIC_DEFAULT\"\n", ""));
}

#[test]
fn what_goes_wrong_on_the_way_is_told_where_it_went_wrong() {
    let between = Between::new(&Daemon::shared(), Lie::Nothing, |_, method, count| match (method, count) {
        ("get_token_profile", 1) => Some(Status::permission_denied("not for you")),
        ("create_key", 1) => Some(Status::unavailable("the front is away")),
        ("get_parameters_for_import", 1 | 2) => Some(Status::unavailable("the front is away")),
        ("import_key_material", _) => Some(Status::permission_denied("not for you")),
        _ => None,
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let id = Between::idle(&Daemon::shared()).desk().create(&["--origin", "EXTERNAL"]);
    let (code, seen) = watch(desk.command(&[&import(&["KEY", "--key-id", &id])[..], &["--color", "off"]].concat()));
    assert_eq!(code, 254, "{seen}");
    let shown = screen(&seen);
    let told = shown.lines().take_while(|line| !line.is_empty());
    assert!(told.clone().count() > 5 && told.clone().all(|line| line.chars().count() <= 80), "{shown}");
    golden("import-watched-failure", &timeless(&shown));
}
