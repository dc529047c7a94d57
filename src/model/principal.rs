//! Who calls.

use super::Account;

/// A caller, as its certificate names it, and the account it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// A URI (for example `spiffe://example.org/importer`) or a DNS name.
    pub name: String,
    /// The account whose keys it may see.
    pub account: Account,
}
