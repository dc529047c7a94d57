//! `--query`: what a JMESPath expression takes from an answer. The library sorts members by name; here they get their order
//! back, the answer's own or the expression's.

use jmespath::ast::{Ast, KeyValuePair};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// An expression that was understood.
pub(super) struct Query(jmespath::Expression<'static>);

impl Query {
    /// Understands one, before anything is done.
    pub(super) fn compile(text: &str) -> Result<Self, Failure> {
        jmespath::compile(text).map(Self).map_err(|error| bad(text, &error))
    }

    /// What it takes from an answer.
    pub(super) fn take(&self, answer: &Value) -> Result<Value, Failure> {
        let taken = self.0.search(answer.clone()).map_err(|error| bad(self.0.as_str(), &error))?;
        let taken = serde_json::to_value(&taken).map_err(anyhow::Error::from)?;
        let mut names = Vec::new();
        collect(answer, &mut names);
        Ok(in_order(taken, Some(self.0.as_ast()), &names))
    }
}

fn bad(query: &str, error: &jmespath::JmespathError) -> Failure {
    Failure::usage(format!("Bad value for --query {query}: {}", error.to_string().trim_end()))
}

/// The names of the members, in the order in which they come.
fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if !names.contains(name) {
                    names.push(name.clone());
                }
                collect(member, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn in_order(value: Value, ast: Option<&Ast>, names: &[String]) -> Value {
    match (value, ast.and_then(made_by)) {
        (Value::Array(items), _) => items.into_iter().map(|item| in_order(item, ast, names)).collect(),
        (Value::Object(mut members), Some(pairs)) => {
            let pair = |pair: &KeyValuePair| {
                let value = members.remove(&pair.key)?;
                Some((pair.key.clone(), in_order(value, Some(&pair.value), names)))
            };
            Value::Object(pairs.iter().filter_map(pair).collect())
        }
        (Value::Object(members), None) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by_key(|(name, _)| names.iter().position(|known| known == name).unwrap_or(names.len()));
            Value::Object(
                members.into_iter().map(|(name, value)| (name, in_order(value, None, names))).collect::<Map<_, _>>(),
            )
        }
        (scalar, _) => scalar,
    }
}

/// The pairs of the `{name: expression}` that a result's objects come from.
fn made_by(ast: &Ast) -> Option<&[KeyValuePair]> {
    match ast {
        Ast::MultiHash { elements, .. } => Some(elements),
        Ast::Subexpr { lhs, rhs, .. } if matches!(**rhs, Ast::Index { .. } | Ast::Identity { .. }) => made_by(lhs),
        Ast::Subexpr { rhs, .. } | Ast::Projection { rhs, .. } | Ast::Condition { then: rhs, .. } => made_by(rhs),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_keeps_the_order_of_the_answer_or_of_the_expression() {
        let answer = serde_json::json!({"Keys": [{"Z": 1, "A": {"Y": 2, "B": 3}}, {"Z": 4, "A": {"Y": 5, "B": 6}}]});
        for (query, expected) in [
            ("@", r#"{"Keys":[{"Z":1,"A":{"Y":2,"B":3}},{"Z":4,"A":{"Y":5,"B":6}}]}"#),
            ("Keys[0]", r#"{"Z":1,"A":{"Y":2,"B":3}}"#),
            ("Keys[].{z: Z, a: A}", r#"[{"z":1,"a":{"Y":2,"B":3}},{"z":4,"a":{"Y":5,"B":6}}]"#),
            ("Keys[?Z == `4`].{b: A.{y: Y, b: B}} | [0]", r#"{"b":{"y":5,"b":6}}"#),
            ("length(Keys)", "2"),
            ("Nothing", "null"),
        ] {
            assert_eq!(Query::compile(query).unwrap().take(&answer).unwrap().to_string(), expected, "{query}");
        }
    }
}
