#![allow(clippy::disallowed_methods, reason = "a test brings its own files")]

use super::*;

fn variables(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect::<Vec<_>>()
        .into_iter()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let file = file(
        "[node]\nid = 3\nshards = 16\n[listeners]\nkafka = \"0.0.0.0:1\"\n[topic_defaults]\n\"esker.mode\" = \"received\"",
    );
    let environment =
        variables(&[("ESKER_NODE__ID", "4"), ("ESKER_LISTENERS__HTTP", "127.0.0.1:0"), ("PATH", "x")]);
    let config = load(Some(file.path()), environment, &[("node.id", "5".to_owned())]).unwrap();
    assert_eq!((config.node.id, config.node.shards), (5, 16));
    assert_eq!(config.listeners.http, "127.0.0.1:0");
    assert_eq!(config.topic_defaults()["esker.mode"], "received");
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let file = file("[wal]\nmax_byte = 1");
    let message = load(Some(file.path()), variables(&[]), &[]).unwrap_err().to_string();
    assert!(message.contains("\"wal.max_byte\"") && message.contains("\"wal.max_bytes\""), "{message}");
    let message = load(None, variables(&[("ESKER_NODES__ID", "1")]), &[]).unwrap_err().to_string();
    assert!(message.contains("ESKER_NODES__ID") && message.contains("\"node\""), "{message}");
}

#[test]
fn values_without_meaning_are_refused() {
    for (name, value) in [
        ("ESKER_NODE__ID", "-1"),
        ("ESKER_NODE__ID", "one"),
        ("ESKER_WAL__MAX_BYTES", "1"),
        ("ESKER_META__URL", "etcd://x"),
        ("ESKER_META__TLS_CA", "/ca.pem"),
        ("ESKER_META__USER", "esker"),
        ("ESKER_META__REQUEST_TIMEOUT_MS", "1"),
        ("ESKER_TOPIC_DEFAULTS__RETENTION_MS", "soon"),
    ] {
        assert!(load(None, variables(&[(name, value)]), &[]).is_err(), "{name}={value}");
    }
}

#[test]
fn etcd_is_one_line_and_its_credentials_others() {
    let url = ("ESKER_META__URL", "etcds://a:2379,b:2379/prod");
    let user = [("ESKER_META__USER", "esker"), ("ESKER_META__PASSWORD", "secret")];
    let tls = [("ESKER_META__TLS_CERT", "/c.pem"), ("ESKER_META__TLS_KEY", "/k.pem")];
    let config = load(None, variables(&[&[url][..], &user, &tls].concat()), &[]);
    assert_eq!(config.unwrap().meta.tls_key.to_str(), Some("/k.pem"));
    let plain = ("ESKER_META__URL", "etcd://a:2379/prod");
    for wrong in [vec![url, tls[0]], vec![url, user[1]], vec![plain, tls[0], tls[1]]] {
        assert!(load(None, variables(&wrong), &[]).is_err(), "{wrong:?}");
    }
}

#[test]
fn variables_of_the_command_line_are_not_settings() {
    assert_eq!(load(None, variables(&[("ESKER_BOOTSTRAP", "h:1")]), &[]).unwrap(), Config::default());
}
