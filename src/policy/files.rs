//! The `*.cedar` files of a folder, read into one set of policies that go by their `@id`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cedar_policy::{Policy, PolicyId, PolicySet};
use miette::Diagnostic;

use super::error::{Error, Place};

/// The policies of a folder, not yet held to anything but their form.
pub(super) struct Files {
    pub(super) policies: PolicySet,
    /// The files, for what is found later in the policies of each.
    pub(super) texts: Vec<(PathBuf, String)>,
    /// Where each policy begins, by its id.
    pub(super) places: BTreeMap<String, Place>,
}

impl Files {
    /// Reads what a shell calls `*.cedar`, in the order of the names.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if path.extension().is_some_and(|extension| extension == "cedar") && !is_hidden {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.is_empty() {
            return Err(Error::NoPolicies(folder.to_owned()));
        }
        let mut files = Self { policies: PolicySet::new(), texts: Vec::new(), places: BTreeMap::new() };
        for path in paths {
            let text = read(&path)?;
            files.take(&path, &text)?;
            files.texts.push((path, text));
        }
        Ok(files)
    }

    fn take(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let at = |offset| Place::new(path, text, offset);
        let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
            let first = errors.iter().next();
            let problem = first.map_or_else(|| errors.to_string(), described);
            Error::Syntax { place: at(first.and_then(offset).unwrap_or_default()), problem }
        })?;
        if let Some(template) = set.templates().next() {
            return Err(Error::Template(at(text.find(&template.to_string()).unwrap_or_default())));
        }
        for (offset, policy) in in_order(&set, text) {
            let place = at(offset);
            let id = policy.annotation("id").unwrap_or_default().to_owned();
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::NoId(place));
            }
            if let Some(first) = self.places.get(&id) {
                return Err(Error::DuplicateId { place, id, first: first.clone() });
            }
            // An id that is new cannot be refused.
            let named = policy.new_id(PolicyId::new(&id));
            self.policies.add(named).map_err(|error| Error::Syntax { place: place.clone(), problem: error.to_string() })?;
            self.places.insert(id, place);
        }
        Ok(())
    }
}

/// The policies of a file as they stand in it, and where. Cedar names them by their number and keeps the text of each.
fn in_order<'set>(set: &'set PolicySet, text: &str) -> Vec<(usize, &'set Policy)> {
    let number = |policy: &Policy| policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or_default();
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| number(policy));
    let mut end = 0;
    let place = |policy: &'set Policy| {
        let written = policy.to_string();
        let begin = text.get(end..).and_then(|rest| rest.find(&written)).map_or(end, |found| end + found);
        end = begin + written.len();
        (begin, policy)
    };
    policies.into_iter().map(place).collect()
}

/// Where in its text a complaint points, in bytes.
pub(super) fn offset(complaint: &impl Diagnostic) -> Option<usize> {
    Some(complaint.labels()?.next()?.offset())
}

/// A complaint, what it says of the place that it points to, and the help that comes with it, in one line.
pub(super) fn described(complaint: &(impl Diagnostic + ?Sized)) -> String {
    let at_place =
        complaint.labels().and_then(|mut labels| labels.next()).and_then(|label| label.label().map(str::to_owned));
    let help = complaint.help().map(|help| help.to_string());
    let mut parts = vec![complaint.to_string()];
    parts.extend(at_place.into_iter().chain(help));
    parts.join("; ").replace('\n', " ")
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}
