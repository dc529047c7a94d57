//! The commands, one a line. An answer is any number of lines and then `ok`, or one line `error` with the reason.

use std::fmt::Write;
use std::time::Duration;

use crate::forward::{self, Function};
use crate::rule::{Action, Occurrence, Rule};
use crate::{STATE, heap, rv};

/// Does what a line says; the whole answer, line feeds included.
pub(crate) fn obey(line: &str) -> String {
    match act(line) {
        Ok(mut answer) => {
            answer.push_str("ok\n");
            answer
        }
        Err(reason) => format!("error {reason}\n"),
    }
}

fn act(line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut answer = String::new();
    match words[..] {
        // In a script, lines may be empty or say why the next is there.
        [] => {}
        [first, ..] if first.starts_with('#') => {}
        ["rule", function, occurrence, ref action @ ..] => {
            let text = words[1..].join(" ");
            STATE.add(Rule::new(text, function_of(function)?, occurrence_of(occurrence)?, action_of(action)?));
        }
        ["clear"] => STATE.clear(),
        ["sessions", "off"] => STATE.limit_sessions(None),
        ["sessions", limit] => STATE.limit_sessions(Some(number(limit)?)),
        ["absent"] => {
            STATE.take_away();
            forward::close_all();
            STATE.taken();
        }
        ["present"] => STATE.put_back(),
        ["renew"] => {
            let done = STATE.hold().and_then(|()| forward::renew());
            STATE.taken();
            done?;
        }
        ["count"] => {
            for (function, calls) in STATE.counts() {
                let _infallible = writeln!(answer, "{function} {calls}");
            }
        }
        ["reset"] => STATE.reset_counts(),
        ["fired"] => {
            for rule in STATE.fired() {
                let _infallible = writeln!(answer, "{rule}");
            }
        }
        ["hanging"] => {
            let _infallible = writeln!(answer, "{}", STATE.hanging());
        }
        ["wait", count] => STATE.wait_until_hanging(number(count)?)?,
        ["open"] => {
            let _infallible = writeln!(answer, "{}", STATE.open());
        }
        ["heap"] => {
            let _infallible = writeln!(answer, "{}", heap::in_use()?);
        }
        _ => {
            return Err(format!(
                "{line:?} is no command: rule, clear, sessions, absent, present, renew, count, reset, fired, hanging, wait, \
                 open and heap are"
            ));
        }
    }
    Ok(answer)
}

fn function_of(word: &str) -> Result<Option<Function>, String> {
    if word == "*" {
        return Ok(None);
    }
    let function = Function::ALL.iter().find(|function| function.name() == word);
    function.copied().map(Some).ok_or_else(|| format!("{word:?} is no function of PKCS#11 2.40, nor `*` for all of them"))
}

fn occurrence_of(word: &str) -> Result<Occurrence, String> {
    if word == "*" {
        return Ok(Occurrence::From(1));
    }
    let (count, occurrence): (&str, fn(u64) -> Occurrence) = match word.strip_suffix("..") {
        Some(count) => (count, Occurrence::From),
        None => (word, Occurrence::Only),
    };
    match count.parse() {
        Ok(count @ 1..) => Ok(occurrence(count)),
        _ => Err(format!("{word:?} is no occurrence: `3` for the third call, `3..` from the third on, `*` for each")),
    }
}

fn action_of(words: &[&str]) -> Result<Action, String> {
    Ok(match words {
        ["return", name] => Action::Return(rv::parse(name)?),
        ["after", name] => Action::After(rv::parse(name)?),
        ["delay", milliseconds] => Action::Delay(Duration::from_millis(number(milliseconds)?)),
        ["hang"] => Action::Hang,
        ["hang-after"] => Action::HangAfter,
        ["crash"] => Action::Crash,
        ["crash-after"] => Action::CrashAfter,
        ["logout"] => Action::Logout,
        ["close"] => Action::Close,
        ["lie"] => Action::Lie,
        _ => {
            return Err(format!(
                "{:?} is no action: return CKR, after CKR, delay MILLISECONDS, hang, hang-after, crash, crash-after, logout, \
                 close and lie are",
                words.join(" ")
            ));
        }
    })
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word:?} is no number"))
}
