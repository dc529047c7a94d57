//! What is typed, on the command line or at a prompt, as the wire has it.

use prost_reflect::{Kind, Value as Wire};

use crate::blob;
use crate::failure::Failure;
use crate::request;
use crate::schema::Member;
use crate::settings::Settings;
use crate::{several, structures};

/// The value of a member that a text stands for.
pub(crate) fn of_text(member: &Member, given: &str, settings: &Settings) -> Result<Wire, Failure> {
    let option = member.option();
    match member.kind() {
        _ if several::is_map(member) => {
            let items = several::map_of_text(member, &blob::text(&option, given)?);
            items.and_then(|items| several::map(member, &items)).map_err(Failure::usage)
        }
        _ if member.field.is_list() => {
            let words: Vec<String> = given.split_ascii_whitespace().map(str::to_owned).collect();
            of_words(member, &words, settings)
        }
        Kind::Bytes if member.is_own_bytes() => {
            Ok(Wire::Bytes(blob::own_bytes(&option, given, settings.binary_format)?.into()))
        }
        Kind::Bytes => Ok(Wire::Bytes(blob::bytes(&option, given, settings.binary_format)?.into())),
        Kind::Enum(_) => request::constant(member, given).map_err(Failure::usage),
        Kind::Message(_) => request::time(member, &blob::text(&option, given)?).map_err(Failure::usage),
        Kind::Int32 => given.parse().map(Wire::I32).map_err(|_| Failure::usage(format!("--{option} takes a number"))),
        Kind::Bool => Ok(Wire::Bool(matches!(given, "true" | "yes" | "y"))),
        _ => Ok(Wire::String(blob::text(&option, given)?)),
    }
}

/// The value of a list that several words stand for.
pub(crate) fn of_words(member: &Member, words: &[String], settings: &Settings) -> Result<Wire, Failure> {
    let option = member.option();
    let words = words.iter().map(|word| blob::text(&option, word)).collect::<Result<Vec<_>, _>>()?;
    let list = match several::is_words(member) {
        true => several::list_of_words(member, &words).and_then(|items| several::list(member, &items)),
        false => structures::of_words(member, words.iter())
            .and_then(|items| structures::list(member, &items, settings.binary_format)),
    };
    list.map_err(Failure::usage)
}
