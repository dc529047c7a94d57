//! The layers of `src/`: who may name whom, and which foreign crate belongs where.

use std::path::{Path, PathBuf};

/// Each layer, and the layers that it may name besides itself. `bin` names the library by its own name, and any module of it.
const ARROWS: [(&str, &[&str]); 22] = [
    ("bin", &[]),
    ("client", &["clock", "model", "proto", "statement", "wrap"]),
    (
        "server",
        &[
            "api",
            "client",
            "front",
            "json",
            "service",
            "policy",
            "hsm",
            "store",
            "import_token",
            "audit",
            "wrap",
            "config",
            "clock",
            "model",
            "proto",
        ],
    ),
    ("api", &["front", "service", "proto", "model", "hsm"]),
    ("front", &["service", "model"]),
    ("json", &["front", "service", "sigv4", "model", "hsm"]),
    (
        "service",
        &[
            "policy",
            "store",
            "hsm",
            "import_token",
            "sigv4",
            "statement",
            "ciphertext",
            "public_key",
            "audit",
            "clock",
            "failpoint",
            "model",
        ],
    ),
    ("policy", &["model"]),
    ("store", &["model"]),
    ("import_token", &["model"]),
    ("sigv4", &[]),
    ("statement", &["model"]),
    ("ciphertext", &["model"]),
    ("public_key", &["model"]),
    ("audit", &["model"]),
    ("hsm", &["failpoint", "model", "wrap"]),
    ("wrap", &["model"]),
    ("config", &["model"]),
    ("clock", &["model"]),
    ("failpoint", &[]),
    ("model", &[]),
    ("proto", &[]),
];

/// Foreign crates, and the layers that may name them.
const CRATES: [(&str, &[&str]); 9] = [
    ("sqlx", &["store"]),
    ("cryptoki", &["hsm"]),
    ("cryptoki_sys", &["hsm"]),
    ("cedar_policy", &["policy"]),
    ("miette", &["policy"]),
    ("clap", &["bin"]),
    ("tonic", &["api", "server", "client", "bin", "proto"]),
    ("prost", &["api", "server", "client", "bin", "proto"]),
    ("prost_types", &["api", "server", "client", "bin", "proto"]),
];

#[test]
fn each_layer_names_only_those_below_it() {
    let (mut faults, mut arrows) = (Vec::new(), 0);
    for path in sources() {
        let code = code(&path);
        let layer = layer(&path);
        let Some((_, below)) = ARROWS.iter().find(|(name, _)| *name == layer) else {
            panic!("{layer} has no place among the layers")
        };
        // A program's `crate` is itself.
        for named in named(&code).into_iter().filter(|_| layer != "bin") {
            arrows += 1;
            // Of the token, the fronts know only what it could be found to do.
            let profile_only = !["api", "json"].contains(&layer.as_str())
                || !named.starts_with("hsm")
                || ["hsm::Profile", "hsm::Route", "hsm::profile"].iter().any(|allowed| named.starts_with(allowed));
            let target = named.split("::").next().unwrap_or_default();
            if (target != layer && !below.contains(&target)) || !profile_only {
                faults.push(format!("{}: {layer} names {named}", path.display()));
            }
        }
        for (foreign, layers) in CRATES {
            if names_crate(&code, foreign) && !layers.contains(&layer.as_str()) {
                faults.push(format!("{}: {foreign} does not belong into {layer}", path.display()));
            }
        }
    }
    assert!(arrows > 20, "the walk found next to nothing");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_follows_crate_is_found_in_every_form() {
    let code = "use crate::{hsm::{self, Profile}, store};\nuse crate::model::Key;\ncrate::named! { enum A {} }\nlet x = crate::clock::now();";
    assert_eq!(named(code), ["hsm::self", "store", "model::Key", "model", "clock::now"]);
    assert!(names_crate("use sqlx::Row;", "sqlx") && names_crate("use clap;", "clap"));
    assert!(!names_crate("crate::sqlx_like::x", "sqlx") && !names_crate("let protonic = 1;", "tonic"));
}

fn sources() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("src/lib.rs") {
                sources.push(path);
            }
        }
    }
    sources
}

/// A file without its comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first part of a file's path under `src/`.
fn layer(path: &Path) -> String {
    let path = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// What follows each `crate::`, two parts of it at most, the members of a group one by one.
fn named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, marker) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + marker.len()..];
        let members = if rest.starts_with('{') { group(rest) } else { vec![rest] };
        found.extend(members.into_iter().map(path));
    }
    found
}

fn path(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_:{".contains(c))).unwrap_or(text.len());
    let path = text[..end].replace('{', "");
    // A macro is exported at the root; the only one belongs to the model.
    if text[end..].starts_with('!') && path == "named" { "model".to_owned() } else { path }
}

/// The members of `{a, b::{c, d}}`, split at the outer commas.
fn group(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 1, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                members.push(text[start..at].trim());
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            members.push(text[start..at].trim());
            break;
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

fn names_crate(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let after = &code[at + name.len()..];
        !code[..at].ends_with(|c: char| word(c) || c == ':')
            && (after.starts_with("::") || after.starts_with(';') && code[..at].ends_with("use "))
    })
}
