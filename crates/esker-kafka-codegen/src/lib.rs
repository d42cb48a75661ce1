//! From Kafka message descriptors to Rust: reads `proto/kafka/*.json`, writes `esker-kafka-wire`'s generated modules,
//! and encodes random instances straight from a descriptor as an oracle for tests.
//!
//! A build and test tool: it reads and writes files, and a wrong descriptor stops it with a message.

mod emit;
mod emit_index;
mod import;
mod model;
mod names;
mod parse;
pub mod sample;

pub use import::{facts, is_served};
pub use model::{Descriptor, Field, Kind, Struct, Type, Versions};
pub use parse::{parse, strip_comments};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The directory of the committed descriptors, as seen from this crate's sources.
pub fn descriptor_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/kafka")
}

/// The directory of the committed generated Rust.
pub fn generated_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../esker-kafka-wire/src/generated")
}

/// All descriptors of a directory, ordered by message name.
///
/// # Errors
/// A message that names the file which could not be read or understood.
pub fn load(dir: &Path) -> Result<Vec<Descriptor>, String> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut all = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|e| format!("{}: {e}", dir.display()))?.path();
        if path.extension().is_none_or(|x| x != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let descriptor = parse(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        all.insert(descriptor.name.clone(), descriptor);
    }
    Ok(all.into_values().collect())
}

/// File name to contents of everything under `src/generated`.
///
/// # Errors
/// A message that names the descriptor that cannot be expressed.
pub fn generate(descriptors: &[Descriptor]) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    for d in descriptors {
        let text = emit::message(d).map_err(|e| format!("{}: {e}", d.name))?;
        files.insert(format!("{}.rs", names::snake(&d.name)), text);
    }
    files.insert("mod.rs".to_owned(), emit_index::modules(descriptors)?);
    files.insert("api_key.rs".to_owned(), emit_index::api_keys(descriptors)?);
    Ok(files)
}
