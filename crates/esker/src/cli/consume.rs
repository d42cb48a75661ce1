//! `esker consume`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use esker_client::{
    Client, Consumer, ConsumerConfig, GroupConfig, GroupConsumer, Isolation, OffsetSpec, Polled, ResetTo,
    StartAt,
};
use esker_core::batch::Record;
use esker_env::Env;

use super::connect::Connect;
use super::error::CliError;
use super::output::{self, Format};
use super::record_json::RecordJson;
use super::values;

#[derive(Args)]
#[command(after_help = "Examples:
  esker consume orders --from-beginning --exit-at-end
  esker consume orders --partition 3 --offset 1000 --max 10 --output json
  esker consume orders --offset @2026-01-31T12:00:00Z
  esker consume orders --group billing")]
pub(crate) struct Consume {
    /// The topic
    topic: String,
    /// Only this partition
    #[arg(long, short, conflicts_with = "group", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// Where to start: earliest, latest, an offset, or @TIMESTAMP. A group's committed offsets come first
    #[arg(long, short, value_parser = values::start_at)]
    offset: Option<StartAt>,
    /// Start at the first record: the same as --offset earliest
    #[arg(long, conflicts_with = "offset")]
    from_beginning: bool,
    /// End after this many records
    #[arg(long, short = 'n', value_name = "COUNT")]
    max: Option<u64>,
    /// End at what was the end of the topic when the command started
    #[arg(long)]
    exit_at_end: bool,
    /// Share the partitions with the other members of this group, and commit what was written out
    #[arg(long, short)]
    group: Option<String>,
    /// Write the key, and this, in front of the value
    #[arg(long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// Leave out what belongs to transactions that are open or were aborted
    #[arg(long)]
    read_committed: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// How long one wait for records may be, so that ends are noticed.
const TICK: Duration = Duration::from_millis(200);

/// Where records come from.
enum Source {
    Assigned(Box<Consumer>),
    Group(Box<GroupConsumer>),
}

impl Source {
    async fn poll(&mut self) -> Result<Vec<Polled>, CliError> {
        Ok(match self {
            Self::Assigned(consumer) => consumer.poll(TICK).await?,
            Self::Group(consumer) => consumer.poll(TICK).await?,
        })
    }

    fn consumer(&self) -> &Consumer {
        match self {
            Self::Assigned(consumer) => consumer,
            Self::Group(consumer) => consumer.consumer(),
        }
    }
}

impl Consume {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let partitions = self.partitions(&client).await?;
        let ends = if self.exit_at_end { Some(self.ends(&client, &partitions).await?) } else { None };
        let mut source = self.source(&client, &partitions)?;
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        let result = tokio::select! {
            result = self.copy(&mut source, ends) => result,
            _ = &mut interrupt => Ok(()),
        };
        if let Source::Group(group) = source {
            group.close().await?;
        }
        result
    }

    async fn partitions(&self, client: &Client) -> Result<Vec<i32>, CliError> {
        let topic = client.topic(&self.topic).await?;
        if let Some(partition) = self.partition {
            client.leader_of(&self.topic, partition).await?;
            return Ok(vec![partition]);
        }
        Ok(topic.partitions.iter().map(|partition| partition.index).collect())
    }

    fn isolation(&self) -> Isolation {
        if self.read_committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted }
    }

    async fn ends(&self, client: &Client, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, CliError> {
        let places: Vec<_> =
            partitions.iter().map(|partition| (&*self.topic, *partition, OffsetSpec::Latest)).collect();
        let found = client.offsets(&places, self.isolation()).await?;
        Ok(found.into_iter().map(|((_, partition), end)| (partition, end.offset)).collect())
    }

    fn source(&self, client: &Client, partitions: &[i32]) -> Result<Source, CliError> {
        let config = ConsumerConfig {
            isolation: self.isolation(),
            reset: ResetTo::Earliest,
            ..ConsumerConfig::default()
        };
        let start = match self.offset {
            _ if self.from_beginning => StartAt::Earliest,
            Some(start) => start,
            None => StartAt::Latest,
        };
        let topic: Arc<str> = Arc::from(self.topic.as_str());
        let Some(group) = &self.group else {
            let mut consumer = Consumer::new(client, config);
            consumer.assign(partitions.iter().map(|partition| (topic.clone(), *partition, start)));
            return Ok(Source::Assigned(Box::new(consumer)));
        };
        let group = GroupConfig { start, ..GroupConfig::new(group, [&*self.topic]) };
        Ok(Source::Group(Box::new(GroupConsumer::new(client, config, group)?)))
    }

    /// Writes records until an end is reached.
    async fn copy(&self, source: &mut Source, ends: Option<BTreeMap<i32, i64>>) -> Result<(), CliError> {
        let mut left = self.max.unwrap_or(u64::MAX);
        let mut out = output::stdout();
        while left > 0 && !ends.as_ref().is_some_and(|ends| reached(source.consumer(), ends)) {
            for polled in source.poll().await? {
                let written = self.write(&mut out, &polled, &mut left)?;
                if let Source::Group(group) = source {
                    group.mark_done(&polled.topic, polled.partition, written);
                }
                // What comes after the last record asked for is neither written nor done.
                if left == 0 {
                    break;
                }
            }
            out.flush()?;
        }
        Ok(())
    }

    /// Writes records as long as `left` allows. Returns the offset behind the last one written.
    fn write(&self, out: &mut impl Write, polled: &Polled, left: &mut u64) -> Result<i64, CliError> {
        let mut next = None;
        let mut failed = Ok(());
        polled.for_each(|record| {
            if *left > 0 && failed.is_ok() {
                failed = self.write_record(out, polled, record);
                *left -= 1;
                next = (*left == 0).then_some(record.offset + 1);
            }
        })?;
        failed?;
        Ok(next.unwrap_or(polled.next_offset))
    }

    fn write_record(
        &self,
        out: &mut impl Write,
        polled: &Polled,
        record: &Record<'_>,
    ) -> std::io::Result<()> {
        if self.connect.output == Format::Json {
            return output::json_line(out, &RecordJson::new(&polled.topic, polled.partition, record));
        }
        if let Some(separator) = &self.key_separator {
            out.write_all(record.key.unwrap_or_default())?;
            out.write_all(separator.as_bytes())?;
        }
        out.write_all(record.value.unwrap_or_default())?;
        out.write_all(b"\n")
    }
}

/// Whether everything assigned has been read up to its end. With nothing assigned yet, no.
fn reached(consumer: &Consumer, ends: &BTreeMap<i32, i64>) -> bool {
    let mut any = false;
    let all = consumer.positions().all(|(_, partition, position)| {
        any = true;
        let end = ends.get(&partition).copied().unwrap_or(0);
        end == 0 || position.is_some_and(|position| position >= end)
    });
    all && any
}
