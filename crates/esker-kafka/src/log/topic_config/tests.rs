use super::*;

fn overrides(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_table_is_sorted_and_every_default_is_valid() {
    assert!(DEFINITIONS.windows(2).all(|pair| pair[0].key < pair[1].key));
    for definition in DEFINITIONS {
        assert_eq!(validate(definition.key, definition.default), Ok(()), "{}", definition.key);
    }
}

#[test]
fn overrides_replace_defaults_and_minus_one_lifts_a_limit() {
    let config = TopicConfig::parse(&overrides(&[
        ("retention.ms", "-1"),
        ("retention.bytes", "1024"),
        ("cleanup.policy", "compact,delete"),
        ("esker.mode", "received"),
        ("message.timestamp.type", "LogAppendTime"),
    ]))
    .unwrap();
    assert_eq!(config.retention_ms, None);
    assert_eq!(config.retention_bytes, Some(1024));
    assert_eq!(config.cleanup, CleanupPolicy { delete: true, compact: true });
    assert_eq!(config.mode, Mode::Received);
    assert!(config.log_append_time);
    assert_eq!(TopicConfig::default().retention_ms, Some(604_800_000));
}

#[test]
fn what_is_not_allowed_is_named() {
    for (key, value, part) in [
        ("retention.mss", "1", "Unknown topic config name: retention.mss"),
        ("retention.ms", "soon", "not a whole number"),
        ("retention.ms", "-2", "at least -1"),
        ("cleanup.policy", "burn", "compact, delete"),
        ("esker.mode", "safe", "fsync, received, throughput"),
        ("preallocate", "yes", "true or false"),
        ("min.cleanable.dirty.ratio", "1.5", "from 0 to 1"),
    ] {
        let message = validate(key, value).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
