//! Every setting of a broker: plain data with defaults. The documentation page is `docs/configuration.md`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Settings that derive from one table must be present in its default, so that unknown keys can be told.
macro_rules! section {
    ($(#[doc = $doc:literal])*
     $name:ident { $($(#[doc = $field_doc:literal])* $field:ident: $kind:ty = $default:expr,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            $($(#[doc = $field_doc])* pub(crate) $field: $kind,)*
        }

        #[cfg(test)]
        impl $name {
            /// What the section and its settings are about, for the documentation page.
            pub(crate) const ABOUT: (&[&str], &[(&str, &[&str])]) =
                (&[$($doc),*], &[$((stringify!($field), &[$($field_doc),*])),*]);
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

section! {
    /// Who this broker is and where it keeps its files.
    Node {
        /// The broker's id, 0 or more, unique in the cluster.
        id: i32 = 1,
        /// Holds `store`, `cache`, and with the embedded defaults `objects` and `meta`.
        data_dir: PathBuf = PathBuf::from(".dev"),
        /// Shards of the cluster; counts only when the cluster is created.
        shards: u32 = 8,
        /// The failure domain of this broker, a zone or a rack; empty for none. Copies go to different ones.
        rack: String = String::new(),
    }
}

section! {
    /// Copies of what is not in the object store yet.
    Replication {
        /// Stores that hold each record before it is offloaded, 1 to 7; 0 for 3 with etcd and 1 with embedded metadata.
        factor: u8 = 0,
        /// Stores that hold a record before it is acknowledged, at most `factor`; 0 for the majority of `factor`.
        write_quorum: u8 = 0,
        /// How long a broker's session outlives its last sign of life, milliseconds. Then others take over.
        session_ttl_ms: u64 = 3_000,
    }
}

impl Replication {
    /// R and W. `embedded`: the metadata is this broker's own, so there are no others.
    pub(crate) fn copies(&self, embedded: bool) -> (u8, u8) {
        let factor = match (self.factor, embedded) {
            (0, true) => 1,
            (0, false) => 3,
            (factor, _) => factor,
        };
        (factor, if self.write_quorum == 0 { factor / 2 + 1 } else { self.write_quorum })
    }
}

section! {
    /// Addresses.
    Listeners {
        /// The Kafka protocol.
        kafka: String = "127.0.0.1:9092".to_owned(),
        /// The address that Kafka clients are told; empty for the one above.
        kafka_advertised: String = String::new(),
        /// Other brokers: copies of the log, moves. Not for clients; keep it inside the cluster's network.
        grpc: String = "127.0.0.1:9094".to_owned(),
        /// The address that other brokers are told; empty for the one above.
        grpc_advertised: String = String::new(),
        /// The native API over gRPC, for clients; empty for none.
        api: String = "127.0.0.1:9095".to_owned(),
        /// `/livez`, `/readyz`, `/metrics`, `/admin/flush`.
        http: String = "127.0.0.1:9096".to_owned(),
    }
}

section! {
    /// The metadata store.
    MetaSettings {
        /// `embedded`: a database in `data_dir/meta`. Or `etcd://host:port,host:port/cluster`, `etcds://` with TLS.
        url: String = "embedded".to_owned(),
        /// Who signed etcd's certificate, a PEM file; empty for the system's authorities.
        tls_ca: PathBuf = PathBuf::new(),
        /// This broker's certificate for etcd, a PEM file; empty for none.
        tls_cert: PathBuf = PathBuf::new(),
        /// Its key, a PEM file.
        tls_key: PathBuf = PathBuf::new(),
        /// The user of etcd; empty for none.
        user: String = String::new(),
        /// The user's password.
        password: String = String::new(),
        /// The longest that a call to etcd takes, milliseconds; one of its members gets a third of it.
        request_timeout_ms: u64 = 3_000,
    }
}

impl MetaSettings {
    /// Whether the metadata is in the data directory.
    pub(crate) fn is_embedded(&self) -> bool {
        self.url == "embedded"
    }
}

section! {
    /// Where sealed data goes.
    ObjectStore {
        /// `file:///path`, `s3://bucket/prefix`, `gs://...`, `az://...`, `memory://`; empty for `data_dir/objects`.
        url: String = String::new(),
        /// An S3 endpoint other than Amazon's; plain http if it says so.
        endpoint: String = String::new(),
        /// The region of the bucket.
        region: String = "us-east-1".to_owned(),
        /// Static credentials; empty to use the platform's.
        access_key_id: String = String::new(),
        /// Static credentials; empty to use the platform's.
        secret_access_key: String = String::new(),
        /// Do not sign bodies (the request itself stays signed).
        unsigned_payload: bool = false,
    }
}

section! {
    /// The broker's own log lines.
    Logging {
        /// A `tracing` filter: `info`, or `info,esker_wal=debug`.
        level: String = "info".to_owned(),
        /// `text` or `json`.
        format: String = "text".to_owned(),
    }
}

section! {
    /// Traces of requests and of what they wait for, sent to an OpenTelemetry collector.
    Traces {
        /// Where to, OTLP over gRPC: `http://collector:4317`; empty for nowhere. `https` counts the system's certificates.
        otlp_endpoint: String = String::new(),
        /// The share of requests that are traced, 0.0 to 1.0.
        sample_ratio: f64 = 0.01,
        /// What counts as a span: a `tracing` filter.
        level: String = "esker=info".to_owned(),
        /// `service.name` of the traces. `OTEL_RESOURCE_ATTRIBUTES` adds to it.
        service_name: String = "esker".to_owned(),
        /// How long a batch of spans may take to be sent, milliseconds. What cannot be sent is dropped.
        timeout_ms: u64 = 10_000,
    }
}

section! {
    /// What `/metrics` shows, see [metrics.md](metrics.md).
    MetricsSettings {
        /// Offsets and bytes of every partition too. A page of 10,000 partitions is 2.8 MB then.
        per_partition: bool = false,
        /// Topics with figures of their own; the others add up under one name. Also pairs of a group and a topic. At most 100000.
        topics: u32 = 1_000,
    }
}

section! {
    /// The write-ahead log.
    Wal {
        /// Space that it may take, bytes. Producers slow down from 80 % on and are refused from 95 % on.
        max_bytes: u64 = 8 << 30,
        /// Size of a log file, bytes; at least 8 MiB. A batch of records has to fit into it with 1 MiB to spare.
        file_bytes: u64 = 128 << 20,
    }
}

section! {
    /// Offload to the object store, and reading back.
    ArchiveSettings {
        /// A shard is flushed at this many bytes.
        flush_bytes: u64 = 32 << 20,
        /// A shard is flushed when its oldest unflushed batch is this old, milliseconds.
        flush_interval_ms: u64 = 300_000,
        /// How long the log keeps what an object has, milliseconds.
        trim_delay_ms: u64 = 60_000,
        /// How long an object that nothing refers to is kept, milliseconds.
        delete_grace_ms: u64 = 86_400_000,
        /// How often a shard's objects are listed to find those that were uploaded and never committed, milliseconds.
        orphan_interval_ms: u64 = 21_600_000,
        /// Blocks read from objects, kept in memory, bytes; half of them for blocks read ahead of sequential readers.
        cache_memory_bytes: u64 = 128 << 20,
        /// Blocks read from objects, kept in `data_dir/cache`, bytes; 0 for none.
        cache_disk_bytes: u64 = 1 << 30,
        /// Reads of the object store at the same time.
        read_concurrency: u32 = 16,
    }
}

section! {
    /// What clients may take.
    Limits {
        /// Recently committed data kept in memory for consumers that keep up, bytes.
        tail_bytes: u64 = 16 << 20,
        /// Requests of one connection that are not answered yet, bytes.
        request_bytes_per_connection: u64 = 104_857_600,
        /// Requests of all connections that are not answered yet, bytes; never less than `socket_request_max_bytes`.
        request_bytes_total: u64 = 128 << 20,
        /// The largest request, bytes.
        socket_request_max_bytes: u32 = 104_857_600,
        /// Responses of all connections that are not written yet, bytes.
        response_bytes_total: u64 = 256 << 20,
        /// Members, assignments and committed offsets of the consumer groups that this broker coordinates, bytes.
        group_bytes_total: u64 = 512 << 20,
        /// What share groups are done with, in the partitions that this broker leads, bytes.
        share_bytes_total: u64 = 512 << 20,
        /// Transactional ids that this broker coordinates, and the partitions in their transactions, bytes.
        transaction_bytes_total: u64 = 256 << 20,
        /// The largest message that a client of the native API may send, bytes.
        api_message_bytes: u32 = 4 << 20,
        /// Requests of the native API that are not answered yet, bytes; never less than `api_message_bytes`.
        api_request_bytes_total: u64 = 128 << 20,
        /// What was read for clients of the native API and is not on its way to them, bytes.
        api_stream_bytes_total: u64 = 256 << 20,
        /// Requests of clients of the native API that wait for their replies.
        api_waiting_requests: u32 = 10_000,
        /// Ids of queues' messages, in the partitions that this broker leads, bytes; about 144 for each within its queue's window.
        deduplication_bytes_total: u64 = 64 << 20,
        /// Connections of Kafka clients.
        max_connections: u32 = 20_000,
        /// A connection that says nothing for this long is closed, milliseconds.
        idle_connection_ms: u64 = 600_000,
    }
}

section! {
    /// Broker-wide settings of Kafka, by Kafka's names with `_` for `.`.
    Kafka {
        /// Partitions of a topic that is created without saying how many.
        num_partitions: u32 = 1,
        /// Replication factor of a topic that is created without saying which.
        default_replication_factor: u16 = 1,
        /// Whether asking for an unknown topic creates it.
        auto_create_topics_enable: bool = true,
        /// Whether topics can be deleted.
        delete_topic_enable: bool = true,
        /// Default of `max.message.bytes`.
        message_max_bytes: u32 = 1_048_588,
        /// Partitions of `__consumer_offsets`; counts only when it is created.
        offsets_topic_num_partitions: u32 = 50,
        /// How long the first rebalance of an empty group waits for more members, milliseconds.
        group_initial_rebalance_delay_ms: u32 = 3_000,
        /// Shortest session timeout that a member may ask for, milliseconds.
        group_min_session_timeout_ms: u32 = 6_000,
        /// Longest session timeout that a member may ask for, milliseconds.
        group_max_session_timeout_ms: u32 = 1_800_000,
        /// Consumer protocol: without a heartbeat for this long a member is out, milliseconds.
        group_consumer_session_timeout_ms: u32 = 45_000,
        /// Consumer protocol: shortest session timeout that a single group may be given, milliseconds.
        group_consumer_min_session_timeout_ms: u32 = 45_000,
        /// Consumer protocol: longest session timeout that a single group may be given, milliseconds.
        group_consumer_max_session_timeout_ms: u32 = 60_000,
        /// Consumer protocol: how often members are told to send heartbeats, milliseconds.
        group_consumer_heartbeat_interval_ms: u32 = 5_000,
        /// Consumer protocol: shortest heartbeat interval that a single group may be given, milliseconds.
        group_consumer_min_heartbeat_interval_ms: u32 = 5_000,
        /// Consumer protocol: longest heartbeat interval that a single group may be given, milliseconds.
        group_consumer_max_heartbeat_interval_ms: u32 = 15_000,
        /// Consumer protocol: the most members of a group.
        group_consumer_max_size: u32 = 2_147_483_647,
        /// Which groups may change their protocol while they have members: `bidirectional`, `upgrade`, `downgrade`, `disabled`.
        group_consumer_migration_policy: String = "bidirectional".to_owned(),
        /// Share groups: how long a record stays with a member that does not answer, milliseconds.
        group_share_record_lock_duration_ms: u32 = 30_000,
        /// Share groups: shortest lock that a single group may be given, milliseconds.
        group_share_min_record_lock_duration_ms: u32 = 15_000,
        /// Share groups: longest lock that a single group may be given, milliseconds.
        group_share_max_record_lock_duration_ms: u32 = 60_000,
        /// Share groups: how often a record is given out before it is given up.
        group_share_delivery_count_limit: u16 = 5,
        /// Share groups: the most records of a partition that are given out and not done with.
        group_share_partition_max_record_locks: u32 = 2_000,
        /// Share groups: without a heartbeat for this long a member is out, milliseconds.
        group_share_session_timeout_ms: u32 = 45_000,
        /// Share groups: shortest session timeout that a single group may be given, milliseconds.
        group_share_min_session_timeout_ms: u32 = 45_000,
        /// Share groups: longest session timeout that a single group may be given, milliseconds.
        group_share_max_session_timeout_ms: u32 = 60_000,
        /// Share groups: how often members are told to send heartbeats, milliseconds.
        group_share_heartbeat_interval_ms: u32 = 5_000,
        /// Share groups: shortest heartbeat interval that a single group may be given, milliseconds.
        group_share_min_heartbeat_interval_ms: u32 = 5_000,
        /// Share groups: longest heartbeat interval that a single group may be given, milliseconds.
        group_share_max_heartbeat_interval_ms: u32 = 15_000,
        /// Share groups: the most members of a group.
        group_share_max_size: u32 = 200,
        /// Share groups: the most sessions of members with one broker.
        group_share_max_share_sessions: u32 = 2_000,
        /// How long offsets of an empty group are kept, minutes.
        offsets_retention_minutes: u32 = 10_080,
        /// Partitions of `__transaction_state`; counts only when it is created.
        transaction_state_log_num_partitions: u32 = 50,
        /// Longest timeout that a transactional producer may ask for, milliseconds.
        transaction_max_timeout_ms: u32 = 900_000,
        /// How long a transactional id that is not used is remembered, milliseconds.
        transactional_id_expiration_ms: u64 = 604_800_000,
        /// After a transaction was aborted for its age, how long until the next one may be, milliseconds.
        transaction_abort_timed_out_transaction_cleanup_interval_ms: u32 = 10_000,
        /// How often unused transactional ids are looked for, milliseconds.
        transaction_remove_expired_transaction_cleanup_interval_ms: u32 = 3_600_000,
        /// How long an idempotent producer that writes nothing is remembered, milliseconds.
        producer_id_expiration_ms: u64 = 86_400_000,
        /// Default of `retention.ms`.
        log_retention_ms: i64 = 604_800_000,
        /// How often retention runs, milliseconds.
        log_retention_check_interval_ms: u64 = 300_000,
    }
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) node: Node,
    pub(crate) listeners: Listeners,
    pub(crate) meta: MetaSettings,
    pub(crate) object_store: ObjectStore,
    pub(crate) log: Logging,
    pub(crate) traces: Traces,
    pub(crate) metrics: MetricsSettings,
    pub(crate) wal: Wal,
    pub(crate) replication: Replication,
    pub(crate) archive: ArchiveSettings,
    pub(crate) limits: Limits,
    pub(crate) kafka: Kafka,
    /// Broker-wide defaults of topic configs, by topic config key.
    pub(crate) topic_defaults: BTreeMap<String, String>,
}

impl Config {
    /// The object store's URL with the default filled in.
    pub(crate) fn object_store_url(&self) -> String {
        if self.object_store.url.is_empty() {
            let path = std::path::absolute(self.node.data_dir.join("objects"))
                .unwrap_or_else(|_| self.node.data_dir.join("objects"));
            return format!("file://{}", path.display());
        }
        self.object_store.url.clone()
    }

    /// The topic config defaults: Kafka's broker-wide names first, then whatever `[topic_defaults]` says.
    pub(crate) fn topic_defaults(&self) -> BTreeMap<String, String> {
        let mut defaults = BTreeMap::from([
            ("retention.ms".to_owned(), self.kafka.log_retention_ms.to_string()),
            ("max.message.bytes".to_owned(), self.kafka.message_max_bytes.to_string()),
        ]);
        defaults.extend(self.topic_defaults.clone());
        defaults
    }
}
