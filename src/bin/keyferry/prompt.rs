//! `--cli-auto-prompt`: asks on the terminal for what is required and was not given.

use std::io::{BufRead, IsTerminal};

use prost_reflect::Kind;

use crate::clean::clean;
use crate::failure::Failure;
use crate::output::complain;
use crate::request::Request;
use crate::schema::{Member, constants};
use crate::settings::Settings;
use crate::typed;

/// Asks for each, until the answer will do.
pub(crate) fn missing(request: &mut Request, settings: &Settings) -> Result<(), Failure> {
    for member in request.missing() {
        loop {
            let answer = ask(&question(&member))?;
            match typed::of_text(&member, &answer, settings) {
                Ok(value) => {
                    request.take_option(&member, value);
                    break;
                }
                Err(failure) => complain(&format!("{}\n", clean(&failure.message()))),
            }
        }
    }
    Ok(())
}

/// One line of the terminal's.
///
/// # Errors
/// Where nobody is there to answer.
pub(crate) fn ask(question: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask on: give everything as options"));
    }
    complain(question);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::from)?;
    if read == 0 {
        complain("\n");
        return Err(Failure::usage("nothing was answered"));
    }
    Ok(line.trim().to_owned())
}

fn question(member: &Member) -> String {
    let names = match member.kind() {
        Kind::Enum(enumeration) => {
            let names = constants(&enumeration).into_iter().map(|constant| constant.name);
            format!(" ({})", names.collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    };
    let comment = member.comment();
    let comment = comment.trim_start_matches("Required.").trim();
    let comment = if comment.is_empty() { String::new() } else { format!("{comment}\n") };
    format!("{comment}--{}{names}: ", member.option())
}
