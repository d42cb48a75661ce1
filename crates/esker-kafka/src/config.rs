//! Settings of the Kafka front end: plain data.

use std::{sync::Arc, time::Duration};

use esker_coordinator::TransactionConfig;

use crate::KafkaMetrics;

/// What an operator may choose. Names in Kafka's configuration are given where there is one.
#[derive(Clone, Debug)]
pub struct KafkaConfig {
    /// `socket.request.max.bytes`: the largest request frame, bytes.
    pub max_request_bytes: usize,
    /// The largest frame of any API but Produce, bytes. Decoded, such a request may take 16 times its size, which
    /// counts as request memory too.
    pub max_control_request_bytes: usize,
    /// `queued.max.request.bytes`: bytes of requests, as read and as decoded, over all connections; reading
    /// stops beyond it. At least `max_request_bytes`. An eighth of it is for requests that need at most 256 KiB, as
    /// far as the rest still holds one largest request.
    pub request_memory: usize,
    /// Request bytes in memory for one connection; one frame may always be there.
    pub connection_request_memory: usize,
    /// Record bytes in fetch responses that are not yet written to their sockets, over all connections. At least
    /// one batch is fetched at a time when it is used up.
    pub response_memory: usize,
    /// Produce requests of one connection that may wait for their commit at the same time.
    pub pipelined_requests: usize,
    /// `max.connections`, over all listeners.
    pub max_connections: usize,
    /// `max.connections.per.ip`.
    pub max_connections_per_ip: usize,
    /// `connections.max.idle.ms`: a connection that sends no request for this long is closed.
    pub idle_timeout: Duration,
    /// A connection is closed when a frame it has begun to send makes no progress for this long, or arrives more
    /// slowly than [`KafkaConfig::min_receive_rate`].
    pub receive_timeout: Duration,
    /// Bytes per second that a frame must arrive with on average, once `receive_timeout` has passed.
    pub min_receive_rate: usize,
    /// While others wait for request memory, a connection is closed when a frame it has begun to send makes no
    /// progress for this long.
    pub pressed_receive_timeout: Duration,
    /// While others wait for request memory, a frame must arrive at a pace at which it is whole in this time.
    pub pressed_receive_time: Duration,
    /// A connection is closed when it takes no byte of a response for this long.
    pub send_timeout: Duration,
    /// `fetch.max.bytes`: record bytes of one fetch response.
    pub max_fetch_bytes: usize,
    /// The longest a fetch waits for data, whatever the client asks for.
    pub max_fetch_wait: Duration,
    /// `max.incremental.fetch.session.cache.slots`.
    pub fetch_sessions: usize,
    /// Partitions over all fetch sessions; bounds their memory.
    pub fetch_session_partitions: usize,
    /// `min.incremental.fetch.session.eviction.ms`: a session unused for this long makes room for a new one.
    pub fetch_session_eviction: Duration,
    /// `group.share.max.share.sessions`.
    pub share_sessions: usize,
    /// Partitions over all share sessions; bounds their memory.
    pub share_session_partitions: usize,
    /// `auto.create.topics.enable`.
    pub auto_create_topics: bool,
    /// `num.partitions`, for topics that do not say.
    pub default_partitions: u32,
    /// `default.replication.factor`, for topics that do not say.
    pub default_replication_factor: u16,
    /// Partitions that one topic may have.
    pub max_partitions_per_topic: u32,
    /// `delete.topic.enable`.
    pub delete_topics: bool,
    /// Settings of transactions, as the coordinator has them: for tools that ask.
    pub transactions: TransactionConfig,
    /// What DescribeLogDirs calls the place where records are.
    pub log_dir: String,
    /// Where what happens is counted.
    pub metrics: Arc<KafkaMetrics>,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            max_request_bytes: 100 << 20,
            max_control_request_bytes: 8 << 20,
            request_memory: 256 << 20,
            connection_request_memory: 32 << 20,
            response_memory: 256 << 20,
            pipelined_requests: 64,
            max_connections: 50_000,
            max_connections_per_ip: usize::MAX,
            idle_timeout: Duration::from_secs(600),
            receive_timeout: Duration::from_secs(30),
            min_receive_rate: 16 << 10,
            pressed_receive_timeout: Duration::from_secs(1),
            pressed_receive_time: Duration::from_secs(10),
            send_timeout: Duration::from_secs(60),
            max_fetch_bytes: 55 << 20,
            max_fetch_wait: Duration::from_secs(300),
            fetch_sessions: 1000,
            fetch_session_partitions: 2_000_000,
            fetch_session_eviction: Duration::from_secs(120),
            share_sessions: 2000,
            share_session_partitions: 2_000_000,
            auto_create_topics: true,
            default_partitions: 1,
            default_replication_factor: 1,
            max_partitions_per_topic: 100_000,
            delete_topics: true,
            transactions: TransactionConfig::default(),
            log_dir: "esker".to_owned(),
            metrics: Arc::default(),
        }
    }
}
