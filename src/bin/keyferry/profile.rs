//! Profiles: where services are and who asks them, in one file.
//!
//! `KEYFERRY_CONFIG_FILE`, else `keyferry/config.toml` in `XDG_CONFIG_HOME` or `~/.config`. A table a profile:
//!
//! ```toml
//! [default]
//! endpoint_url = "https://keyferry.example:8443"
//! ca_bundle = "ca.pem"          # paths are from the file's own folder
//! client_cert = "client.pem"
//! client_key = "client-key.pem"
//! region = "eu-central-1"
//! output = "json"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Deserialize;

use crate::failure::Failure;

/// What a profile may say. Flags and the environment come before it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) endpoint_url: Option<String>,
    pub(crate) ca_bundle: Option<PathBuf>,
    pub(crate) client_cert: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) region: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) cli_pager: Option<String>,
    pub(crate) cli_auto_prompt: Option<bool>,
    pub(crate) cli_binary_format: Option<String>,
    pub(crate) cli_read_timeout: Option<u64>,
    pub(crate) cli_connect_timeout: Option<u64>,
}

/// The profile of that name; an empty one where nobody named one and there is none.
pub(crate) fn load(name: Option<&str>) -> Result<Profile, Failure> {
    find(name).map_err(Failure::Configuration)
}

/// Where profiles are.
pub(crate) fn path() -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = || Some(variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")))?.join("keyferry"));
    variable("KEYFERRY_CONFIG_FILE")
        .or_else(|| Some(folder()?.join("config.toml")))
        .ok_or_else(|| anyhow!("there is no place for profiles: set KEYFERRY_CONFIG_FILE or HOME"))
}

fn find(name: Option<&str>) -> anyhow::Result<Profile> {
    let path = match (path(), name) {
        (Ok(path), _) => path,
        (Err(error), Some(_)) => return Err(error),
        (Err(_), None) => return Ok(Profile::default()),
    };
    match (read(&path)?.remove(name.unwrap_or("default")), name) {
        (Some(profile), _) => Ok(profile),
        (None, Some(name)) => {
            Err(anyhow!("The config profile ({name}) could not be found\nMake it: keyferry configure --profile {name}"))
        }
        (None, None) => Ok(Profile::default()),
    }
}

/// All profiles of the file by their names; none where it is not there.
fn read(path: &Path) -> anyhow::Result<BTreeMap<String, Profile>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let profiles: BTreeMap<String, Profile> =
        toml_edit::de::from_str(&text).map_err(|error| anyhow!("{}: {}", path.display(), error.to_string().trim_end()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(profiles.into_iter().map(|(name, profile)| (name, profile.seen_from(folder))).collect())
}

/// The name of the one profile whose Region this is.
///
/// # Errors
/// Where there is none that says where the service is, or more than one.
pub(crate) fn of_region(region: &str) -> anyhow::Result<String> {
    let path = path()?;
    let found = read(&path)?.into_iter().filter(|(_, profile)| profile.region.as_deref() == Some(region));
    let (names, found): (Vec<String>, Vec<Profile>) = found.unzip();
    let path = path.display();
    match (&names[..], &found[..]) {
        ([name], [Profile { endpoint_url: Some(_), .. }]) => Ok(name.clone()),
        ([name], _) => Err(anyhow!(
            "the profile {name} in {path}, which is of the Region {region}, has no endpoint_url\n\
             Say where the service is: keyferry configure --profile {name}"
        )),
        ([], _) => Err(anyhow!(
            "no profile in {path} is of the Region {region}\n\
             Write one there, a table with region = \"{region}\" and endpoint_url, or put {{region}} into the endpoint URL"
        )),
        _ => Err(anyhow!(
            "more than one profile in {path} is of the Region {region}: {}\n\
             Leave region = \"{region}\" in the one that is to be used",
            names.join(", ")
        )),
    }
}

impl Profile {
    fn seen_from(mut self, folder: &Path) -> Self {
        for path in [&mut self.ca_bundle, &mut self.client_cert, &mut self.client_key].into_iter().flatten() {
            *path = folder.join(&path);
        }
        self
    }
}
