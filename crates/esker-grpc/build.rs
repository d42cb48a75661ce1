//! Compiles the messages of the native API and of forwarding. `protox` parses the files, so no `protoc` is needed.

use std::{env, error::Error, path::PathBuf};

const FILES: [&str; 4] = [
    "esker/v1/streams.proto",
    "esker/v1/queues.proto",
    "esker/forward/v1/forward.proto",
    "google/rpc/error_details.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets it")?).join("../../proto");
    for directory in ["esker/v1", "esker/forward/v1", "google/rpc"] {
        println!("cargo::rerun-if-changed={}", root.join(directory).display());
    }
    let files: Vec<PathBuf> = FILES.iter().map(|file| root.join(file)).collect();
    let descriptors = protox::compile(&files, [&root])?;
    prost_build::Config::new().bytes(["."]).btree_map(["."]).compile_fds(descriptors)?;
    Ok(())
}
