//! `esker archive list`.

use clap::Args;
use esker_env::Env;

use super::source::{Opened, Source, found};
use crate::archive::{Listed, OfPartition};
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Examples:
  esker archive list --config esker.toml
  esker archive list --data .dev --partitions")]
pub(crate) struct List {
    /// List partitions rather than objects (JSON has both)
    #[arg(long)]
    partitions: bool,
    #[command(flatten)]
    pub(crate) source: Source,
}

impl List {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let listed: Listed = match self.source.open(&env).await? {
            Opened::Remote(remote) => remote.get("/archive/list").await?,
            Opened::Own(own) => {
                let listed = own.access.list().await;
                own.close().await;
                listed.map_err(found)?
            }
        };
        let table = if self.partitions { partitions(&listed) } else { objects(&listed) };
        output::show(self.source.output, &listed, |mut out| table.write(&mut out))?;
        Ok(())
    }
}

fn objects(listed: &Listed) -> Table {
    let mut table = Table::new(&["object", "bytes", "created", "epoch", "partitions"]);
    for listed in &listed.objects {
        let object = &listed.object;
        let created = values::utc(object.created_ms);
        table.row([
            object.path.clone(),
            object.length.to_string(),
            created,
            object.epoch.to_string(),
            object.partitions.to_string(),
        ]);
    }
    table
}

fn partitions(listed: &Listed) -> Table {
    let mut table =
        Table::new(&["topic", "partition", "shard", "log start", "next offset", "objects", "bytes"]);
    for row in &listed.partitions {
        table.row([
            row.topic_text(),
            row.partition.to_string(),
            row.shard.to_string(),
            row.log_start.to_string(),
            row.next_offset.to_string(),
            row.objects.to_string(),
            row.bytes.to_string(),
        ]);
    }
    table
}
