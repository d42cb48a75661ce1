//! From the configuration to the settings of each part.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_archive::{ArchiveConfig, CacheConfig, CacheKind, DiskCacheConfig, RequestConfig};
use esker_control::Replication;
use esker_coordinator::{ConsumerConfig, GroupConfig, MigrationPolicy, ShareConfig, TransactionConfig};
use esker_core::BrokerId;
use esker_env::RealDisk;
use esker_grpc::GrpcConfig;
use esker_kafka::KafkaConfig;
use esker_log::LogConfig;
use esker_node::NodeConfig;
use esker_wal::StoreConfig;
use object_store::ObjectStore;

use crate::config::{Config, ConfigError};

/// R and W.
pub(crate) fn replication(settings: &crate::config::ReplicationSettings, embedded: bool) -> Replication {
    let (factor, write_quorum) = settings.copies(embedded);
    Replication { factor: factor.into(), write_quorum: write_quorum.into() }
}

/// The configurations of `esker dev`'s brokers, made out of the first one's: they share the metadata and the objects.
pub(crate) fn dev_cluster(first: &Config, brokers: u8) -> Result<Vec<Config>, ConfigError> {
    if brokers == 1 {
        return Ok(vec![first.clone()]);
    }
    let shift = |name: &str, address: &str, by: u16| {
        let (host, port) = advertised(name, address, "")?;
        let port = port.checked_add(by).filter(|_| port > 0);
        let bad = || ConfigError::Meaning(format!("listeners.{name}: no port {by} higher than {address:?}"));
        Ok::<_, ConfigError>(format!("{host}:{}", port.ok_or_else(bad)?))
    };
    let mut configs = Vec::new();
    for number in 0..brokers {
        let mut config = first.clone();
        let by = u16::from(number) * 10;
        config.node.id += i32::from(number);
        config.object_store.url = first.object_store_url();
        config.node.data_dir = first.node.data_dir.join(format!("broker-{}", config.node.id));
        config.listeners.kafka = shift("kafka", &first.listeners.kafka, by)?;
        config.listeners.grpc = shift("grpc", &first.listeners.grpc, by)?;
        config.listeners.http = shift("http", &first.listeners.http, by)?;
        if !first.listeners.api.is_empty() {
            config.listeners.api = shift("api", &first.listeners.api, by)?;
        }
        if config.replication.factor == 0 {
            config.replication.factor = brokers.min(3);
        }
        configs.push(config);
    }
    Ok(configs)
}

/// Connections and log files need descriptors; the soft limit is often 1024.
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, current = ?limit.current, "cannot raise the limit of open files");
    }
}

/// The node's settings.
pub(crate) fn node(config: &Config, object_prefix: String, accept_lost_stores: bool) -> NodeConfig {
    let millis = Duration::from_millis;
    let archive = &config.archive;
    let disk = (archive.cache_disk_bytes > 0).then(|| DiskCacheConfig {
        dir: config.node.data_dir.join("cache"),
        bytes: archive.cache_disk_bytes as usize,
    });
    NodeConfig {
        broker: BrokerId(config.node.id),
        endpoints: Vec::new(),
        rack: Some(config.node.rack.clone()).filter(|rack| !rack.is_empty()),
        shards: config.node.shards,
        object_prefix,
        store: StoreConfig {
            max_bytes: config.wal.max_bytes,
            file_size: config.wal.file_bytes as u32,
            boot_id: RealDisk::boot_id(),
            ..StoreConfig::default()
        },
        archive: ArchiveConfig {
            requests: RequestConfig {
                concurrent_reads: archive.read_concurrency as usize,
                ..RequestConfig::default()
            },
            cache: CacheConfig {
                kind: CacheKind::Foyer { disk },
                memory_bytes: archive.cache_memory_bytes as usize,
                ..CacheConfig::default()
            },
            garbage_grace: millis(archive.delete_grace_ms),
            // An upload that took longer than this is not committed: its object might be taken for an orphan.
            max_commit_age: millis(archive.delete_grace_ms / 2).min(Duration::from_secs(3600)),
            ..ArchiveConfig::default()
        },
        log: LogConfig {
            topic_defaults: config.topic_defaults(),
            tail_bytes: config.limits.tail_bytes as usize,
            flush_bytes: archive.flush_bytes,
            flush_age: millis(archive.flush_interval_ms),
            trim_delay: millis(archive.trim_delay_ms),
            orphan_interval: millis(archive.orphan_interval_ms),
            retention_interval: millis(config.kafka.log_retention_check_interval_ms),
            producer_expiration: millis(config.kafka.producer_id_expiration_ms),
            counted_topics: config.metrics.topics as usize,
            ..LogConfig::default()
        },
        session_ttl: millis(config.replication.session_ttl_ms),
        accept_lost_stores,
    }
}

