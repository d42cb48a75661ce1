//! Topic configuration: what keys there are, what they mean to the log, and how a topic's overrides become
//! [`TopicConfig`].
//!
//! The keys and defaults are Kafka 4.3's (`TopicConfig`, `LogConfig`), plus those that begin with `esker.`. Keys that describe Kafka's
//! own files are accepted and reported, so that tools which copy a topic's configuration keep working, and change
//! nothing here; their documentation says so.

mod table;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use esker_core::Mode;

pub use table::{DEDUPLICATION_WINDOW, DEFINITIONS, Definition, definition};
pub use value::{InvalidConfig, Kind, validate};

/// How a partition is cleaned, from `cleanup.policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// Old records are deleted by time and size.
    pub delete: bool,
    /// Only the last record of each key is kept.
    pub compact: bool,
}

/// A topic's settings as the log uses them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// `esker.mode`.
    pub mode: Mode,
    /// `cleanup.policy`.
    pub cleanup: CleanupPolicy,
    /// `retention.ms`; `None` for -1, no limit.
    pub retention_ms: Option<i64>,
    /// `retention.bytes` per partition; `None` for -1, no limit.
    pub retention_bytes: Option<u64>,
    /// `max.message.bytes`: the largest record batch, bytes.
    pub max_message_bytes: usize,
    /// Whether the broker stamps batches (`message.timestamp.type=LogAppendTime`).
    pub log_append_time: bool,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `min.insync.replicas`.
    pub min_insync_replicas: u16,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self::parse(&BTreeMap::new()).expect("every default in the table is valid")
    }
}

impl TopicConfig {
    /// Applies a topic's overrides to the defaults.
    ///
    /// # Errors
    /// The first key that is unknown or whose value is not allowed.
    pub fn parse(overrides: &BTreeMap<String, String>) -> Result<Self, InvalidConfig> {
        for (key, value) in overrides {
            validate(key, value)?;
        }
        let text = |key: &str| {
            overrides.get(key).map_or_else(
                || definition(key).expect("the keys below are in the table").default,
                String::as_str,
            )
        };
        let long = |key: &str| text(key).parse::<i64>().expect("validated above");
        let limit = |key: &str| Some(long(key)).filter(|&value| value >= 0);
        let policies: Vec<&str> = text("cleanup.policy").split(',').map(str::trim).collect();
        Ok(Self {
            mode: text("esker.mode").parse().expect("validated above"),
            cleanup: CleanupPolicy {
                delete: policies.contains(&"delete"),
                compact: policies.contains(&"compact"),
            },
            retention_ms: limit("retention.ms"),
            retention_bytes: limit("retention.bytes").map(i64::cast_unsigned),
            max_message_bytes: usize::try_from(long("max.message.bytes")).unwrap_or(usize::MAX),
            log_append_time: text("message.timestamp.type") == "LogAppendTime",
            timestamp_before_max_ms: long("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: long("message.timestamp.after.max.ms"),
            min_insync_replicas: u16::try_from(long("min.insync.replicas")).unwrap_or(u16::MAX),
        })
    }
}
