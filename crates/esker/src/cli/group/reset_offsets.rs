//! `esker group reset-offsets`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;
use esker_client::{Client, ClientError, GroupOffsets, Isolation, OffsetSpec, StartAt};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Shows what would change, and changes nothing without --execute.

Examples:
  esker group reset-offsets billing --topic orders --to earliest
  esker group reset-offsets billing --topic orders --partition 3 --to 1000 --execute
  esker group reset-offsets billing --all-topics --to @2026-01-31T12:00:00Z --execute")]
pub(crate) struct ResetOffsets {
    /// The group; it must have no members
    group: String,
    /// The topic; may be repeated
    #[arg(long, short, required_unless_present = "all_topics")]
    topic: Vec<String>,
    /// All topics that the group has committed for
    #[arg(long, conflicts_with = "topic")]
    all_topics: bool,
    /// Only these partitions, may be repeated
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(0..))]
    partition: Vec<i32>,
    /// earliest, latest, an offset, or @TIMESTAMP
    #[arg(long, value_parser = values::start_at)]
    to: StartAt,
    /// Change it
    #[arg(long)]
    execute: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// A partition.
type Key = (Arc<str>, i32);

impl ResetOffsets {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let group = client.describe_group(&self.group).await?;
        if !group.members.is_empty() {
            return Err(CliError::usage(format!(
                "group {:?} has {} members: stop them first, or they would overwrite the positions",
                self.group,
                group.members.len()
            )));
        }
        let before = client.committed_offsets(&self.group).await?;
        let partitions = self.partitions(&client, &before).await?;
        let after = self.targets(&client, &partitions).await?;
        if self.execute && !after.is_empty() {
            client.commit_offsets(&self.group, &after).await?;
        }
        let old = |key: &Key| before.get(key).map(|committed| committed.offset);
        let rows: Vec<_> = after.iter().map(|(key, new)| (key, old(key), *new)).collect();
        let json: Vec<_> = rows
            .iter()
            .map(|((topic, partition), old, new)| {
                json!({ "topic": &**topic, "partition": partition, "before": old, "after": new, "changed": self.execute })
            })
            .collect();
        output::show(self.connect.output, &json, |mut out| {
            let mut table = Table::new(&["topic", "partition", "before", "after"]);
            for ((topic, partition), old, new) in &rows {
                let old = old.map_or("-".to_owned(), |old| old.to_string());
                table.row([topic.to_string(), partition.to_string(), old, new.to_string()]);
            }
            table.write(&mut out)?;
            if !self.execute {
                writeln!(out, "nothing was changed: add --execute to do it")?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// What is to be moved.
    async fn partitions(&self, client: &Client, before: &GroupOffsets) -> Result<Vec<Key>, CliError> {
        let topics: BTreeSet<Arc<str>> = match self.all_topics {
            true => before.keys().map(|(topic, _)| Arc::clone(topic)).collect(),
            false => self.topic.iter().map(|topic| Arc::from(topic.as_str())).collect(),
        };
        let mut partitions = Vec::new();
        for topic in topics {
            let known: Vec<i32> = match client.topic(&topic).await {
                Ok(found) => found.partitions.iter().map(|partition| partition.index).collect(),
                // The group remembers a topic that is gone.
                Err(ClientError::UnknownTopic(_)) if self.all_topics => continue,
                Err(error) => return Err(error.into()),
            };
            match self.partition.iter().find(|index| !known.contains(index)).filter(|_| !self.all_topics) {
                Some(&partition) => {
                    let (topic, count) = (topic.to_string(), known.len());
                    return Err(ClientError::UnknownPartition { topic, partition, count }.into());
                }
                None => partitions.extend(
                    known
                        .into_iter()
                        .filter(|index| self.partition.is_empty() || self.partition.contains(index))
                        .map(|index| (Arc::clone(&topic), index)),
                ),
            }
        }
        Ok(partitions)
    }

    /// The new positions, inside the log.
    async fn targets(&self, client: &Client, partitions: &[Key]) -> Result<BTreeMap<Key, i64>, CliError> {
        let ask = async |spec| {
            let places: Vec<_> = partitions.iter().map(|(topic, index)| (&**topic, *index, spec)).collect();
            client.offsets(&places, Isolation::ReadUncommitted).await
        };
        let first = ask(OffsetSpec::Earliest).await?;
        let end = ask(OffsetSpec::Latest).await?;
        let found = match self.to {
            StartAt::Timestamp(at) => ask(OffsetSpec::Timestamp(at)).await?,
            _ => BTreeMap::new(),
        };
        let target = |key: &Key, first: i64| {
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
