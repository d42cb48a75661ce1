//! `esker txn find-hanging`.

use std::collections::BTreeMap;

use clap::Args;
use esker_client::{ActiveProducer, Client, ClientError, TransactionDescription, TransactionFilter};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(
    after_help = "An open transaction hangs when its producer has written nothing for longer than the longest timeout, and no
coordinator has its partition in a transaction. It keeps readers of committed records where it begins, and
compaction and retention with them. `esker txn abort` ends it.

Examples:
  esker txn find-hanging
  esker txn find-hanging --topic orders --longest-timeout 60"
)]
pub(crate) struct FindHanging {
    /// Only in this topic; may be repeated
    #[arg(long, short)]
    topic: Vec<String>,
    /// Only in this partition of the topics
    #[arg(long, short, requires = "topic", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// Only in partitions that this broker leads
    #[arg(long, value_name = "ID")]
    broker: Option<i32>,
    /// The longest timeout of a transaction, seconds: younger ones are left out
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    longest_timeout: u32,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// An open transaction in a partition.
#[derive(Clone, Debug)]
struct Open {
    topic: String,
    partition: i32,
    producer: ActiveProducer,
    start_offset: i64,
}

impl FindHanging {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let now = client.env().clock.wall_ms();
        let oldest = now - i64::from(self.longest_timeout) * 1_000;
        let mut open = self.open(&client).await?;
        open.retain(|open| open.producer.last_timestamp < oldest);
        let ids = ids(&client, &open).await?;
        let mut hanging = Vec::new();
        for open in open {
            let id = ids.get(&open.producer.producer);
            let known = match id {
                Some(id) => client.describe_transaction(id).await?,
                None => None,
            };
            if !known.is_some_and(|txn| holds(&txn, &open)) {
                hanging.push((open, id));
            }
        }
        let json: Vec<_> = hanging.iter().map(|(open, id)| as_json(open, *id)).collect();
        output::show(self.connect.output, &json, |mut out| {
            let mut table = Table::new(&[
                "topic",
                "partition",
                "producer id",
                "epoch",
                "coordinator epoch",
                "start offset",
                "last write",
                "transactional id",
            ]);
            for (open, id) in &hanging {
                table.row([
                    open.topic.clone(),
                    open.partition.to_string(),
                    open.producer.producer.to_string(),
                    open.producer.epoch.to_string(),
                    open.producer.coordinator_epoch.to_string(),
                    open.start_offset.to_string(),
                    values::utc(open.producer.last_timestamp),
                    id.map_or("-".to_owned(), |id| (*id).clone()),
                ]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }

    /// Open transactions in the partitions that are asked for.
    async fn open(&self, client: &Client) -> Result<Vec<Open>, CliError> {
        let mut topics = client.list_topics().await?;
        if let Some(missing) =
            self.topic.iter().find(|name| !topics.iter().any(|topic| *topic.name == ***name))
        {
            return Err(ClientError::UnknownTopic(missing.clone()).into());
        }
        topics.retain(|topic| self.topic.is_empty() || self.topic.iter().any(|name| **name == *topic.name));
        let mut open = Vec::new();
        for topic in topics {
            for info in &topic.partitions {
                let asked = self.partition.is_none_or(|partition| partition == info.index)
                    && (self.broker.is_none() || self.broker == info.leader);
                if !asked {
                    continue;
                }
                let producers = match client.describe_producers(&topic.name, info.index).await {
                    Ok(producers) => producers,
                    // Deleted meanwhile.
                    Err(ClientError::UnknownTopic(_)) if self.topic.is_empty() => break,
                    Err(error) => return Err(error.into()),
                };
                open.extend(producers.into_iter().filter_map(|producer| {
                    let start_offset = producer.open_since?;
                    Some(Open {
                        topic: topic.name.to_string(),
                        partition: info.index,
                        producer,
                        start_offset,
                    })
                }));
            }
        }
        Ok(open)
    }
}

/// The transactional ids of the producers, where a coordinator knows them.
async fn ids(client: &Client, open: &[Open]) -> Result<BTreeMap<i64, String>, CliError> {
    if open.is_empty() {
        return Ok(BTreeMap::new());
    }
    let producers = open.iter().map(|open| open.producer.producer).collect();
    let filter = TransactionFilter { producers, ..TransactionFilter::default() };
    let found = client.list_transactions(&filter).await?;
    Ok(found.into_iter().map(|txn| (txn.producer, txn.transactional_id)).collect())
}

/// Whether the coordinator will end it.
fn holds(txn: &TransactionDescription, open: &Open) -> bool {
    let partitions = txn.partitions.get(&open.topic);
    txn.producer == open.producer.producer
        && partitions.is_some_and(|partitions| partitions.contains(&open.partition))
}

fn as_json(open: &Open, id: Option<&String>) -> serde_json::Value {
    json!({
        "topic": open.topic,
        "partition": open.partition,
        "producer_id": open.producer.producer,
        "producer_epoch": open.producer.epoch,
        "coordinator_epoch": open.producer.coordinator_epoch,
        "start_offset": open.start_offset,
        "last_timestamp": open.producer.last_timestamp,
        "transactional_id": id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinator_ends_what_it_has_in_its_transaction() {
        let producer = ActiveProducer {
            producer: 7,
            epoch: 0,
            last_sequence: 0,
            last_timestamp: 0,
            coordinator_epoch: 0,
            open_since: Some(3),
        };
        let open = Open { topic: "t".to_owned(), partition: 1, producer, start_offset: 3 };
        let txn = |producer, partitions: Vec<i32>| TransactionDescription {
            transactional_id: "id".to_owned(),
            coordinator: "h:1".to_owned(),
            producer,
            epoch: 0,
            state: "Ongoing".to_owned(),
            timeout_ms: 1,
            started_ms: Some(0),
            partitions: BTreeMap::from([("t".to_owned(), partitions)]),
        };
        assert!(holds(&txn(7, vec![0, 1]), &open));
        assert!(!holds(&txn(7, vec![0]), &open), "it has ended here, as far as it knows");
        assert!(!holds(&txn(8, vec![1]), &open), "the id has another producer by now");
    }
}