/// The front end's settings.
pub(crate) fn kafka(config: &Config) -> KafkaConfig {
    let (limits, kafka) = (&config.limits, &config.kafka);
    KafkaConfig {
        max_request_bytes: limits.socket_request_max_bytes as usize,
        request_memory: (limits.request_bytes_total as usize).max(limits.socket_request_max_bytes as usize),
        response_memory: limits.response_bytes_total as usize,
        connection_request_memory: limits.request_bytes_per_connection as usize,
        max_connections: limits.max_connections as usize,
        idle_timeout: Duration::from_millis(limits.idle_connection_ms),
        auto_create_topics: kafka.auto_create_topics_enable,
        default_partitions: kafka.num_partitions,
        default_replication_factor: kafka.default_replication_factor,
        delete_topics: kafka.delete_topic_enable,
        share_sessions: kafka.group_share_max_share_sessions as usize,
        transactions: transactions(config),
        ..KafkaConfig::default()
    }
}

/// The native API's settings.
pub(crate) fn grpc(config: &Config) -> GrpcConfig {
    let limits = &config.limits;
    GrpcConfig {
        message_bytes: limits.api_message_bytes as usize,
        request_memory: (limits.api_request_bytes_total as usize).max(limits.api_message_bytes as usize),
        stream_memory: limits.api_stream_bytes_total as usize,
        waiting_requests: limits.api_waiting_requests as usize,
    }
}

/// The group coordinator's settings.
pub(crate) fn groups(config: &Config) -> GroupConfig {
    let kafka = &config.kafka;
    let millis = |millis: u32| Duration::from_millis(u64::from(millis));
    GroupConfig {
        offsets_partitions: kafka.offsets_topic_num_partitions,
        min_session_timeout: millis(kafka.group_min_session_timeout_ms),
        max_session_timeout: millis(kafka.group_max_session_timeout_ms),
        initial_rebalance_delay: millis(kafka.group_initial_rebalance_delay_ms),
        offsets_retention: Duration::from_secs(u64::from(kafka.offsets_retention_minutes) * 60),
        max_state: config.limits.group_bytes_total as usize,
        consumer: ConsumerConfig {
            session_timeout: millis(kafka.group_consumer_session_timeout_ms),
            min_session_timeout: millis(kafka.group_consumer_min_session_timeout_ms),
            max_session_timeout: millis(kafka.group_consumer_max_session_timeout_ms),
            heartbeat_interval: millis(kafka.group_consumer_heartbeat_interval_ms),
            min_heartbeat_interval: millis(kafka.group_consumer_min_heartbeat_interval_ms),
            max_heartbeat_interval: millis(kafka.group_consumer_max_heartbeat_interval_ms),
            max_members: kafka.group_consumer_max_size as usize,
            // Checked with the configuration.
            migration: MigrationPolicy::named(&kafka.group_consumer_migration_policy).unwrap_or_default(),
        },
        share: shares(config),
        ..GroupConfig::default()
    }
}

