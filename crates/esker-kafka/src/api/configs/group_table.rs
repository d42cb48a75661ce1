//! The configuration of groups: what is set for one, else what the broker has for all.

use std::{collections::BTreeMap, time::Duration};

use esker_coordinator::{HEEDS_ORDER, HEEDS_PRIORITY, HEEDS_TIMES, ShareConfig, ShareReset};
use esker_kafka_wire::ErrorCode;

use super::{DEFAULT, DYNAMIC_GROUP};
use crate::{api::refusal::Refusal, broker::Broker};

const BOOLEAN: i8 = 1;
const INT: i8 = 3;
const STRING: i8 = 2;

const SESSION: &str = "consumer.session.timeout.ms";
const HEARTBEAT: &str = "consumer.heartbeat.interval.ms";
const SHARE_SESSION: &str = "share.session.timeout.ms";
const SHARE_HEARTBEAT: &str = "share.heartbeat.interval.ms";

/// Those of groups that are not served yet are shown at their defaults, and cannot be changed.
const LATER: &[(&str, &str, i8, &str)] = &[
    ("streams.heartbeat.interval.ms", "5000", INT, "How often members of a streams group report."),
    ("streams.num.standby.replicas", "0", INT, "Standby copies of state stores."),
    ("streams.session.timeout.ms", "45000", INT, "A member that does not report for this long is out."),
];

/// A group's value for one key.
pub(crate) struct GroupEntry {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: i8,
    pub(crate) type_code: i8,
    pub(crate) doc: &'static str,
    /// It cannot be changed.
    pub(crate) read_only: bool,
}

/// A key that can be set.
struct Settable {
    name: &'static str,
    default: String,
    values: Values,
    doc: &'static str,
}

/// What a key may be set to.
enum Values {
    /// A number within the broker's bounds.
    Number { least: u128, most: u128 },
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Where a share group begins.
    Reset,
    /// A topic for dead letters, or nothing.
    DeadLetters,
}

impl Settable {
    fn time(name: &'static str, default: Duration, bounds: (Duration, Duration), doc: &'static str) -> Self {
        let values = Values::Number { least: bounds.0.as_millis(), most: bounds.1.as_millis() };
        Self { name, default: default.as_millis().to_string(), values, doc }
    }

    fn number(name: &'static str, default: u32, (least, most): (u32, u32), doc: &'static str) -> Self {
        let values = Values::Number { least: least.into(), most: most.into() };
        Self { name, default: default.to_string(), values, doc }
    }

    fn type_code(&self) -> i8 {
        match self.values {
            Values::Number { .. } => INT,
            Values::OneOf(&["true", "false"]) => BOOLEAN,
            Values::OneOf(_) | Values::Reset | Values::DeadLetters => STRING,
        }
    }

    fn check(&self, value: &str) -> Result<(), Refusal> {
        let (key, value) = (self.name, value.trim());
        let refuse = |why: String| Err(Refusal::new(ErrorCode::InvalidConfig, &why));
        match self.values {
            Values::Number { least, most } => match value.parse::<u32>() {
                Err(_) => {
                    refuse(format!("Invalid value {value} for configuration {key}: Not a number of type INT"))
                }
                Ok(number) if (least..=most).contains(&u128::from(number)) => Ok(()),
                Ok(number) => {
                    refuse(format!("{key} is {number}, it must be {least} to {most} on this broker"))
                }
            },
            Values::OneOf(choices) if choices.contains(&value) => Ok(()),
            Values::OneOf(choices) => refuse(format!(
                "Invalid value {value} for configuration {key}: it must be one of {}",
                choices.join(", ")
            )),
            Values::DeadLetters if value.is_empty() || value.starts_with("dlq.") => Ok(()),
            Values::DeadLetters => refuse(format!(
                "Invalid value {value} for configuration {key}: topics for dead letters begin with dlq."
            )),
            Values::Reset if ShareReset::parse(value).is_some() => Ok(()),
            Values::Reset => refuse(format!(
                "Invalid value {value} for configuration {key}: it must be earliest, latest or by_duration: with an \
                 ISO 8601 duration"
            )),
        }
    }
}

fn settable(broker: &Broker) -> Vec<Settable> {
    let config = &broker.groups.config().consumer;
    let mut all = vec![
        Settable::time(
            HEARTBEAT,
            config.heartbeat_interval,
            (config.min_heartbeat_interval, config.max_heartbeat_interval),
            "How often members of a group of the consumer protocol report.",
        ),
        Settable::time(
            SESSION,
            config.session_timeout,
            (config.min_session_timeout, config.max_session_timeout),
            "A member that does not report for this long is out.",
        ),
    ];
    all.extend(of_share_groups(broker.shares.config()));
    all
}

