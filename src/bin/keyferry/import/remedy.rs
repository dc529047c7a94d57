//! What to do about what keeps an import from being done, in a line of its own.

use anyhow::anyhow;
use keyferry::client::walk::Step;
use keyferry::client::{self, Local};

use super::course::Course;
use crate::failure::{Failure, sentence};

/// The operation of a step.
fn operation(step: Option<Step>) -> &'static str {
    match step {
        Some(Step::Profile) => "GetTokenProfile",
        Some(Step::Describe | Step::Await | Step::Confirm) => "DescribeKey",
        Some(Step::Create) => "CreateKey",
        Some(Step::Replicate) => "ReplicateKey",
        Some(Step::Parameters) => "GetParametersForImport",
        Some(Step::Import) => "ImportKeyMaterial",
        Some(Step::Wrap) | None => "Import",
    }
}

/// Why the walk ended where it did, and how to go on.
pub(super) fn of_walk(course: &Course, error: client::Error) -> Failure {
    let note = way_on(course, &error);
    let failure = why(course, error);
    match note {
        Some(note) => failure.noted(note),
        None => failure,
    }
}

/// Why it ended there, and what to do about that.
pub(super) fn why(course: &Course, error: client::Error) -> Failure {
    match error {
        client::Error::Local(local) => of_local(local),
        error => Failure::of(operation(course.step()), error),
    }
}

/// How to go on with what is done already.
pub(super) fn way_on(course: &Course, error: &client::Error) -> Option<String> {
    // Nobody is to go on there.
    if matches!(error, client::Error::Local(Local::Mismatch { .. })) {
        return None;
    }
    // One that was refused is not done; of any other try, and of those before it, nobody knows.
    let is_open =
        course.step() == Some(Step::Import) && !matches!(error, client::Error::Refused(refusal) if !refusal.is_passing());
    match (course.made(), course.step()) {
        (Some(key), Some(Step::Confirm)) => Some(came_in(&key.arn, key.id.as_str())),
        (Some(key), _) if is_open => Some(format!(
            "The key {} was made, and may have its material: --key-id {} goes on, and imports nothing twice",
            key.arn, key.id
        )),
        (Some(key), _) => {
            Some(format!("The key {} was made and has no material yet: go on with --key-id {}", key.arn, key.id))
        }
        (None, _) if is_open => Some("The same command again goes on, and imports nothing twice".to_owned()),
        (None, _) => None,
    }
}

/// The last look failed, and nothing else.
pub(super) fn came_in(arn: &str, id: &str) -> String {
    format!("The key {arn} has the material: see it with keyferry describe-key --key-id {id}")
}

fn of_local(local: Local) -> Failure {
    let message = local.to_string();
    let advice = match local {
        Local::Material(error) => return error.into(),
        Local::Invalid(_) => {
            let advice =
                "Leave --wrapping-algorithm and --wrapping-key-spec away: what fits is chosen, and --dry-run shows it";
            return Failure::usage(format!("{message}\n{advice}"));
        }
        // These say it themselves, behind a mark of their own.
        Local::Mismatch { .. } => return of_two(&message, "; "),
        Local::Unknown { .. } => return of_two(&message, "): "),
        Local::OtherMaterial { .. } => {
            let (what, _) = message.rsplit_once("; ").unwrap_or((&message, ""));
            return Failure::Local(anyhow!("{what}\nLeave --key-id away, and a key is made for this material"));
        }
        Local::NotServed { .. } => {
            "See what the token can do: keyferry get-token-profile; and leave --wrapping-algorithm and --wrapping-key-spec away"
        }
        Local::Unimportable { ref why, .. } if why.contains("pending deletion") => {
            "Keep the key with keyferry cancel-key-deletion, or leave --key-id away, and a key is made"
        }
        Local::Unimportable { .. } => "Leave --key-id away, and a key that takes material is made",
        Local::NotYetThere { .. } => {
            "Look whether its Region and that of the primary reach each other: the logs of both say what they tell each other"
        }
        Local::Replica { ref primary, .. } => {
            return Failure::Local(anyhow!("{message}\nName {primary} first: --regions {primary},REGION"));
        }
        Local::Parameters(_) => "See that the clock is right here and at the service, and begin again",
        local => return Failure::of("Import", local.into()),
    };
    Failure::Local(anyhow!("{message}\n{advice}"))
}

/// Two lines of a message whose last part, behind `mark`, says what to do.
fn of_two(message: &str, mark: &str) -> Failure {
    let at = message.rfind(mark).unwrap_or(message.len());
    // A bracket that closes belongs to what was before it.
    let (what, rest) = message.split_at(at + usize::from(mark.starts_with(')')));
    Failure::Local(anyhow!("{what}\n{}", sentence(rest.trim_start_matches([';', ':', ' ']))))
}
