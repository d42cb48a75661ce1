//! The configuration of groups, at its defaults: changing it comes with the group protocols that use it.

use super::{DEFAULT, StaticEntry};

const INT: i8 = 3;
const STRING: i8 = 2;

const ENTRIES: &[(&str, &str, i8, &str)] = &[
    (
        "consumer.heartbeat.interval.ms",
        "5000",
        INT,
        "How often members of a group of the consumer protocol report.",
    ),
    ("consumer.session.timeout.ms", "45000", INT, "A member that does not report for this long is out."),
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

/// Every entry, by name.
pub(crate) fn group_entries() -> Vec<StaticEntry> {
    let entry = |&(name, value, type_code, doc): &(&'static str, &str, i8, &'static str)| StaticEntry {
        name,
        value: value.to_owned(),
        source: DEFAULT,
        type_code,
        doc,
    };
    ENTRIES.iter().map(entry).collect()
}