fn of_share_groups(config: &ShareConfig) -> [Settable; 13] {
    [
        Settable {
            name: "errors.deadletterqueue.copy.record.enable",
            default: "false".to_owned(),
            values: Values::OneOf(&["true", "false"]),
            doc: "Whether dead letters are copies of their records, beside the headers that name them.",
        },
        Settable {
            name: "errors.deadletterqueue.topic.name",
            default: String::new(),
            values: Values::DeadLetters,
            doc: "The topic of a share group's dead letters; empty for none.",
        },
        Settable {
            name: HEEDS_ORDER,
            default: "false".to_owned(),
            values: Values::OneOf(&["true", "false"]),
            doc: "Whether a share group gets records of a key one after another.",
        },
        Settable {
            name: HEEDS_PRIORITY,
            default: "false".to_owned(),
            values: Values::OneOf(&["true", "false"]),
            doc: "Whether records with a higher esker.priority are given out first.",
        },
        Settable {
            name: HEEDS_TIMES,
            default: "false".to_owned(),
            values: Values::OneOf(&["true", "false"]),
            doc: "Whether esker.deliver-at and esker.expires-at of records count.",
        },
        Settable {
            name: "share.auto.offset.reset",
            default: "latest".to_owned(),
            values: Values::Reset,
            doc: "Where a share group begins: earliest, latest, or by_duration: with an ISO 8601 duration.",
        },
        Settable::number(
            "share.delivery.count.limit",
            config.max_deliveries.into(),
            (config.min_delivery_limit.into(), config.max_delivery_limit.into()),
            "How often a record is given out before it is given up.",
        ),
        Settable::time(
            SHARE_HEARTBEAT,
            config.heartbeat_interval,
            (config.min_heartbeat_interval, config.max_heartbeat_interval),
            "How often members of a share group report.",
        ),
        Settable {
            name: "share.isolation.level",
            default: "read_uncommitted".to_owned(),
            values: Values::OneOf(&["read_uncommitted", "read_committed"]),
            doc: "Which records a share group sees.",
        },
        Settable::number(
            "share.partition.max.record.locks",
            config.max_locks,
            (config.min_lock_limit, config.max_lock_limit),
            "The most records of a partition that are given out and not done with.",
        ),
        Settable::time(
            "share.record.lock.duration.ms",
            config.lock,
            (config.min_lock, config.max_lock),
            "How long a record stays with a member that does not answer.",
        ),
        Settable {
            name: "share.renew.acknowledge.enable",
            default: "true".to_owned(),
            values: Values::OneOf(&["true", "false"]),
            doc: "Whether members may ask for more time.",
        },
        Settable::time(
            SHARE_SESSION,
            config.session_timeout,
            (config.min_session_timeout, config.max_session_timeout),
            "A member that does not report for this long is out.",
        ),
    ]
}

/// Every entry of a group, by name.
pub(crate) fn group_entries(broker: &Broker, group: &str) -> Vec<GroupEntry> {
    let own = broker.group_configs.of(group).map(|configs| configs.record).unwrap_or_default();
    let set = settable(broker).into_iter().map(|key| {
        let value = own.get(key.name);
        GroupEntry {
            name: key.name,
            source: if value.is_some() { DYNAMIC_GROUP } else { DEFAULT },
            type_code: key.type_code(),
            value: value.cloned().unwrap_or(key.default),
            doc: key.doc,
            read_only: false,
        }
    });
    let later = LATER.iter().map(|&(name, value, type_code, doc)| GroupEntry {
        name,
        value: value.to_owned(),
        source: DEFAULT,
        type_code,
        doc,
        read_only: true,
    });
    set.chain(later).collect()
}

/// Checks one key and value of a group.
pub(crate) fn check_group_config(broker: &Broker, key: &str, value: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(Refusal::new(ErrorCode::InvalidConfig, why));
    match settable(broker).into_iter().find(|known| known.name == key) {
        Some(known) => known.check(value),
        None if LATER.iter().any(|(name, ..)| *name == key) => {
            refuse(&format!("{key} cannot be changed yet"))
        }
        None => refuse(&format!("Unknown group config name: {key}")),
    }
}

/// Checks all that is set for a group together.
pub(crate) fn check_group_configs(
    broker: &Broker,
    configs: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let known = settable(broker);
    let value = |name: &str| -> u64 {
        let default = known.iter().find(|key| key.name == name).map_or("0", |key| key.default.as_str());
        // Both are numbers: what is set was checked.
        configs.get(name).map_or(default, |value| value.trim()).parse().unwrap_or(0)
    };
    for (heartbeat, session) in [(HEARTBEAT, SESSION), (SHARE_HEARTBEAT, SHARE_SESSION)] {
        if value(heartbeat) >= value(session) {
            let why = format!("{heartbeat} must be less than {session}");
            return Err(Refusal::new(ErrorCode::InvalidConfig, &why));
        }
    }
    Ok(())
}
