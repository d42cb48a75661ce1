//! The committed modules are what the generator writes today.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

use std::collections::BTreeSet;

#[test]
fn generated_modules_are_up_to_date() {
    let descriptors = esker_kafka_codegen::load(&esker_kafka_codegen::descriptor_dir()).unwrap();
    let files = esker_kafka_codegen::generate(&descriptors).unwrap();
    let dir = esker_kafka_codegen::generated_dir();
    for (name, text) in &files {
        let committed = std::fs::read_to_string(dir.join(name)).unwrap_or_default();
        assert!(committed == *text, "{name} is out of date: run `cargo run -p esker-kafka-codegen`");
    }
    let there: BTreeSet<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, files.into_keys().collect(), "files that no descriptor asks for");
}

#[test]
fn stored_descriptors_hold_facts_only() {
    for entry in std::fs::read_dir(esker_kafka_codegen::descriptor_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|x| x == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let (_, facts) = esker_kafka_codegen::facts(&text).unwrap();
            assert!(facts == text, "{} has more than facts", path.display());
        }
    }
}
