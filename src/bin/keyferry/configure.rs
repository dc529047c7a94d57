//! `keyferry configure`: writes a profile, and tries it.

use std::io::IsTerminal;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::clean::clean_line;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::{Painter, Printer, complain};
use crate::settings::Settings;
use crate::{profile, prompt, replace};

#[derive(Args)]
pub(crate) struct Configure {
    #[command(subcommand)]
    what: Option<What>,
    /// Write the profile without trying it
    #[arg(long)]
    no_try: bool,
}

#[derive(Subcommand)]
enum What {
    /// Show the settings that hold, wherever they come from
    List,
    /// Show the names of the profiles, one a line
    ListProfiles,
}

/// What a profile is asked for.
struct Setting {
    name: &'static str,
    question: &'static str,
    is_path: bool,
}

#[rustfmt::skip]
const SETTINGS: [Setting; 6] = [
    Setting { name: "endpoint_url", question: "Endpoint URL, for example https://keyferry.example:8443",  is_path: false },
    Setting { name: "ca_bundle",    question: "CA bundle, a PEM file",                                    is_path: true },
    Setting { name: "client_cert",  question: "Client certificate, a PEM file",                           is_path: true },
    Setting { name: "client_key",   question: "Client key, a PEM file",                                   is_path: true },
    Setting { name: "region",       question: "Region; none where the endpoint has but one",              is_path: false },
    Setting { name: "output",       question: "Output: json, text, table, yaml or yaml-stream",           is_path: false },
];

/// Runs it.
pub(crate) async fn run(command: Configure, globals: Globals) -> Result<(), Failure> {
    match command.what {
        Some(What::List) => {
            let settings = Settings::new(globals)?;
            let listed = settings.listed().into_iter();
            let shape: Map<String, Value> = listed.map(|(name, value)| (name.to_owned(), value.into())).collect();
            Printer::new(&settings, "Configuration")?.answer(&Value::Object(shape))
        }
        Some(What::ListProfiles) => {
            let (_, document) = read().map_err(Failure::Configuration)?;
            let names: String = document.iter().map(|(name, _)| format!("{name}\n")).collect();
            let settings = Settings::new(Globals { profile: None, ..globals })?;
            // As the reference: plain lines, whatever the output is.
            Printer::new(&settings, "Profiles")?.plain(&names)
        }
        None => write(globals, !command.no_try).await,
    }
}

/// Asks for what no option gave, writes the profile, and tries it.
async fn write(globals: Globals, is_tried: bool) -> Result<(), Failure> {
    let name = globals.profile.clone().unwrap_or_else(|| "default".to_owned());
    let (path, mut document) = read().map_err(Failure::Configuration)?;
    let table = document.entry(&name).or_insert(Item::Table(Table::new()));
    let table = table
        .as_table_like_mut()
        .ok_or_else(|| Failure::Configuration(anyhow!("{name} is no profile in {}", path.display())))?;
    let is_asked = std::io::stdin().is_terminal();
    let given = given(&globals);
    if !is_asked && given.iter().all(Option::is_none) {
        return Err(Failure::usage("there is no terminal to ask on: give what the profile is to hold as options"));
    }
    for (Setting { name, question, is_path }, given) in SETTINGS.iter().zip(given) {
        let known = given.as_deref().or_else(|| table.get(name).and_then(Item::as_str));
        let answer = match is_asked {
            true => prompt::ask(&format!("{question} [{}]: ", known.unwrap_or("None")))?,
            false => String::new(),
        };
        // What is kept stays as it was written: a path may be from the file's folder.
        let Some(setting) = Some(answer).filter(|answer| !answer.is_empty()).or(given) else { continue };
        let setting = if *is_path { absolute(&setting)? } else { setting };
        match table.get_mut(name).and_then(Item::as_value_mut) {
            // The comment beside it stays.
            Some(old) => *old = toml_edit::Value::from(setting).decorated(prefix(old), suffix(old)),
            None => drop(table.insert(name, value(setting))),
        }
    }
    save(&path, &document.to_string())?;
    complain(&format!("Wrote the profile {name} to {}\n", path.display()));
    if is_tried {
        // The file alone: what a flag said is in it now.
        let settings = Settings::new(globals.of_profile(name))?;
        let client = settings.connect().await?;
        let server = client.get_server_info().await.map_err(|error| Failure::of("GetServerInfo", error))?;
        let painter = Painter::of(settings.color, std::io::stderr().is_terminal());
        let said = format!("version {}, Region {}, account {}", server.version, server.region, server.account);
        complain(&format!("{}: {}\n", painter.good("The service answers"), clean_line(&said)));
    }
    Ok(())
}

fn prefix(value: &toml_edit::Value) -> String {
    value.decor().prefix().and_then(toml_edit::RawString::as_str).unwrap_or(" ").to_owned()
}

fn suffix(value: &toml_edit::Value) -> String {
    value.decor().suffix().and_then(toml_edit::RawString::as_str).unwrap_or_default().to_owned()
}

/// What options and the environment say, in the order of the questions.
fn given(globals: &Globals) -> [Option<String>; 6] {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let output = globals.output.and_then(|format| clap::ValueEnum::to_possible_value(&format));
    [
        globals.endpoint_url.clone(),
        path(&globals.ca_bundle),
        path(&globals.client_cert),
        path(&globals.client_key),
        globals.region.clone(),
        output.map(|format| format.get_name().to_owned()),
    ]
}

fn absolute(path: &str) -> anyhow::Result<String> {
    // A shell is not there to read it.
    let home = path.strip_prefix("~/").and_then(|rest| Some(Path::new(&std::env::var_os("HOME")?).join(rest)));
    let path = home.unwrap_or_else(|| PathBuf::from(path));
    Ok(std::path::absolute(&path).with_context(|| path.display().to_string())?.display().to_string())
}

fn read() -> anyhow::Result<(PathBuf, DocumentMut)> {
    let path = profile::path()?;
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| path.display().to_string())?,
    };
    let document = text
        .parse()
        .map_err(|error: toml_edit::TomlError| anyhow!("{}: {}", path.display(), error.to_string().trim_end()))?;
    Ok((path, document))
}

/// Writes the file anew beside the old one and puts it in its place, so that nobody ever reads half of it. It is for its owner,
/// unless it was there and says otherwise; where it is a link, what it leads to is replaced.
fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mode = std::fs::metadata(path).map_or(0o600, |old| old.permissions().mode() & 0o777);
    replace::put(path, text.as_bytes(), mode).with_context(|| path.display().to_string())
}
