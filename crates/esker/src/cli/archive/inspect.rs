//! `esker archive inspect`.

use clap::Args;
use esker_env::Env;

use super::source::{Opened, Source, found};
use crate::archive::{Inspected, ObjectName, OfPartition};
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Example:
  esker archive inspect 3/data/01KBQW7Z0M8T3V5E4N2A9RJ6CD --config esker.toml")]
pub(crate) struct Inspect {
    /// The object's path or name, as `esker archive list` shows it
    #[arg(value_parser = ObjectName::parse)]
    object: ObjectName,
    #[command(flatten)]
    pub(crate) source: Source,
}

impl Inspect {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let inspected: Inspected = match self.source.open(&env).await? {
            Opened::Remote(remote) => remote.get(&format!("/archive/inspect?object={}", self.object)).await?,
            Opened::Own(own) => {
                let inspected = own.access.inspect(self.object).await;
                own.close().await;
                let missing = || CliError::Found(format!("no manifest refers to an object {}", self.object));
                inspected.map_err(found)?.ok_or_else(missing)?
            }
        };
        output::show(self.source.output, &inspected, |mut out| {
            let Inspected { path, bytes, shard, epoch, .. } = &inspected;
            writeln!(out, "{path}: {bytes} bytes, shard {shard}, epoch {epoch}\n")?;
            table(&inspected).write(&mut out)
        })?;
        Ok(())
    }
}

fn table(inspected: &Inspected) -> Table {
    let mut table = Table::new(&[
        "topic",
        "partition",
        "first offset",
        "next offset",
        "records",
        "bytes",
        "blocks",
        "newest",
    ]);
    for row in &inspected.partitions {
        let records: u64 = row.blocks.iter().map(|block| u64::from(block.records)).sum();
        let bytes: u64 = row.blocks.iter().map(|block| u64::from(block.length)).sum();
        table.row([
            row.topic_text(),
            row.partition.to_string(),
            row.first_offset.to_string(),
            row.next_offset.to_string(),
            records.to_string(),
            bytes.to_string(),
            row.blocks.len().to_string(),
            values::utc(row.max_timestamp),
        ]);
    }
    table
}
