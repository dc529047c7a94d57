//! Bad input over the wire: the reference's code and message for each, and nothing changed.

mod ciphertexts;
mod fields;
mod identifiers;
mod listing;
mod states;
mod tokens;
