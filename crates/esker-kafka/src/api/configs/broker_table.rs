//! The broker's own configuration under Kafka's names, for tools that look for them. Read-only: it is changed in
//! `esker.toml`.

use std::time::Duration;

use esker_core::BrokerId;
use esker_log::topic_config::DEFINITIONS;

use super::{DEFAULT, STATIC_BROKER, type_code};
use crate::broker::Broker;

/// A value that clients cannot change.
pub(crate) struct StaticEntry {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: i8,
    pub(crate) type_code: i8,
    pub(crate) doc: &'static str,
}

const BOOLEAN: i8 = 1;
const STRING: i8 = 2;
const INT: i8 = 3;
const LONG: i8 = 5;
const LIST: i8 = 7;

/// The name that a topic's key has in a broker's configuration.
pub(crate) fn synonym(key: &'static str) -> &'static str {
    match key {
        "cleanup.policy" => "log.cleanup.policy",
        "delete.retention.ms" => "log.cleaner.delete.retention.ms",
        "file.delete.delay.ms" => "log.segment.delete.delay.ms",
        "flush.messages" => "log.flush.interval.messages",
        "flush.ms" => "log.flush.interval.ms",
        "index.interval.bytes" => "log.index.interval.bytes",
        "local.retention.bytes" => "log.local.retention.bytes",
        "local.retention.ms" => "log.local.retention.ms",
        "max.compaction.lag.ms" => "log.cleaner.max.compaction.lag.ms",
        "max.message.bytes" => "message.max.bytes",
        "message.timestamp.after.max.ms" => "log.message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms" => "log.message.timestamp.before.max.ms",
        "message.timestamp.type" => "log.message.timestamp.type",
        "min.cleanable.dirty.ratio" => "log.cleaner.min.cleanable.ratio",
        "min.compaction.lag.ms" => "log.cleaner.min.compaction.lag.ms",
        "preallocate" => "log.preallocate",
        "retention.bytes" => "log.retention.bytes",
        "retention.ms" => "log.retention.ms",
        "segment.bytes" => "log.segment.bytes",
        "segment.index.bytes" => "log.index.size.max.bytes",
        "segment.jitter.ms" => "log.roll.jitter.ms",
        "segment.ms" => "log.roll.ms",
        same => same,
    }
}

/// Every entry of this broker, by name.
pub(crate) fn broker_entries(broker: &Broker, listener: &str) -> Vec<StaticEntry> {
    let config = &broker.config;
    let BrokerId(id) = broker.cluster.this_broker();
    let entry = |name, value: String, type_code, doc| StaticEntry {
        name,
        value,
        source: STATIC_BROKER,
        type_code,
        doc,
    };
    let ms = |duration: Duration| duration.as_millis().to_string();
    let this = broker.cluster.brokers(listener).into_iter().find(|node| node.id.0 == id);
    let endpoint = this.map(|node| format!("PLAINTEXT://{}:{}", node.host, node.port)).unwrap_or_default();
    let mut entries = vec![
        entry("advertised.listeners", endpoint, STRING, "What this client is told to connect to."),
        entry(
            "auto.create.topics.enable",
            config.auto_create_topics.to_string(),
            BOOLEAN,
            "Topics are created on first use.",
        ),
        entry("broker.id", id.to_string(), INT, "The broker's id."),
        entry(
            "connections.max.idle.ms",
            ms(config.idle_timeout),
            LONG,
            "A connection without requests for this long is closed.",
        ),
        entry(
            "default.replication.factor",
            config.default_replication_factor.to_string(),
            INT,
            "For topics that do not say.",
        ),
        entry("delete.topic.enable", config.delete_topics.to_string(), BOOLEAN, "Topics may be deleted."),
        entry(
            "fetch.max.bytes",
            config.max_fetch_bytes.to_string(),
            INT,
            "Record bytes of one fetch response.",
        ),
        // Tools read a version from it to decide what the broker can do.
        entry(
            "inter.broker.protocol.version",
            "4.3-IV0".to_owned(),
            STRING,
            "The version of Kafka whose behaviour is matched.",
        ),
        entry("max.connections", config.max_connections.to_string(), INT, "Connections at a time."),
        entry(
            "max.incremental.fetch.session.cache.slots",
            config.fetch_sessions.to_string(),
            INT,
            "Fetch sessions at a time.",
        ),
        entry("node.id", id.to_string(), INT, "The broker's id."),
        entry("num.partitions", config.default_partitions.to_string(), INT, "For topics that do not say."),
        entry("process.roles", "broker".to_owned(), STRING, "Every process is a broker."),
        entry(
            "queued.max.request.bytes",
            config.request_memory.to_string(),
            LONG,
            "Request bytes in memory.",
        ),
        entry("socket.request.max.bytes", config.max_request_bytes.to_string(), INT, "The largest request."),
        entry(
            "transaction.abort.timed.out.transaction.cleanup.interval.ms",
            ms(config.transactions.abort_interval),
            INT,
            "After a transaction was aborted for its age, how long until the next one may be.",
        ),
        entry(
            "transaction.max.timeout.ms",
            ms(config.transactions.max_timeout),
            INT,
            "The longest timeout that a transactional producer may ask for.",
        ),
        entry(
            "transaction.remove.expired.transaction.cleanup.interval.ms",
            ms(config.transactions.expiration_interval),
            INT,
            "How often unused transactional ids are looked for.",
        ),
        entry(
            "transaction.state.log.num.partitions",
            config.transactions.topic_partitions.to_string(),
            INT,
            "Partitions of __transaction_state when it is created.",
        ),
        entry(
            "transactional.id.expiration.ms",
            ms(config.transactions.id_expiration),
            INT,
            "A transactional id that is not used for this long is forgotten.",
        ),
        entry("log.dirs", config.log_dir.clone(), STRING, "Where the write-ahead log is."),
    ];
    entries.extend(group_coordinator(broker));
    entries.extend(share_groups(broker));
    let defaults = broker.log.topic_defaults();
    entries.extend(DEFINITIONS.iter().map(|definition| {
        let set = defaults.get(definition.key);
        StaticEntry {
            name: synonym(definition.key),
            value: set.cloned().unwrap_or_else(|| definition.default.to_owned()),
            source: if set.is_some() { STATIC_BROKER } else { DEFAULT },
            type_code: type_code(&definition.kind),
            doc: definition.doc,
        }
    }));
    entries.sort_by_key(|entry| entry.name);
    entries
}

/// The settings of share groups.
fn share_groups(broker: &Broker) -> impl Iterator<Item = StaticEntry> {
    let config = broker.shares.config();
    let ms = |name, duration: Duration, doc| (name, duration.as_millis().to_string(), INT, doc);
    let number = |name, number: u32, doc| (name, number.to_string(), INT, doc);
    let session = "A member of a share group that does not report for this long is out.";
    let heartbeat = "How often members of a share group report.";
    let lock = "How long a record stays with a member of a share group that does not answer.";
    let deliveries = "How often a record is given out to a share group before it is given up.";
    let locks = "The most records of a partition that a share group was given and is not done with.";
    let sessions = u32::try_from(broker.config.share_sessions).unwrap_or(u32::MAX);
    let members = u32::try_from(config.max_members).unwrap_or(u32::MAX);
    let entries = [
        number("group.share.delivery.count.limit", config.max_deliveries.into(), deliveries),
        number("group.share.max.delivery.count.limit", config.max_delivery_limit.into(), deliveries),
        number("group.share.min.delivery.count.limit", config.min_delivery_limit.into(), deliveries),
        ms("group.share.heartbeat.interval.ms", config.heartbeat_interval, heartbeat),
        ms("group.share.max.heartbeat.interval.ms", config.max_heartbeat_interval, heartbeat),
        ms("group.share.min.heartbeat.interval.ms", config.min_heartbeat_interval, heartbeat),
        number("group.share.partition.max.record.locks", config.max_locks, locks),
        number("group.share.max.partition.max.record.locks", config.max_lock_limit, locks),
        number("group.share.min.partition.max.record.locks", config.min_lock_limit, locks),
        ms("group.share.record.lock.duration.ms", config.lock, lock),
        ms("group.share.max.record.lock.duration.ms", config.max_lock, lock),
        ms("group.share.min.record.lock.duration.ms", config.min_lock, lock),
        ms("group.share.session.timeout.ms", config.session_timeout, session),
        ms("group.share.max.session.timeout.ms", config.max_session_timeout, session),
        ms("group.share.min.session.timeout.ms", config.min_session_timeout, session),
        number("group.share.max.share.sessions", sessions, "Share sessions with this broker."),
        number("group.share.max.size", members, "Members of a share group."),
    ];
    entries.into_iter().map(|(name, value, type_code, doc)| StaticEntry {
        name,
        value,
        source: STATIC_BROKER,
        type_code,
        doc,
    })
}

/// The settings of the group coordinator.
fn group_coordinator(broker: &Broker) -> impl Iterator<Item = StaticEntry> {
    let config = broker.groups.config();
    let consumer = &config.consumer;
    let ms = |name, duration: Duration, doc| (name, duration.as_millis().to_string(), INT, doc);
    let session = "A member of the consumer protocol that does not report for this long is out.";
    let heartbeat = "How often members of the consumer protocol report.";
    let entries = [
        ms("group.consumer.heartbeat.interval.ms", consumer.heartbeat_interval, heartbeat),
        ms("group.consumer.max.heartbeat.interval.ms", consumer.max_heartbeat_interval, heartbeat),
        ms("group.consumer.max.session.timeout.ms", consumer.max_session_timeout, session),
        ms("group.consumer.min.heartbeat.interval.ms", consumer.min_heartbeat_interval, heartbeat),
        ms("group.consumer.min.session.timeout.ms", consumer.min_session_timeout, session),
        ms("group.consumer.session.timeout.ms", consumer.session_timeout, session),
        (
            "group.consumer.assignors",
            "uniform,range".to_owned(),
            LIST,
            "Assignors; the first is the default.",
        ),
        (
            "group.consumer.max.size",
            consumer.max_members.to_string(),
            INT,
            "Members of a group of the consumer protocol.",
        ),
        (
            "group.consumer.migration.policy",
            consumer.migration.name().to_owned(),
            STRING,
            "Which groups may change their protocol while they have members.",
        ),
        (
            "group.coordinator.rebalance.protocols",
            "classic,consumer,share".to_owned(),
            LIST,
            "The protocols of groups.",
        ),
        ms(
            "group.initial.rebalance.delay.ms",
            config.initial_rebalance_delay,
            "How long the first rebalance of a classic group waits for more members.",
        ),
        ms("group.max.session.timeout.ms", config.max_session_timeout, "For members of classic groups."),
        ("group.max.size", config.max_members.to_string(), INT, "Members of a classic group."),
        ms("group.min.session.timeout.ms", config.min_session_timeout, "For members of classic groups."),
        (
            "offsets.retention.minutes",
            (config.offsets_retention.as_secs() / 60).to_string(),
            INT,
            "How long offsets outlive their group's last member.",
        ),
        (
            "offsets.topic.num.partitions",
            config.offsets_partitions.to_string(),
            INT,
            "Partitions of __consumer_offsets when it is created.",
        ),
    ];
    entries.into_iter().map(|(name, value, type_code, doc)| StaticEntry {
        name,
        value,
        source: STATIC_BROKER,
        type_code,
        doc,
    })
}
