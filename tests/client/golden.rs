//! Golden files: what the client prints, to the letter, in `tests/client/snapshots`. What differs from run to run is masked with
//! as many letters, so that tables keep their form.
//!
//! `INSTA_UPDATE=always cargo test client::` writes them anew; read the difference before it is committed.

use super::desk::{Desk, Run};

/// Compares `text` with the golden file of this name.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Commands and what they came to, as one would have seen it.
pub struct Transcript<'desk> {
    desk: &'desk Desk,
    text: String,
    masks: Vec<(String, String)>,
}

impl<'desk> Transcript<'desk> {
    /// An empty one.
    pub fn new(desk: &'desk Desk) -> Self {
        Self { desk, text: String::new(), masks: vec![(desk.folder().display().to_string(), "FOLDER".to_owned())] }
    }

    /// Shows `mask` wherever `text` is said.
    pub fn mask(&mut self, text: &str, mask: &str) -> &mut Self {
        self.masks.push((text.to_owned(), mask.to_owned()));
        self
    }

    /// Runs a command and writes it down.
    pub fn run(&mut self, arguments: &[&str]) -> Run {
        let run = self.desk.run(arguments);
        self.write(arguments, &run);
        run
    }

    /// As [`Transcript::run`]; it must exit with this code.
    #[track_caller]
    pub fn expect(&mut self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.stdout, run.stderr);
        run
    }

    /// Runs a command again and again, once with each of these endings.
    pub fn each(&mut self, arguments: &[&str], endings: &[&[&str]]) {
        for ending in endings {
            self.run(&[arguments, ending].concat());
        }
    }

    /// Says what is done between two commands.
    pub fn note(&mut self, what: &str) {
        self.text.push_str(&format!("# {what}\n"));
    }

    fn write(&mut self, arguments: &[&str], run: &Run) {
        let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        self.text.push_str(&format!("$ keyferry {}\n{}", words.join(" "), run.stdout));
        if !run.stdout.is_empty() && !run.stdout.ends_with('\n') {
            self.text.push('\n');
        }
        for line in run.stderr.lines() {
            self.text.push_str(format!("! {line}").trim_end());
            self.text.push('\n');
        }
        self.text.push_str(&format!("= {}\n\n", run.code));
    }

    /// All that was written down, unmasked.
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Compares it with the golden file of this name.
    #[track_caller]
    pub fn golden(&self, name: &str) {
        let masked = self.masks.iter().fold(self.text.clone(), |text, (from, to)| text.replace(from, to));
        golden(name, &mask(&masked));
    }
}

fn quoted(word: &str) -> String {
    match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@".contains(c)) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{word}'"),
    }
}

/// What differs from run to run, as masks: h is a hex digit, d a decimal one, any other letter itself.
const MASKS: [(&str, &str); 8] = [
    ("mrk-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", "mrk-................................"),
    (
        "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh",
        "(64 hex digits).................................................",
    ),
    ("hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", "........-....-....-....-............"),
    ("dddd-dd-ddTdd:dd:dd.dddZ", "....-..-..T..:..:......Z"),
    ("dddd-dd-ddTdd:dd:dd.ddZ", "....-..-..T..:..:......Z"),
    ("dddd-dd-ddTdd:dd:dd.dZ", "....-..-..T..:..:......Z"),
    ("dddd-dd-ddTdd:dd:ddZ", "....-..-..T..:..:......Z"),
    ("127.0.0.1:ddddd", "127.0.0.1:....."),
];

/// The one moment that is always the same: in skeletons.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// No base64 that is shorter is taken for a blob.
const BLOB: usize = 100;

/// Masks what differs from run to run.
pub fn mask(text: &str) -> String {
    let (mut masked, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let letters = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+/".contains(c)).unwrap_or(rest.len());
        let blob = letters + rest[letters..].bytes().take(2).take_while(|byte| *byte == b'=').count();
        let (taken, shown) = if rest.starts_with(EPOCH) {
            (EPOCH.len(), EPOCH)
        } else if let Some((pattern, shown)) = MASKS.iter().find(|(pattern, _)| fits(pattern, rest)) {
            (pattern.len(), *shown)
        } else if letters >= BLOB {
            (blob, "(base64)")
        } else {
            (first.len_utf8(), &rest[..first.len_utf8()])
        };
        masked.push_str(shown);
        rest = &rest[taken..];
    }
    masked
}

fn fits(pattern: &str, text: &str) -> bool {
    let fits = |(mask, byte): (u8, u8)| match mask {
        b'h' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        b'd' => byte.is_ascii_digit(),
        letter => letter == byte,
    };
    text.len() >= pattern.len() && pattern.bytes().zip(text.bytes()).all(fits)
}

#[test]
fn what_differs_from_run_to_run_is_masked_and_nothing_else() {
    let key = "12345678-abcd-abcd-abcd-1234567890ab";
    let text = format!(
        "arn:aws:kms:us-east-1:1:key/{key}\t2026-01-02T03:04:05.678Z https://127.0.0.1:54321 \"{}=\" 1970-01-01T00:00:00Z RSA_2048",
        "A".repeat(120)
    );
    assert_eq!(
        mask(&text),
        "arn:aws:kms:us-east-1:1:key/........-....-....-....-............\t....-..-..T..:..:......Z https://127.0.0.1:..... \"(base64)\" 1970-01-01T00:00:00Z RSA_2048"
    );
}
