//! The options of a verb, made from the operation, and the request that they make.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use prost_reflect::{Kind, Value as Wire};

use super::{pages, skeleton};
use crate::failure::Failure;
use crate::request::Request;
use crate::schema::{Member, Operation, constants};
use crate::settings::Settings;
use crate::{input_file, parameters, several, structures, typed};

pub(super) const SKELETON: &str = "generate-cli-skeleton";
const INPUT_FILES: [&str; 2] = ["cli-input-json", "cli-input-yaml"];
/// The saved answer that stands for a key id and an import token: not the reference's, ours.
const PARAMETERS: &str = "parameters";

/// The verb with its options.
pub(crate) fn command(operation: &Operation) -> Command {
    let members = operation.members();
    let takes_set = takes_parameters(&members);
    let mut command = Command::new(operation.verb()).about(operation.about()).override_usage(usage(operation));
    command = command.args(members.iter().flat_map(options));
    if takes_set {
        let saved = "The saved answer of get-parameters-for-import, instead of --key-id and --import-token";
        command = command.arg(
            Arg::new(PARAMETERS)
                .long(PARAMETERS)
                .value_name("FILE")
                .help(saved)
                .conflicts_with_all(["key-id", "import-token"]),
        );
    }
    if operation.pages().is_some() {
        command = command.args(pages::arguments());
    }
    command.args(input_arguments())
}

/// What clap cannot know: an input file, or a prompt, may say what is required.
fn usage(operation: &Operation) -> String {
    let required = operation.members().into_iter().filter(Member::is_required);
    let required: String = required.map(|member| format!(" --{} <{}>", member.option(), value_name(&member))).collect();
    format!("keyferry {}{required} [OPTIONS]", operation.verb())
}

fn value_name(member: &Member) -> &'static str {
    match member.kind() {
        Kind::Int32 => "NUMBER",
        Kind::Bytes => "BLOB",
        Kind::Enum(_) => "NAME",
        Kind::Message(_) if several::is_map(member) => "NAME=VALUE",
        Kind::Message(_) if member.field.is_list() => "ITEM",
        Kind::Message(_) => "TIME",
        _ => "TEXT",
    }
}

/// The members that a saved answer holds.
const PARAMETERS_HOLD: [&str; 2] = ["key_id", "import_token"];

fn takes_parameters(members: &[Member]) -> bool {
    PARAMETERS_HOLD.iter().all(|name| members.iter().any(|member| member.field.name() == *name))
}

fn input_arguments() -> [Arg; 3] {
    let arg = |name: &'static str| Arg::new(name).long(name).help_heading("Input");
    let input = "Take what is asked from this text or file://; options have the last word";
    [
        arg("cli-input-json").value_name("JSON").help(input),
        arg("cli-input-yaml").value_name("YAML").help(input).conflicts_with("cli-input-json"),
        arg(SKELETON)
            .value_name("KIND")
            .num_args(0..=1)
            .default_missing_value("input")
            .value_parser(value_parser!(skeleton::Kind))
            .help("Print what an input file or an answer looks like, and ask nothing"),
    ]
}

/// The option of a member; for a flag, the two of them.
fn options(member: &Member) -> Vec<Arg> {
    let option = member.option();
    let comment = member.comment();
    let items = format!(" Each in the form {}, or as JSON.", structures::form(member));
    let form = match member.kind() {
        Kind::Bytes => " As fileb:// and a path, or base64.",
        Kind::Message(_) if several::is_map(member) => " In the form NAME=VALUE,NAME=VALUE, or as JSON.",
        Kind::Message(_) if member.field.is_list() => items.as_str(),
        Kind::String if member.field.is_list() => " One word each, or as a JSON list.",
        Kind::Message(_) => " In the form of RFC 3339, or seconds since 1970.",
        _ => "",
    };
    let help = format!("{}{form}", comment.strip_prefix("Required. ").unwrap_or(&comment));
    let arg = Arg::new(option.clone()).long(option.clone()).help(help);
    let arg = match member.kind() {
        Kind::Bool => {
            let no = format!("no-{option}");
            let opposite = Arg::new(no.clone()).long(no.clone()).action(ArgAction::SetTrue).overrides_with(option.clone());
            let arg = arg.action(ArgAction::SetTrue).overrides_with(no);
            return vec![arg, opposite.help(format!("The opposite of --{option}"))];
        }
        Kind::Int32 => arg.value_name(value_name(member)).value_parser(value_parser!(i32)).allow_negative_numbers(true),
        Kind::Enum(enumeration) => {
            let value = |constant: crate::schema::Constant| PossibleValue::new(constant.name).help(constant.comment);
            arg.value_name(value_name(member))
                .value_parser(PossibleValuesParser::new(constants(&enumeration).into_iter().map(value)))
        }
        _ if member.field.is_list() => arg.value_name(value_name(member)).num_args(1..),
        _ => arg.value_name(value_name(member)),
    };
    vec![arg]
}

/// The request that a command line makes.
pub(super) fn request(operation: &Operation, matches: &ArgMatches, settings: &Settings) -> Result<Request, Failure> {
    let mut request = Request::new(operation);
    for option in INPUT_FILES {
        if let Some(given) = matches.get_one::<String>(option) {
            request.take(&input_file::read(option, given)?, settings.binary_format)?;
        }
    }
    let members = operation.members();
    if takes_parameters(&members)
        && let Some(path) = matches.get_one::<String>(PARAMETERS)
    {
        let set = parameters::load(path.as_ref())?;
        request.put("key_id", Wire::String(set.key_id));
        request.put("import_token", Wire::Bytes(set.import_token.into()));
    }
    for member in &members {
        if let Some(value) = given(member, matches, settings)? {
            request.take_option(member, value);
        }
    }
    let has_input = INPUT_FILES.iter().any(|option| matches.contains_id(option));
    if !has_input && !settings.auto_prompt {
        refuse_missing(&request.missing(), takes_parameters(&members))?;
    }
    Ok(request)
}

fn refuse_missing(missing: &[Member], takes_set: bool) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let options: Vec<String> = missing.iter().map(|member| format!("--{}", member.option())).collect();
    let could = missing.iter().any(|member| PARAMETERS_HOLD.contains(&member.field.name()));
    let instead = if takes_set && could { "; --parameters stands for --key-id and --import-token" } else { "" };
    Err(Failure::usage(format!("the following arguments are required: {}{instead}", options.join(", "))))
}

/// What the command line says of a member.
fn given(member: &Member, matches: &ArgMatches, settings: &Settings) -> Result<Option<Wire>, Failure> {
    let option = member.option();
    Ok(match member.kind() {
        Kind::Bool if matches.get_flag(&option) => Some(Wire::Bool(true)),
        Kind::Bool if matches.get_flag(&format!("no-{option}")) => Some(Wire::Bool(false)),
        Kind::Bool => None,
        Kind::Int32 => matches.get_one::<i32>(&option).map(|number| Wire::I32(*number)),
        _ if member.field.is_list() => match matches.get_many::<String>(&option) {
            Some(words) => Some(typed::of_words(member, &words.cloned().collect::<Vec<_>>(), settings)?),
            None => None,
        },
        _ => match matches.get_one::<String>(&option) {
            Some(text) => Some(typed::of_text(member, text, settings)?),
            None => None,
        },
    })
}
