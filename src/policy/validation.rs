//! Holds policies to the schema. Strictly: what passes cannot fail later for a type or a name, but for arithmetic alone.

use cedar_policy::{PolicyId, ValidationMode, Validator};
use miette::Diagnostic;

use super::error::{Error, Faults, Place};
use super::files::{Files, described, offset};
use super::vocabulary::Vocabulary;

/// What is odd about the policies, a line each; that they are sound.
///
/// # Errors
/// Everything that is not.
pub(super) fn validate(files: &Files, vocabulary: &Vocabulary) -> Result<Vec<String>, Error> {
    let result = Validator::new(vocabulary.schema.clone()).validate(&files.policies, ValidationMode::Strict);
    let mut faults: Vec<String> =
        result.validation_errors().map(|error| line(files, error.policy_id(), offset(error), error)).collect();
    if !faults.is_empty() {
        faults.sort();
        return Err(Error::Unsound(Faults(faults)));
    }
    let warnings = result.validation_warnings();
    let mut warnings: Vec<String> =
        warnings.map(|warning| line(files, warning.policy_id(), offset(warning), warning)).collect();
    warnings.sort();
    Ok(warnings)
}

fn line(files: &Files, policy: &PolicyId, offset: Option<usize>, complaint: &dyn Diagnostic) -> String {
    let id = policy.to_string();
    let begin = files.places.get(&id);
    let text = begin.and_then(|place| files.texts.iter().find(|(path, _)| *path == place.file));
    let place = match (offset, text) {
        (Some(offset), Some((path, text))) => Some(Place::new(path, text, offset)),
        _ => begin.cloned(),
    };
    let problem = described(complaint);
    match place {
        // Cedar begins with the policy as well.
        Some(place) => format!("{place}: policy {id:?}: {}", problem.trim_start_matches(&format!("for policy `{id}`, "))),
        None => problem,
    }
}
