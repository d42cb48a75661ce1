//! The table of topic configuration keys, sorted by name.

use super::Kind;

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Definition {
    /// The key.
    pub key: &'static str,
    /// Its type and range.
    pub kind: Kind,
    /// The value of a topic that does not set it, unless the broker's configuration has another default.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// For how long the ids of a queue's messages count.
pub const DEDUPLICATION_WINDOW: &str = "esker.deduplication.window.ms";

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX;

const fn key(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Definition {
    Definition { key, kind, default, doc }
}

/// The definition of a key.
#[must_use]
pub fn definition(key: &str) -> Option<&'static Definition> {
    DEFINITIONS.binary_search_by(|definition| definition.key.cmp(key)).ok().map(|at| &DEFINITIONS[at])
}

/// Every key a topic may set, sorted.
pub const DEFINITIONS: &[Definition] = &[
    key(
        "cleanup.policy",
        Kind::ListOf { words: &["compact", "delete"], empty: true },
        "delete",
        "How old records go: 'delete' by retention, 'compact' by key, or both.",
    ),
    key("compression.gzip.level", Kind::Int(-1, 9), "-1", "Kept for tools; batches are stored as produced."),
    key("compression.lz4.level", Kind::Int(1, 17), "9", "Kept for tools; batches are stored as produced."),
    key(
        "compression.type",
        Kind::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        "producer",
        "Kept for tools; batches are always stored as the producer compressed them.",
    ),
    key(
        "compression.zstd.level",
        Kind::Int(-131_072, 22),
        "3",
        "Kept for tools; batches are stored as produced.",
    ),
    key(
        "delete.retention.ms",
        Kind::Long(0, LONG),
        "86400000",
        "How long a tombstone of a compacted topic is kept, milliseconds.",
    ),
    key(
        "errors.deadletterqueue.group.enable",
        Kind::Boolean,
        "false",
        "Whether share groups may write their dead letters here.",
    ),
    key(
        DEDUPLICATION_WINDOW,
        Kind::Long(0, 86_400_000),
        "0",
        "For how long a message's deduplication id counts when it is published by the queue API, milliseconds; 0 for none.",
    ),
    key(
        "esker.mode",
        Kind::OneOf(&["fsync", "received", "throughput"]),
        "fsync",
        "When an append is acknowledged: 'fsync' after fdatasync on the write quorum, 'received' once the quorum's operating \
         systems have it, 'throughput' after fdatasync with frames that wait up to 5 ms or 1 MiB.",
    ),
    key(
        "file.delete.delay.ms",
        Kind::Long(0, LONG),
        "60000",
        "Kept for tools; objects are deleted after their grace period.",
    ),
    key("flush.messages", Kind::Long(1, LONG), "9223372036854775807", "Kept for tools; see esker.mode."),
    key("flush.ms", Kind::Long(0, LONG), "9223372036854775807", "Kept for tools; see esker.mode."),
    key("follower.replication.throttled.replicas", Kind::Text, "", "Kept for tools; there are no followers."),
    key("index.interval.bytes", Kind::Int(0, INT), "4096", "Kept for tools."),
    key("leader.replication.throttled.replicas", Kind::Text, "", "Kept for tools; there are no followers."),
    key(
        "local.retention.bytes",
        Kind::Long(-2, LONG),
        "-2",
        "Kept for tools; the log is trimmed as soon as objects hold it.",
    ),
    key(
        "local.retention.ms",
        Kind::Long(-2, LONG),
        "-2",
        "Kept for tools; the log is trimmed as soon as objects hold it.",
    ),
    key(
        "max.compaction.lag.ms",
        Kind::Long(1, LONG),
        "9223372036854775807",
        "The longest a record of a compacted topic stays uncompacted, milliseconds.",
    ),
    key(
        "max.message.bytes",
        Kind::Int(0, INT),
        "1048588",
        "The largest record batch, bytes after compression.",
    ),
    key(
        "message.timestamp.after.max.ms",
        Kind::Long(0, LONG),
        "3600000",
        "How far a record's timestamp may be ahead of the broker's clock, milliseconds.",
    ),
    key(
        "message.timestamp.before.max.ms",
        Kind::Long(0, LONG),
        "9223372036854775807",
        "How far a record's timestamp may be behind the broker's clock, milliseconds.",
    ),
    key(
        "message.timestamp.type",
        Kind::OneOf(&["CreateTime", "LogAppendTime"]),
        "CreateTime",
        "Whether a record's timestamp is the producer's or the broker's.",
    ),
    key("min.cleanable.dirty.ratio", Kind::Double(0.0, 1.0), "0.5", "Kept for tools."),
    key(
        "min.compaction.lag.ms",
        Kind::Long(0, LONG),
        "0",
        "The shortest a record of a compacted topic stays uncompacted, milliseconds.",
    ),
    key(
        "min.insync.replicas",
        Kind::Int(1, INT),
        "1",
        "Stores that must hold a batch before acks=all is answered; never less than the write quorum.",
    ),
    key("preallocate", Kind::Boolean, "false", "Kept for tools; log files are always preallocated."),
    key(
        "remote.log.copy.disable",
        Kind::Boolean,
        "false",
        "Kept for tools; sealed data always goes to the object store.",
    ),
    key("remote.log.delete.on.disable", Kind::Boolean, "false", "Kept for tools."),
    key(
        "remote.storage.enable",
        Kind::Boolean,
        "false",
        "Kept for tools; sealed data always goes to the object store.",
    ),
    key("retention.bytes", Kind::Long(-1, LONG), "-1", "The most a partition keeps, bytes; -1 for no limit."),
    key(
        "retention.ms",
        Kind::Long(-1, LONG),
        "604800000",
        "How long records are kept, milliseconds; -1 for no limit.",
    ),
    key("segment.bytes", Kind::Int(1_048_576, INT), "1073741824", "Kept for tools; see the object format."),
    key("segment.index.bytes", Kind::Int(4, INT), "10485760", "Kept for tools."),
    key("segment.jitter.ms", Kind::Long(0, LONG), "0", "Kept for tools."),
    key("segment.ms", Kind::Long(1, LONG), "604800000", "Kept for tools; see the object format."),
    key(
        "unclean.leader.election.enable",
        Kind::Boolean,
        "false",
        "Kept for tools; nothing is ever truncated.",
    ),
];
