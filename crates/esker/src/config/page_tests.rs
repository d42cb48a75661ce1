//! `docs/configuration.md` is written by the settings' own table: this test makes it and compares.
#![allow(clippy::disallowed_methods, reason = "a test reads and writes the repository's files")]

use std::fmt::Write;

use super::settings::{
    ArchiveSettings, Config, Kafka, Limits, Listeners, Logging, MetaSettings, MetricsSettings, Node,
    ObjectStore, Replication, Traces, Wal,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");

const INTRODUCTION: &str = "# Configuration

`esker broker --config esker.toml` reads a TOML file of the sections below. Everything has a default; unknown keys and impossible
values are refused with the key's name. A variable `ESKER_SECTION__KEY` overrides the file (`ESKER_NODE__ID=2`), a flag overrides
both. `esker dev` needs no file.

Written by the settings' own table: `UPDATE=1 cargo test -p esker the_configuration_page` after a change.
";

const TOPIC_DEFAULTS: &str = "
## [topic_defaults]

Broker-wide defaults of topic configs, by their names in quotes: `\"esker.mode\" = \"received\"`. Topics that set a config keep theirs.
";

type About = (&'static [&'static str], &'static [(&'static str, &'static [&'static str])]);

fn page() -> String {
    let defaults = toml::Table::try_from(Config::default()).unwrap();
    let sections: [(&str, About); 12] = [
        ("node", Node::ABOUT),
        ("listeners", Listeners::ABOUT),
        ("meta", MetaSettings::ABOUT),
        ("object_store", ObjectStore::ABOUT),
        ("log", Logging::ABOUT),
        ("traces", Traces::ABOUT),
        ("metrics", MetricsSettings::ABOUT),
        ("wal", Wal::ABOUT),
        ("replication", Replication::ABOUT),
        ("archive", ArchiveSettings::ABOUT),
        ("limits", Limits::ABOUT),
        ("kafka", Kafka::ABOUT),
    ];
    let named = sections.iter().map(|(name, _)| (*name).to_owned()).chain(["topic_defaults".to_owned()]);
    let all: std::collections::BTreeSet<String> = named.collect();
    assert_eq!(all, defaults.keys().cloned().collect(), "every section is on the page");
    let text = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let mut page = INTRODUCTION.to_owned();
    for (name, (about, fields)) in sections {
        write!(page, "\n## [{name}]\n\n{}\n\n| key | default | |\n|---|---|---|\n", text(about)).unwrap();
        for (field, about) in fields {
            let default = &defaults[name][field];
            writeln!(page, "| `{field}` | `{default}` | {} |", text(about).replace('|', "\\|")).unwrap();
        }
    }
    page + TOPIC_DEFAULTS
}

#[test]
fn the_configuration_page_says_what_the_settings_say() {
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        found == page,
        "docs/configuration.md is out of date: UPDATE=1 cargo test -p esker the_configuration_page"
    );
}
