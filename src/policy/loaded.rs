//! A folder that has been read and found good.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cedar_policy::PolicySet;

use super::files::Files;
use super::vocabulary::Vocabulary;
use super::{Error, principals, validation};
use crate::model::Principal;

/// Policies that hold to the schema, and the principals that they speak of. Never changes: a folder that has changed is loaded
/// anew.
#[derive(Debug)]
pub struct Policies {
    pub(super) vocabulary: Vocabulary,
    pub(super) policies: PolicySet,
    principals: BTreeMap<String, Principal>,
    sources: Vec<PathBuf>,
    warnings: Vec<String>,
}

impl Policies {
    /// Reads a folder.
    ///
    /// # Errors
    /// Where a file cannot be read, is not written as it must be, or a policy does not hold to the schema; the message names
    /// file and line, and says what to do.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let vocabulary = Vocabulary::new()?;
        let path = folder.join(principals::FILE);
        let principals = principals::load(&path)?;
        let files = Files::read(folder)?;
        let warnings = validation::validate(&files, &vocabulary)?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let sources = std::iter::once(path).chain(files.texts.into_iter().map(|(path, _)| path)).collect();
        Ok(Self { vocabulary, policies: files.policies, principals, sources, warnings })
    }

    /// Whom a certificate's name stands for.
    pub fn principal(&self, name: &str) -> Option<&Principal> {
        self.principals.get(name)
    }

    /// All of them, by name.
    pub fn principals(&self) -> impl ExactSizeIterator<Item = &Principal> {
        self.principals.values()
    }

    /// The ids of the policies, in order.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.policies.policies().map(|policy| policy.id().to_string()).collect();
        ids.sort();
        ids
    }

    /// The files that were read.
    pub fn sources(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(PathBuf::as_path)
    }

    /// What is odd about the policies and yet allowed, a line each: for example one that can never apply.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