/// The settings of share groups.
pub(crate) fn shares(config: &Config) -> ShareConfig {
    let kafka = &config.kafka;
    let millis = |millis: u32| Duration::from_millis(u64::from(millis));
    ShareConfig {
        lock: millis(kafka.group_share_record_lock_duration_ms),
        min_lock: millis(kafka.group_share_min_record_lock_duration_ms),
        max_lock: millis(kafka.group_share_max_record_lock_duration_ms),
        max_deliveries: kafka.group_share_delivery_count_limit,
        max_locks: kafka.group_share_partition_max_record_locks,
        session_timeout: millis(kafka.group_share_session_timeout_ms),
        min_session_timeout: millis(kafka.group_share_min_session_timeout_ms),
        max_session_timeout: millis(kafka.group_share_max_session_timeout_ms),
        heartbeat_interval: millis(kafka.group_share_heartbeat_interval_ms),
        min_heartbeat_interval: millis(kafka.group_share_min_heartbeat_interval_ms),
        max_heartbeat_interval: millis(kafka.group_share_max_heartbeat_interval_ms),
        max_members: kafka.group_share_max_size as usize,
        max_state: config.limits.share_bytes_total as usize,
        ..ShareConfig::default()
    }
}

/// The transaction coordinator's settings.
pub(crate) fn transactions(config: &Config) -> TransactionConfig {
    let kafka = &config.kafka;
    let millis = |millis: u32| Duration::from_millis(u64::from(millis));
    TransactionConfig {
        topic_partitions: kafka.transaction_state_log_num_partitions,
        max_timeout: millis(kafka.transaction_max_timeout_ms),
        id_expiration: Duration::from_millis(kafka.transactional_id_expiration_ms),
        expiration_interval: millis(kafka.transaction_remove_expired_transaction_cleanup_interval_ms),
        abort_interval: millis(kafka.transaction_abort_timed_out_transaction_cleanup_interval_ms),
        max_state: config.limits.transaction_bytes_total as usize,
        ..TransactionConfig::default()
    }
}

/// The object store and the path in it.
pub(crate) fn object_store(
    config: &Config,
    environment: &BTreeMap<String, String>,
) -> Result<(Arc<dyn ObjectStore>, String), ConfigError> {
    let settings = &config.object_store;
    let mut options = BTreeMap::new();
    let mut option = |key: &str, value: &str| {
        if !value.is_empty() {
            options.insert(key.to_owned(), value.to_owned());
        }
    };
    let url = config.object_store_url();
    option("endpoint", &settings.endpoint);
    // The only one with a default, and only Amazon's protocol knows it.
    if url.starts_with("s3") {
        option("region", &settings.region);
    }
    option("access_key_id", &settings.access_key_id);
    option("secret_access_key", &settings.secret_access_key);
    if settings.unsigned_payload {
        option("unsigned_payload", "true");
    }
    if settings.endpoint.starts_with("http://") {
        option("allow_http", "true");
    }
    let opened = esker_archive::object_store_from_url(&url, &options, environment)
        .map_err(|error| ConfigError::Meaning(format!("object_store.url: {error}")))?;
    Ok((opened.store, opened.prefix))
}

/// The host and port that others are told for a listener. `name` is the listener's in the configuration.
pub(crate) fn advertised(name: &str, bound: &str, advertised: &str) -> Result<(String, u16), ConfigError> {
    let text = if advertised.is_empty() { bound } else { advertised };
    let bad = || ConfigError::Meaning(format!("{text:?} is not host:port; set listeners.{name}_advertised"));
    let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let port = port.parse().map_err(|_| bad())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if matches!(host, "0.0.0.0" | "::" | "") {
        return Err(ConfigError::Meaning(format!(
            "listeners.{name} is {text:?}, which nobody can connect to: set listeners.{name}_advertised"
        )));
    }
    Ok((host.to_owned(), port))
}
