//! GetParametersForImport's page of the KMS API reference, sentence by sentence: each test is called by what one says, quotes it, and
//! fails where it is not so any more.
//!
//! The order is the page's: `description`, `key_types`, `validity`, `requirements`; the request, which is `key_id`, `wrapping_algorithm`
//! and `wrapping_key_spec`; `response`; `errors`. The text is that of the service model in botocore 1.43.11. What it says twice has one
//! test, and a link to another page has none. Where keyferry differs on purpose, the test is of what is so, and says why.
//!
//! DependencyTimeoutException and KMSInternalException come about here by what the record says. Of a token that fails, over the wire,
//! tell `faults::healing::while_the_token_is_away_nothing_is_put_on_record_for_it` and `faults::sweep`.

mod description;
mod doors;
mod errors;
mod key_id;
mod key_types;
mod requirements;
mod response;
mod validity;
mod wrapping_algorithm;
mod wrapping_key_spec;
