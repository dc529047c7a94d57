//! Policy documents that are kept with keys. They decide nothing here, so they are checked as far as a slip would show: the form
//! of a document, and whether its owner, were it what decides, could ever change it.

use serde_json::{Map, Value};

use super::invalid::{self, Invalid};
use super::{Account, Realm};

/// The only name that a key's policy document has.
pub const POLICY_NAME: &str = "default";

/// The longest document, in characters, that is read at all (KMS API Reference, "PutKeyPolicy").
const LONGEST: usize = 131_072;
/// The longest that is kept, in bytes (KMS Developer Guide, "Resource quotas").
const MOST_BYTES: usize = 32_768;

/// What every owner must be able to do.
const KEEPS_CONTROL: &str = "kms:PutKeyPolicy";

/// Why a document is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unkept {
    /// It is not of the form that policies have, or locks its owner out.
    #[error("{0}")]
    Malformed(String),
    /// It has more bytes than are kept.
    #[error("the key policy is longer than {MOST_BYTES} bytes: shorten it")]
    TooLong,
}

/// Checks a document's length and characters.
///
/// # Errors
/// Where it is empty, too long to be read, or has characters that the reference does not take.
pub fn text(policy: String) -> Result<String, Invalid> {
    let policy = invalid::text("policy", policy, 1, LONGEST)?;
    let fits = |c: char| matches!(c, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{ff}');
    if policy.chars().all(fits) {
        return Ok(policy);
    }
    // Without the document, which is long.
    let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";
    let message = format!(
        "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    );
    Err(Invalid::new("policy", message))
}

/// Checks the name of a document that is asked for.
///
/// # Errors
/// Where it is empty, too long or has other characters than names have.
pub fn name(given: Option<String>) -> Result<String, Invalid> {
    let name = invalid::text("policyName", given.unwrap_or_else(|| POLICY_NAME.to_owned()), 1, 128)?;
    invalid::pattern("policyName", name, |c| c.is_ascii_alphanumeric() || c == '_', "[\\w]+")
}

/// Checks that a document is one: a JSON object with statements, each of which says whom it lets or forbids to do what.
///
/// Where `bypass` does not say otherwise, some statement must let somebody of the account (its root, or a principal that `is_ours`)
/// put the key's policy. Conditions, and statements that forbid, are not weighed: the check is against slips.
///
/// # Errors
/// Where it is not.
pub fn check(policy: &str, account: &Account, is_ours: impl Fn(&str) -> bool, bypass: bool) -> Result<(), Unkept> {
    if policy.len() > MOST_BYTES {
        return Err(Unkept::TooLong);
    }
    let malformed = |message: &str| Err(Unkept::Malformed(message.to_owned()));
    let Ok(Value::Object(document)) = serde_json::from_str(policy) else {
        return malformed("the key policy must be a JSON object");
    };
    let statements: Vec<&Value> = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return malformed("the key policy must have a Statement, or several in a list"),
    };
    let mut keeps_control = false;
    for statement in statements {
        let Value::Object(statement) = statement else { return malformed("each Statement must be a JSON object") };
        if let Some(fault) = fault(statement) {
            return malformed(fault);
        }
        keeps_control |= lets_put_policies(statement, account, &is_ours);
    }
    if !keeps_control && !bypass {
        return malformed("The new key policy will not allow you to update the key policy in the future.");
    }
    Ok(())
}

/// The document of a key whose owner keeps none (KMS Developer Guide, "Default key policy").
pub fn usual(realm: &Realm, account: &Account) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#,
        realm.partition
    )
}

fn fault(statement: &Map<String, Value>) -> Option<&'static str> {
    let has = |names: [&str; 2]| names.into_iter().filter(|name| statement.contains_key(*name)).count() == 1;
    let effect = statement.get("Effect").and_then(Value::as_str);
    if !matches!(effect, Some("Allow" | "Deny")) {
        return Some("each Statement must have an Effect, Allow or Deny");
    }
    if !has(["Principal", "NotPrincipal"]) {
        return Some("each Statement must have a Principal or a NotPrincipal");
    }
    if !has(["Action", "NotAction"]) {
        return Some("each Statement must have an Action or a NotAction");
    }
    if !has(["Resource", "NotResource"]) {
        return Some("each Statement must have a Resource: \"*\" is the key itself");
    }
    None
}

fn lets_put_policies(statement: &Map<String, Value>, account: &Account, is_ours: impl Fn(&str) -> bool) -> bool {
    let ours = |name: &str| {
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let in_account = matches!(parts[..], ["arn", _, "iam" | "sts", "", owner, _] if owner == account.as_str());
        name == "*" || name == account.as_str() || in_account || is_ours(name)
    };
    let principals = match statement.get("Principal") {
        Some(Value::Object(kinds)) => texts(kinds.get("AWS")),
        given => texts(given),
    };
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
        && principals.into_iter().any(ours)
        && texts(statement.get("Action")).into_iter().any(|action| matches(action, KEEPS_CONTROL))
}

/// One text, or several in a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => vec![text],
        _ => Vec::new(),
    }
}

/// Whether a name of an action, in which `*` is any text and case says nothing, means `action`.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
