//! `esker group reset`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use esker_client::{Client, Isolation, OffsetSpec, StartAt};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Examples:
  esker group reset billing --topic orders --to earliest
  esker group reset billing --topic orders --partition 3 --to 1000
  esker group reset billing --topic orders --to @2026-01-31T12:00:00Z --dry-run")]
pub(crate) struct Reset {
    /// The group; it must have no members
    group: String,
    /// The topic
    #[arg(long, short)]
    topic: String,
    /// Only these partitions, may be repeated
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(0..))]
    partition: Vec<i32>,
    /// earliest, latest, an offset, or @TIMESTAMP
    #[arg(long, value_parser = values::start_at)]
    to: StartAt,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Reset {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let mut partitions = self.partition.clone();
        if partitions.is_empty() {
            partitions = client.topic(&self.topic).await?.partitions.iter().map(|p| p.index).collect();
        }
        let group = client.describe_group(&self.group).await?;
        if !group.members.is_empty() {
            return Err(CliError::usage(format!(
                "group {:?} has {} members: stop them first, or they would overwrite the positions",
                self.group,
                group.members.len()
            )));
        }
        let before = client.committed_offsets(&self.group).await?;
        let after = self.targets(&client, &partitions).await?;
        if !self.dry_run {
            client.commit_offsets(&self.group, &after).await?;
        }
        let old = |key: &(Arc<str>, i32)| before.get(key).map(|committed| committed.offset);
        let rows: Vec<_> = after.iter().map(|(key, new)| (key.1, old(key), *new)).collect();
        let json: Vec<_> = rows
            .iter()
            .map(|(partition, old, new)| {
                json!({ "topic": self.topic, "partition": partition, "before": old, "after": new })
            })
            .collect();
        output::show(self.connect.output, &json, |mut out| {
            let mut table = Table::new(&["topic", "partition", "before", "after"]);
            for (partition, old, new) in &rows {
                let old = old.map_or("-".to_owned(), |old| old.to_string());
                table.row([self.topic.clone(), partition.to_string(), old, new.to_string()]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }

    /// The new positions, inside the log.
    async fn targets(
        &self,
        client: &Client,
        partitions: &[i32],
    ) -> Result<BTreeMap<(Arc<str>, i32), i64>, CliError> {
        let ask = async |spec| {
            let places: Vec<_> = partitions.iter().map(|index| (&*self.topic, *index, spec)).collect();
            client.offsets(&places, Isolation::ReadUncommitted).await
        };
        let first = ask(OffsetSpec::Earliest).await?;
        let end = ask(OffsetSpec::Latest).await?;
        let found = match self.to {
            StartAt::Timestamp(at) => ask(OffsetSpec::Timestamp(at)).await?,
            _ => BTreeMap::new(),
        };
        let target = |key: &(Arc<str>, i32), first: i64| {
            let end = end.get(key).map_or(first, |end| end.offset);
            match self.to {
                StartAt::Earliest => first,
                StartAt::Latest => end,
                StartAt::Offset(offset) => offset.clamp(first, end),
                StartAt::Timestamp(_) => found.get(key).map(|f| f.offset).filter(|f| *f >= 0).unwrap_or(end),
            }
        };
        Ok(first.iter().map(|(key, first)| (key.clone(), target(key, first.offset))).collect())
    }
}
