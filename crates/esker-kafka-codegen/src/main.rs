//! `esker-kafka-codegen` writes the generated modules; with directories of full descriptors as arguments it first
//! takes their facts into `proto/kafka`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let sources: Vec<String> = std::env::args().skip(1).collect();
    match sources.iter().try_for_each(|dir| import(Path::new(dir))).and_then(|()| write_generated()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{why}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn import(source: &Path) -> Result<(), String> {
    let target = esker_kafka_codegen::descriptor_dir();
    for entry in std::fs::read_dir(source).map_err(|e| format!("{}: {e}", source.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.extension().is_none_or(|x| x != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let about = |e: String| format!("{}: {e}", path.display());
        if esker_kafka_codegen::is_served(&text).map_err(about)? {
            let (name, facts) = esker_kafka_codegen::facts(&text).map_err(about)?;
            save(&target.join(format!("{name}.json")), &facts)?;
        }
    }
    Ok(())
}

fn write_generated() -> Result<(), String> {
    let descriptors = esker_kafka_codegen::load(&esker_kafka_codegen::descriptor_dir())?;
    let target = esker_kafka_codegen::generated_dir();
    for (name, text) in esker_kafka_codegen::generate(&descriptors)? {
        save(&target.join(name), &text)?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a build tool, outside of the simulated world")]
fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
