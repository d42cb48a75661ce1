//! Reading the configuration and telling what is wrong with it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{
    Config, MetaSettings,
    settings::{Kafka, Replication, Traces},
};

/// Prefix of the variables that override settings.
const PREFIX: &str = "ESKER_";

/// The table whose keys are free.
const FREE: &str = "topic_defaults";

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{path} is not valid TOML: {error}")]
    Syntax { path: PathBuf, error: Box<toml::de::Error> },
    #[error("unknown setting {key:?} in {from}{}", hint(.nearest.as_deref()))]
    Unknown { key: String, from: String, nearest: Option<String> },
    #[error("bad value: {0}")]
    Value(Box<toml::de::Error>),
    #[error("{0}")]
    Meaning(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?"))
}

/// Merges a file, the environment's variables and overrides from flags (`section.key`, text), in this order.
pub(crate) fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: &[(&str, String)],
) -> Result<Config, ConfigError> {
    let mut merged = Table::new();
    if let Some(path) = file {
        #[allow(
            clippy::disallowed_methods,
            reason = "the configuration is read once, before there is a world"
        )]
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
        merged = text
            .parse()
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), error: Box::new(error) })?;
        check_keys(&merged, &path.display().to_string())?;
    }
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let Some((section, key)) = rest.split_once("__") else { continue };
        let (section, mut key) = (section.to_lowercase(), key.to_lowercase());
        if section == FREE {
            key = key.replace("__", ".").replace('_', ".");
        }
        set(&mut merged, &section, &key, &value);
        check_keys(&merged, &format!("the environment ({name})"))?;
    }
    for (name, value) in flags {
        let (section, key) = name.split_once('.').expect("flags name section.key");
        set(&mut merged, section, key, value);
    }
    let config: Config = merged.try_into().map_err(|error| ConfigError::Value(Box::new(error)))?;
    check_meaning(&config)?;
    Ok(config)
}

/// Puts a textual value: as TOML where that is what the key takes, as a string otherwise.
fn set(merged: &mut Table, section: &str, key: &str, text: &str) {
    let known = known();
    let wanted = known.get(section).and_then(|table| table.get(key));
    let parsed = match wanted {
        Some(Value::String(_)) | None => None,
        Some(_) => format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v")),
    };
    let value = parsed.unwrap_or_else(|| Value::String(text.to_owned()));
    let table = merged.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(table) = table {
        table.insert(key.to_owned(), value);
    }
}

/// Every section and key there is, with its default.
fn known() -> Table {
    Table::try_from(Config::default()).expect("the default configuration is a table")
}

fn check_keys(given: &Table, from: &str) -> Result<(), ConfigError> {
    let known = known();
    for (section, table) in given {
        let Some(Value::Table(keys)) = known.get(section) else {
            return Err(unknown(section, from, known.keys().cloned().collect()));
        };
        let Value::Table(table) = table else { continue };
        if section == FREE {
            continue;
        }
        if let Some(key) = table.keys().find(|key| !keys.contains_key(*key)) {
            let all = keys.keys().map(|known| format!("{section}.{known}")).collect();
            return Err(unknown(&format!("{section}.{key}"), from, all));
        }
    }
    Ok(())
}

fn unknown(key: &str, from: &str, known: Vec<String>) -> ConfigError {
    let score = |candidate: &String| strsim::jaro_winkler(key, candidate);
    let nearest = known.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    ConfigError::Unknown { key: key.to_owned(), from: from.to_owned(), nearest }
}

/// What is wrong with the metadata settings, beginning with the key.
fn check_meta(meta: &MetaSettings) -> Result<(), String> {
    let given = |path: &Path| !path.as_os_str().is_empty();
    let (ca, cert, key) = (given(&meta.tls_ca), given(&meta.tls_cert), given(&meta.tls_key));
    let etcd: Option<esker_meta_etcd::EtcdUrl> = if meta.is_embedded() {
        None
    } else {
        Some(meta.url.parse().map_err(|error| format!("url: {error}; or \"embedded\""))?)
    };
    if (ca || cert || key) && !etcd.as_ref().is_some_and(|url| url.tls) {
        return Err("tls_ca, tls_cert and tls_key are for a url that begins with etcds://".to_owned());
    }
    if cert != key {
        return Err("tls_cert and tls_key belong together".to_owned());
    }
    if (!meta.user.is_empty() || !meta.password.is_empty()) && etcd.is_none() {
        return Err("user and password are for etcd".to_owned());
    }
    if meta.user.is_empty() && !meta.password.is_empty() {
        return Err("password is given without a user".to_owned());
    }
    if !(300..=60_000).contains(&meta.request_timeout_ms) {
        return Err(format!("request_timeout_ms is {}, it must be 300 to 60000", meta.request_timeout_ms));
    }
    Ok(())
}

