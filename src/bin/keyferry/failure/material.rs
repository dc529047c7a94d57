//! What is said of key material and of parameters that do not serve: what was found, and on the next line what to do.

use std::io;
use std::path::Path;

use anyhow::anyhow;
use keyferry::client::Unusable;
use keyferry::wrap::Error;

use super::Failure;

const NEW_ONES: &str = "Get new parameters, and save the whole answer as JSON: keyferry get-parameters-for-import";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Local(anyhow!(of(&error)))
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        Self::Local(anyhow!(of_parameters(&error)))
    }
}

fn of_parameters(error: &Unusable) -> String {
    let error = error.to_string();
    let (found, _) = error.split_once(": get new parameters").unwrap_or((&error, ""));
    format!("{found}\n{NEW_ONES}")
}

fn of(error: &Error) -> String {
    match error {
        Error::Empty => "the key file is empty\nSee that whatever writes the key file has written it".to_owned(),
        Error::Mismatch { found, wanted, specs, hint } => {
            let specs: Vec<&str> = specs.iter().map(|spec| spec.as_str()).collect();
            let remedy = match specs[..] {
                [] => "No key spec takes it: see that the file holds the whole key and nothing else".to_owned(),
                _ => {
                    format!("It would fit a key of the spec {}: give another file, or choose such a key", specs.join(" or "))
                }
            };
            format!("the key file is {found}; the key wants {wanted}\n{remedy}{hint}")
        }
        Error::Passphrase(form) => format!(
            "the key file is {form} that is encrypted, and there is no passphrase\n\
             Type it when asked, on a terminal, or give a file whose first line it is: --passphrase-file FILE"
        ),
        Error::TooLong { .. } => format!("{error}\nWrap it with RSA_AES_KEY_WRAP_SHA_256, or with RSA_AES_KEY_WRAP_SHA_1"),
        Error::Unusable { found, advice } => format!("the key file is {found}\n{}", sentence(advice)),
        Error::Wrapping(refusal) => refusal.replacen(". ", ".\n", 1),
        Error::WrongPassphrase(_) => {
            format!("{error}\nType it again, or see that it is the whole first line of the passphrase file")
        }
        Error::PublicKey(_) => format!("{error}\n{NEW_ONES}"),
        Error::Algorithm(_) | Error::NoRandomness | Error::Unfit { .. } => error.to_string(),
    }
}

/// What is said of another service's public key that was read from this file.
pub(crate) fn of_public_key(path: &Path, error: &Error) -> Failure {
    let error = error.to_string();
    let (found, remedy) = match error.split_once("; ") {
        Some((found, advice)) => (found, sentence(advice)),
        None => (error.as_str(), "Give an RSA public key of 2048, 3072 or 4096 bits, PEM or DER".to_owned()),
    };
    Failure::Local(anyhow!("{}: {found}\n{remedy}", path.display()))
}

/// What is said of a file that cannot be read.
pub(crate) fn of_unread(path: &Path, error: &io::Error) -> Failure {
    let path = path.display().to_string();
    let remedy = match ["fileb://", "file://"].iter().find_map(|scheme| path.strip_prefix(scheme)) {
        Some(path) => format!("Give the path itself: {path}"),
        None if error.kind() == io::ErrorKind::FileTooLarge => "Give a file with nothing else in it".to_owned(),
        None => "Give the path of a file that is there and that you may read".to_owned(),
    };
    Failure::Local(anyhow!("{path}: {error}\n{remedy}"))
}

/// The words with a capital first letter.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
