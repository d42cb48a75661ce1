//! `esker archive verify`.

use clap::Args;
use esker_core::ShardId;
use esker_env::Env;
use parking_lot::Mutex;

use super::source::{Opened, Own, Source, found};
use crate::archive::{OfPartition, Verified};
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::progress::Progress;

#[derive(Args)]
#[command(after_help = "Examples:
  esker archive verify --config esker.toml
  esker archive verify --data .dev --output json

The exit code is 1 when something is wrong. While a broker runs on the data directory, the broker does the work;
otherwise no broker can start on it until this ends.")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) source: Source,
}

impl Verify {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let verified: Verified = match self.source.open(&env).await? {
            Opened::Remote(remote) => remote.get("/archive/verify").await?,
            Opened::Own(own) => {
                let verified = verify(&own, &env).await;
                own.close().await;
                verified?
            }
        };
        output::show(self.source.output, &verified, |mut out| {
            table(&verified).write(&mut out)?;
            let Verified { errors, objects, bytes, records, .. } = &verified;
            writeln!(out, "\n{objects} objects, {records} records, {bytes} bytes of batches")?;
            errors.iter().try_for_each(|error| {
                let problem = &error.problem;
                writeln!(out, "error: {} at byte {}: {}", problem.path, problem.position, problem.what)
            })
        })?;
        match verified.errors.len() {
            0 => Ok(()),
            1 => Err(CliError::Found("the archive has an error".to_owned())),
            errors => Err(CliError::Found(format!("the archive has {errors} errors"))),
        }
    }
}

async fn verify(own: &Own, env: &Env) -> Result<Verified, CliError> {
    let progress = Mutex::new(Progress::new(env));
    let shards = own.access.shards;
    let told = |shard: ShardId, done, total| {
        progress.lock().update(|| format!("shard {} of {shards}: object {done} of {total}", shard.0 + 1));
    };
    own.access.verify(&told).await.map_err(found)
}

fn table(verified: &Verified) -> Table {
    let mut table =
        Table::new(&["topic", "partition", "log start", "first offset", "next offset", "records", "bytes"]);
    for row in &verified.partitions {
        table.row([
            row.topic_text(),
            row.partition.to_string(),
            row.log_start.to_string(),
            row.first_offset.to_string(),
            row.next_offset.to_string(),
            row.records.to_string(),
            row.bytes.to_string(),
        ]);
    }
    table
}
