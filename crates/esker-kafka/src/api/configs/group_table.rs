//! The configuration of groups: what is set for one, else what the broker has for all.

use std::{collections::BTreeMap, time::Duration};

use esker_kafka_wire::ErrorCode;

use super::{DEFAULT, DYNAMIC_GROUP};
use crate::{api::refusal::Refusal, broker::Broker};

const INT: i8 = 3;
const STRING: i8 = 2;

const SESSION: &str = "consumer.session.timeout.ms";
const HEARTBEAT: &str = "consumer.heartbeat.interval.ms";

/// Those of groups that are not served yet are shown at their defaults, and cannot be changed.
const LATER: &[(&str, &str, i8, &str)] = &[
    ("share.auto.offset.reset", "latest", STRING, "Where a share group begins."),
    ("share.heartbeat.interval.ms", "5000", INT, "How often members of a share group report."),
    ("share.isolation.level", "read_uncommitted", STRING, "Which records a share group sees."),
    (
        "share.record.lock.duration.ms",
        "30000",
        INT,
        "How long a record stays with a member that does not answer.",
    ),
    ("share.session.timeout.ms", "45000", INT, "A member that does not report for this long is out."),
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

/// A key that can be set: its default and bounds are the broker's.
struct Settable {
    name: &'static str,
    default: Duration,
    least: Duration,
    most: Duration,
    doc: &'static str,
}

fn settable(broker: &Broker) -> [Settable; 2] {
    let config = &broker.groups.config().consumer;
    [
        Settable {
            name: HEARTBEAT,
            default: config.heartbeat_interval,
            least: config.min_heartbeat_interval,
            most: config.max_heartbeat_interval,
            doc: "How often members of a group of the consumer protocol report.",
        },
        Settable {
            name: SESSION,
            default: config.session_timeout,
            least: config.min_session_timeout,
            most: config.max_session_timeout,
            doc: "A member that does not report for this long is out.",
        },
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
            value: value.cloned().unwrap_or_else(|| key.default.as_millis().to_string()),
            type_code: INT,
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
    let Some(known) = settable(broker).into_iter().find(|known| known.name == key) else {
        return match LATER.iter().any(|(name, ..)| *name == key) {
            true => refuse(&format!("{key} cannot be changed yet")),
            false => refuse(&format!("Unknown group config name: {key}")),
        };
    };
    let Ok(millis) = value.trim().parse::<u32>() else {
        return refuse(&format!("Invalid value {value} for configuration {key}: Not a number of type INT"));
    };
    let (least, most) = (known.least.as_millis(), known.most.as_millis());
    if (least..=most).contains(&u128::from(millis)) {
        return Ok(());
    }
    refuse(&format!("{key} is {millis}, it must be {least} to {most} on this broker"))
}

/// Checks all that is set for a group together.
pub(crate) fn check_group_configs(
    broker: &Broker,
    configs: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let value = |name: &str, default: Duration| {
        let own = configs.get(name).and_then(|value| value.trim().parse().ok());
        own.map_or(default, Duration::from_millis)
    };
    let [heartbeat, session] = settable(broker);
    if value(HEARTBEAT, heartbeat.default) < value(SESSION, session.default) {
        return Ok(());
    }
    let why = format!("{HEARTBEAT} must be less than {SESSION}");
    Err(Refusal::new(ErrorCode::InvalidConfig, &why))
}
