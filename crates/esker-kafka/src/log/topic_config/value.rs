//! Types of configuration values and their validation.

use super::definition;

/// The type of a value and what it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A 32-bit integer in this range.
    Int(i64, i64),
    /// A 64-bit integer in this range.
    Long(i64, i64),
    /// A decimal number in this range.
    Double(f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A comma-separated list of some of these words, at least one unless `empty` is allowed.
    ListOf {
        /// The words.
        words: &'static [&'static str],
        /// Whether the list may be empty.
        empty: bool,
    },
    /// Free text.
    Text,
}

/// A key or a value that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConfig {
    /// No such key.
    #[error("Unknown topic config name: {0}")]
    UnknownKey(String),
    /// The key does not take this value.
    #[error("Invalid value {value} for configuration {key}: {reason}")]
    BadValue {
        /// The key.
        key: String,
        /// The value as given.
        value: String,
        /// What would be allowed.
        reason: String,
    },
}

/// Checks one key and value.
///
/// # Errors
/// When the key is unknown, or does not take the value; the message says what it takes.
pub fn validate(key: &str, value: &str) -> Result<(), InvalidConfig> {
    let definition = definition(key).ok_or_else(|| InvalidConfig::UnknownKey(key.to_owned()))?;
    let reason = match definition.kind {
        Kind::Text => None,
        Kind::Boolean => (!matches!(value, "true" | "false")).then(|| "expected true or false".to_owned()),
        Kind::Int(low, high) | Kind::Long(low, high) => match value.trim().parse::<i64>() {
            Err(_) => Some("not a whole number".to_owned()),
            Ok(number) if number < low => Some(format!("Value must be at least {low}")),
            Ok(number) if number > high => Some(format!("Value must be no more than {high}")),
            Ok(_) => None,
        },
        Kind::Double(low, high) => match value.trim().parse::<f64>() {
            Ok(number) if (low..=high).contains(&number) => None,
            _ => Some(format!("expected a number from {low} to {high}")),
        },
        Kind::OneOf(words) => {
            (!words.contains(&value)).then(|| format!("String must be one of: {}", words.join(", ")))
        }
        Kind::ListOf { words, empty } => {
            let given: Vec<_> = value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            let bad = given.iter().any(|word| !words.contains(word)) || (given.is_empty() && !empty);
            bad.then(|| format!("expected a list of: {}", words.join(", ")))
        }
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(InvalidConfig::BadValue { key: key.to_owned(), value: value.to_owned(), reason }),
    }
}
