//! What is wrong with a field of a request, in the reference's words.
//!
//! The form "1 validation error detected: Value … at … failed to satisfy constraint: …" is the reference's own
//! (KMS ValidationException), so that people and tools who know it find what they expect.

use std::fmt::Display;

/// Why a request was refused before anything was looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The field in the reference's lowerCamelCase.
    pub field: &'static str,
    /// The whole message.
    pub message: String,
}

impl Invalid {
    /// A refusal in words of its own.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }

    /// A required field that is not there.
    pub fn missing(field: &'static str) -> Self {
        Self::constraint(field, "Value null", "Member must not be null")
    }

    fn constraint(field: &'static str, value: &str, constraint: &str) -> Self {
        let message =
            format!("1 validation error detected: {value} at '{field}' failed to satisfy constraint: {constraint}");
        Self { field, message }
    }
}

/// The member of an enumeration that `name` stands for.
///
/// # Errors
/// Where no member has the name; the message lists all of them.
pub fn member<T: std::str::FromStr + Display + Copy>(field: &'static str, name: &str, all: &[T]) -> Result<T, Invalid> {
    name.parse().map_err(|_| {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        Invalid::constraint(
            field,
            &format!("Value '{name}'"),
            &format!("Member must satisfy enum value set: [{}]", names.join(", ")),
        )
    })
}

/// Checks a number against an inclusive range.
///
/// # Errors
/// Where it lies outside.
pub fn within(field: &'static str, value: i32, least: i32, most: i32) -> Result<i32, Invalid> {
    if value < least {
        return Err(Invalid::constraint(
            field,
            &format!("Value '{value}'"),
            &format!("Member must have value greater than or equal to {least}"),
        ));
    }
    if value > most {
        return Err(Invalid::constraint(
            field,
            &format!("Value '{value}'"),
            &format!("Member must have value less than or equal to {most}"),
        ));
    }
    Ok(value)
}

/// Checks a text's length in characters against an inclusive range.
///
/// # Errors
/// Where it is shorter or longer. A text past its limit is not repeated in the message.
pub fn text(field: &'static str, value: String, least: usize, most: usize) -> Result<String, Invalid> {
    let length = value.chars().count();
    if length < least {
        return Err(Invalid::constraint(
            field,
            &format!("Value '{value}'"),
            &format!("Member must have length greater than or equal to {least}"),
        ));
    }
    if length > most {
        return Err(Invalid::constraint(field, "Value", &format!("Member must have length less than or equal to {most}")));
    }
    // PostgreSQL cannot keep it, and nobody means it.
    if value.contains('\0') {
        return Err(Invalid::constraint(field, "Value", "Member must not contain U+0000"));
    }
    Ok(value)
}

/// Checks a text against a pattern, given as a predicate on characters and in the reference's regular expression.
///
/// # Errors
/// Where a character does not fit.
pub fn pattern(field: &'static str, value: String, fits: impl Fn(char) -> bool, pattern: &str) -> Result<String, Invalid> {
    if value.chars().all(fits) {
        return Ok(value);
    }
    Err(Invalid::constraint(
        field,
        &format!("Value '{value}'"),
        &format!("Member must satisfy regular expression pattern: {pattern}"),
    ))
}

/// Checks a blob's length in bytes against an inclusive range. The message never shows the bytes.
///
/// # Errors
/// Where it is shorter or longer.
pub fn blob(field: &'static str, value: Vec<u8>, least: usize, most: usize) -> Result<Vec<u8>, Invalid> {
    length(field, value.len(), least, most)?;
    Ok(value)
}

/// As [`blob`], of a blob that is not handed out of what hides it.
///
/// # Errors
/// Where it is shorter or longer.
pub fn length(field: &'static str, length: usize, least: usize, most: usize) -> Result<(), Invalid> {
    if length < least {
        return Err(Invalid::constraint(
            field,
            "Value",
            &format!("Member must have length greater than or equal to {least}"),
        ));
    }
    if length > most {
        return Err(Invalid::constraint(field, "Value", &format!("Member must have length less than or equal to {most}")));
    }
    Ok(())
}
