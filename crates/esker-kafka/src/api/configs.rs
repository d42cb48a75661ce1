//! Configurations as the config APIs show them.

mod broker_table;
mod change;
mod group_table;

use std::collections::BTreeMap;

use esker_kafka_wire::ErrorCode;

use esker_log::topic_config::{DEFINITIONS, Definition, Kind, TopicConfig, validate};

use crate::{api::refusal::Refusal, broker::Broker};
pub(crate) use broker_table::{StaticEntry, broker_entries, synonym};
pub(crate) use change::{change_group, change_topic, check_resource};
pub(crate) use group_table::{GroupEntry, check_group_config, group_entries};

// Kinds of resources.
pub(crate) const TOPIC: i8 = 2;
pub(crate) const BROKER: i8 = 4;
pub(crate) const BROKER_LOGGER: i8 = 8;
pub(crate) const CLIENT_METRICS: i8 = 16;
pub(crate) const GROUP: i8 = 32;

// Where a value comes from.
pub(crate) const DYNAMIC_TOPIC: i8 = 1;
pub(crate) const STATIC_BROKER: i8 = 4;
pub(crate) const DEFAULT: i8 = 5;
pub(crate) const DYNAMIC_GROUP: i8 = 8;

/// A topic's value for one key, with what stands behind it.
pub(crate) struct TopicEntry<'a> {
    pub(crate) definition: &'static Definition,
    /// Set for the topic.
    own: Option<&'a String>,
    /// Set for all topics in the broker's configuration.
    broker: Option<&'a String>,
}

impl<'a> TopicEntry<'a> {
    /// The value in force.
    pub(crate) fn value(&self) -> &'a str {
        self.own.or(self.broker).map_or(self.definition.default, String::as_str)
    }

    /// Where it comes from.
    pub(crate) fn source(&self) -> i8 {
        match (self.own, self.broker) {
            (Some(_), _) => DYNAMIC_TOPIC,
            (None, Some(_)) => STATIC_BROKER,
            (None, None) => DEFAULT,
        }
    }

    /// Every value that there is, the one in force first: name, value, source.
    pub(crate) fn synonyms(&self) -> impl Iterator<Item = (&'static str, &'a str, i8)> {
        let key = self.definition.key;
        let own = self.own.map(|value| (key, value.as_str(), DYNAMIC_TOPIC));
        let broker = self.broker.map(|value| (synonym(key), value.as_str(), STATIC_BROKER));
        own.into_iter().chain(broker).chain([(synonym(key), self.definition.default, DEFAULT)])
    }
}

/// All keys of a topic with these overrides.
pub(crate) fn topic_entries<'a>(
    broker: &'a Broker,
    overrides: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = TopicEntry<'a>> {
    let defaults = broker.log.topic_defaults();
    DEFINITIONS.iter().map(|definition| TopicEntry {
        definition,
        own: overrides.get(definition.key),
        broker: defaults.get(definition.key),
    })
}

/// Checks one key and value of a topic.
pub(crate) fn check_topic_config(key: &str, value: &str) -> Result<(), Refusal> {
    validate(key, value).map_err(|error| Refusal::new(ErrorCode::InvalidConfig, &error))
}

/// Whether a topic with these overrides deletes old records (rather than only compacts).
pub(crate) fn is_deleting(broker: &Broker, overrides: &BTreeMap<String, String>) -> bool {
    let mut merged = broker.log.topic_defaults().clone();
    merged.extend(overrides.iter().map(|(key, value)| (key.clone(), value.clone())));
    TopicConfig::parse(&merged).is_ok_and(|config| config.cleanup.delete)
}

/// The protocol's number of a value's type.
pub(crate) fn type_code(kind: &Kind) -> i8 {
    match kind {
        Kind::Boolean => 1,
        Kind::OneOf(_) | Kind::Text => 2,
        Kind::Int(..) => 3,
        Kind::Long(..) => 5,
        Kind::Double(..) => 6,
        Kind::ListOf { .. } => 7,
    }
}
