//! What is typed, on the command line or at a prompt, as the wire has it.

use prost_reflect::{Kind, Value as Wire};

use crate::blob;
use crate::failure::Failure;
use crate::request;
use crate::schema::Member;
use crate::settings::Settings;

/// The value of a member that a text stands for.
pub(crate) fn of_text(member: &Member, given: &str, settings: &Settings) -> Result<Wire, Failure> {
    let option = member.option();
    match member.kind() {
        Kind::Bytes => Ok(Wire::Bytes(blob::bytes(&option, given, settings.binary_format)?.into())),
        Kind::Enum(_) => request::constant(member, given).map_err(Failure::usage),
        Kind::Message(_) => request::time(member, &blob::text(&option, given)?).map_err(Failure::usage),
        Kind::Int32 => given.parse().map(Wire::I32).map_err(|_| Failure::usage(format!("--{option} takes a number"))),
        Kind::Bool => Ok(Wire::Bool(matches!(given, "true" | "yes" | "y"))),
        _ => Ok(Wire::String(blob::text(&option, given)?)),
    }
}