/// What is wrong with the settings of traces, beginning with the key.
fn check_traces(traces: &Traces) -> Result<(), String> {
    let endpoint = &traces.otlp_endpoint;
    let names_one = ["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme))
        && endpoint.parse::<http::Uri>().is_ok();
    if !(endpoint.is_empty() || names_one) {
        return Err(format!("otlp_endpoint is {endpoint:?}: use http://host:port or https://host:port"));
    }
    if !(0.0..=1.0).contains(&traces.sample_ratio) {
        return Err(format!("sample_ratio is {}, it must be 0.0 to 1.0", traces.sample_ratio));
    }
    if !(100..=60_000).contains(&traces.timeout_ms) {
        return Err(format!("timeout_ms is {}, it must be 100 to 60000", traces.timeout_ms));
    }
    Ok(())
}

/// What is wrong with the replication settings, beginning with the key.
fn check_replication(replication: &Replication, embedded: bool) -> Result<(), String> {
    let (factor, quorum) = replication.copies(embedded);
    if factor > 7 {
        return Err(format!("factor is {factor}, it must be at most 7"));
    }
    // Two write quorums have a store in common, or a recovery would have to ask every store.
    if quorum > factor || quorum * 2 <= factor {
        return Err(format!(
            "write_quorum is {quorum}, it must be more than half of factor ({factor}) and not above it"
        ));
    }
    if !(1_000..=60_000).contains(&replication.session_ttl_ms) {
        return Err(format!("session_ttl_ms is {}, it must be 1000 to 60000", replication.session_ttl_ms));
    }
    Ok(())
}

fn check_groups(kafka: &Kafka) -> Result<(), String> {
    let within = |what: &str, value: u32, least: u32, most: u32| match (least..=most).contains(&value) {
        true => Ok(()),
        false => {
            Err(format!("group_consumer_{what}_ms is {value}, outside of its own bounds ({least} to {most})"))
        }
    };
    within(
        "session_timeout",
        kafka.group_consumer_session_timeout_ms,
        kafka.group_consumer_min_session_timeout_ms,
        kafka.group_consumer_max_session_timeout_ms,
    )?;
    within(
        "heartbeat_interval",
        kafka.group_consumer_heartbeat_interval_ms,
        kafka.group_consumer_min_heartbeat_interval_ms,
        kafka.group_consumer_max_heartbeat_interval_ms,
    )?;
    check_share_groups(kafka)?;
    let policy = &kafka.group_consumer_migration_policy;
    match esker_coordinator::MigrationPolicy::named(policy) {
        Some(_) => Ok(()),
        None => Err(format!(
            "group_consumer_migration_policy is {policy:?}: use bidirectional, upgrade, downgrade or disabled"
        )),
    }
}

fn check_share_groups(kafka: &Kafka) -> Result<(), String> {
    let within = |what: &str, value: u32, least: u32, most: u32| match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(format!("group_share_{what} is {value}, outside of its own bounds ({least} to {most})")),
    };
    within(
        "record_lock_duration_ms",
        kafka.group_share_record_lock_duration_ms,
        kafka.group_share_min_record_lock_duration_ms,
        kafka.group_share_max_record_lock_duration_ms,
    )?;
    within(
        "session_timeout_ms",
        kafka.group_share_session_timeout_ms,
        kafka.group_share_min_session_timeout_ms,
        kafka.group_share_max_session_timeout_ms,
    )?;
    within(
        "heartbeat_interval_ms",
        kafka.group_share_heartbeat_interval_ms,
        kafka.group_share_min_heartbeat_interval_ms,
        kafka.group_share_max_heartbeat_interval_ms,
    )?;
    within("delivery_count_limit", kafka.group_share_delivery_count_limit.into(), 2, 10)?;
    within("partition_max_record_locks", kafka.group_share_partition_max_record_locks, 100, 10_000)
}

fn check_meaning(config: &Config) -> Result<(), ConfigError> {
    let meaning = |message: String| Err(ConfigError::Meaning(message));
    if config.node.id < 0 {
        return meaning(format!("node.id is {}, it must be 0 or more", config.node.id));
    }
    if !(1..=65_536).contains(&config.node.shards) {
        return meaning(format!("node.shards is {}, it must be 1 to 65536", config.node.shards));
    }
    if config.metrics.topics > 100_000 {
        return meaning(format!("metrics.topics is {}, it must be at most 100000", config.metrics.topics));
    }
    if config.wal.file_bytes < 8 << 20 || config.wal.max_bytes < 4 * config.wal.file_bytes {
        return meaning(format!(
            "wal.file_bytes ({}) must be at least 8 MiB and wal.max_bytes ({}) at least four files",
            config.wal.file_bytes, config.wal.max_bytes
        ));
    }
    if !["text", "json"].contains(&config.log.format.as_str()) {
        return meaning(format!("log.format is {:?}, it must be \"text\" or \"json\"", config.log.format));
    }
    check_replication(&config.replication, config.meta.is_embedded())
        .map_err(|wrong| ConfigError::Meaning(format!("replication.{wrong}")))?;
    check_meta(&config.meta).map_err(|wrong| ConfigError::Meaning(format!("meta.{wrong}")))?;
    check_groups(&config.kafka).map_err(|wrong| ConfigError::Meaning(format!("kafka.{wrong}")))?;
    check_traces(&config.traces).map_err(|wrong| ConfigError::Meaning(format!("traces.{wrong}")))?;
    if let Err(error) = esker_log::TopicConfig::parse(&config.topic_defaults()) {
        return meaning(format!("topic_defaults: {error}"));
    }
    Ok(())
}
