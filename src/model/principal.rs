//! Who calls.

use std::collections::BTreeMap;

use super::Account;

/// Names and values that an owner gives to a key, or an operator to a principal.
pub type Tags = BTreeMap<String, String>;

/// A caller, as its certificate names it, and what the operator says of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// A URI (for example `spiffe://example.org/importer`) or a DNS name.
    pub name: String,
    /// The account whose keys it may see.
    pub account: Account,
    /// What policies can tell principals apart by.
    pub tags: Tags,
}
