//! The process is killed at every step of what it does, and starts again: nothing is lost, left behind or said wrongly.
//!
//! Each test finds out that the process really ended by SIGKILL, at the step that it named; else it would prove nothing.

mod campaign;
mod imports;
mod init;
mod issues;
mod keys;
mod rotations;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use keyferry::model::{KeySpec, KeyUsage};

use crate::harness::audit::Keys;
use crate::harness::{Daemon, Installation};

/// Names the step in the environment.
pub const FAILPOINT: &str = "KEYFERRY_FAILPOINT";

/// What is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    /// The making of a development token.
    Token,
    /// `keyferryd init`.
    Init,
    /// GetParametersForImport.
    Issue,
    /// ImportKeyMaterial.
    Import,
    /// CreateKey with material that the token makes.
    Create,
    /// RotateKeyOnDemand of a key whose material is imported.
    Rotate,
    /// RotateKeyOnDemand with material that the token makes.
    RotateMade,
    /// DeleteImportedKeyMaterial.
    DeleteMaterial,
    /// The janitor, when material's time is over.
    Expire,
    /// The janitor, when a scheduled deletion is due.
    DeleteKey,
    /// A start that makes good what was cut off before.
    Recover,
}

/// What must be true when the service has started again, besides that token and record agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// As if it had never been asked for; asked for again, it succeeds.
    Undone,
    /// A wrapping key that nobody was given stands ready, and is what the next caller is given.
    Ready,
    /// It has happened, once; asked for again, the answer is that of the first time.
    Done,
}

/// Every step at which the process is killed.
#[rustfmt::skip]
const STEPS: [(Doing, &str, After); 37] = [
    (Doing::Token,          "token.made",       After::Undone),
    (Doing::Init,           "init.recorded",    After::Undone),
    (Doing::Init,           "init.keyed",       After::Undone),
    (Doing::Init,           "init.derives",     After::Undone),
    (Doing::Init,           "init.signing",     After::Undone), // one of the two keys that sign is there
    (Doing::Issue,          "issue.begun",      After::Undone),
    (Doing::Issue,          "issue.generated",  After::Undone),
    (Doing::Issue,          "issue.kept",       After::Undone), // on the token: destroyed at the start
    (Doing::Issue,          "issue.ready",      After::Ready),
    (Doing::Issue,          "issue.issued",     After::Done),   // to nobody: it expires
    (Doing::Import,         "import.claimed",   After::Undone),
    (Doing::Import,         "import.unwrapped", After::Undone),
    (Doing::Import,         "import.proved",    After::Undone),
    (Doing::Import,         "import.kept",      After::Undone), // on the token: destroyed at the start
    (Doing::Import,         "import.settled",   After::Done),
    (Doing::Import,         "destroy.begun",    After::Done),
    (Doing::Import,         "destroy.gone",     After::Done),
    (Doing::Create,         "create.claimed",   After::Undone),
    (Doing::Create,         "create.generated", After::Undone), // on the token: destroyed at the start
    (Doing::Create,         "create.recorded",  After::Done),
    (Doing::Rotate,         "change.saved",     After::Done),
    (Doing::RotateMade,     "create.claimed",   After::Undone),
    (Doing::RotateMade,     "create.generated", After::Undone), // on the token: destroyed at the start
    (Doing::RotateMade,     "rotate.recorded",  After::Done),
    (Doing::DeleteMaterial, "change.saved",     After::Done),
    (Doing::DeleteMaterial, "destroy.begun",    After::Done),
    (Doing::DeleteMaterial, "destroy.gone",     After::Done),
    (Doing::Expire,         "change.saved",     After::Done),
    (Doing::Expire,         "destroy.begun",    After::Done),
    (Doing::Expire,         "destroy.gone",     After::Done),
    (Doing::DeleteKey,      "delete.recorded",  After::Done),
    (Doing::DeleteKey,      "destroy.begun",    After::Done),
    (Doing::DeleteKey,      "destroy.gone",     After::Done),
    (Doing::Recover,        "recover.claims",   After::Done),   // claims ended, nothing destroyed yet
    (Doing::Recover,        "destroy.begun",    After::Done),
    (Doing::Recover,        "destroy.gone",     After::Done),
    (Doing::Recover,        "recover.done",     After::Done),
];

/// The steps of one thing that is done.
fn steps(doing: Doing) -> impl Iterator<Item = (&'static str, After)> {
    STEPS.iter().filter(move |(of, ..)| *of == doing).map(|(_, step, after)| (*step, *after))
}

/// Waits for the daemon's end at this step, and returns what it leaves.
#[track_caller]
pub fn killed(daemon: Daemon, step: &str) -> Installation {
    let (status, installation, log) = daemon.wait();
    assert_killed(status, step, &log);
    installation
}

#[track_caller]
fn assert_killed(status: ExitStatus, step: &str, log: &str) {
    assert_eq!(status.signal(), Some(9), "{step} was not reached: {status}\n{log}");
}

/// What the audit must know of symmetric keys.
fn symmetric<'a>(ids: impl IntoIterator<Item = &'a String>) -> Keys {
    ids.into_iter().map(|id| (id.clone(), (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))).collect()
}

#[test]
fn every_step_that_the_source_names_is_tried() {
    let mut named = BTreeSet::new();
    collect(Path::new("src"), &mut named);
    let tried = STEPS.iter().map(|(_, step, _)| *step).chain(crate::regions::killed::steps());
    assert_eq!(named, tried.map(str::to_owned).collect());
}

fn collect(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let calls = text.split("failpoint::reach(\"").skip(1);
            named.extend(calls.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
}
