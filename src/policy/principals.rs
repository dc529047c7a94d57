//! `principals.toml`: who the certificates stand for.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Error;
use super::files::read;
use crate::model::{Account, Principal, Tags};

/// The file's name in the folder.
pub(super) const FILE: &str = "principals.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Checked before all else.
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(default)]
    principal: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    account: String,
    #[serde(default)]
    tags: Tags,
}

/// The version alone, whatever else there is.
#[derive(Deserialize)]
struct Versioned {
    version: Option<String>,
}

/// Reads them, by name.
pub(super) fn load(path: &Path) -> Result<BTreeMap<String, Principal>, Error> {
    parse(&read(path)?).map_err(|problem| Error::Principals { path: path.to_owned(), problem })
}

fn parse(text: &str) -> Result<BTreeMap<String, Principal>, String> {
    let of_toml = |error: toml_edit::de::Error| error.to_string().trim_end().to_owned();
    // First, because under another version every other complaint would mislead.
    match toml_edit::de::from_str::<Versioned>(text).map_err(of_toml)?.version.as_deref() {
        Some("v1") => {}
        Some(other) => return Err(format!("version: expected \"v1\", found {other:?}; this program reads no other")),
        None => return Err("version: missing; the file must say version = \"v1\"".to_owned()),
    }
    let file: File = toml_edit::de::from_str(text).map_err(of_toml)?;
    let mut principals = BTreeMap::new();
    for Entry { name, account, tags } in file.principal {
        // As the names that certificates are taken for: one that differs could never call.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("principal {name:?}: expected a URI or a DNS name in printable ASCII without spaces"));
        }
        let account = Account::parse(&account)
            .ok_or_else(|| format!("principal {name:?}: account: expected twelve digits, found {account:?}"))?;
        let principal = Principal { name: name.clone(), account, tags };
        if principals.insert(name.clone(), principal).is_some() {
            return Err(format!("principal {name:?}: named twice; say all of it in one place"));
        }
    }
    Ok(principals)
}
