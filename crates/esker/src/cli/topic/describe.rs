//! `esker topic describe`.

use clap::Args;
use esker_client::{ConfigEntry, Isolation, OffsetSpec, ResourceKind, Topic};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Examples:
  esker topic describe orders
  esker topic describe orders --all-configs --output json")]
pub(crate) struct Describe {
    /// The topic
    name: String,
    /// Show the settings that the topic inherits too
    #[arg(long)]
    all_configs: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// A partition with its first offset and its end, where it has a leader to ask.
struct Row {
    index: i32,
    leader: Option<i32>,
    epoch: i32,
    replicas: Vec<i32>,
    in_sync: Vec<i32>,
    range: Option<(i64, i64)>,
}

impl Describe {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let topic = client.topic(&self.name).await?;
        let mut configs = client.describe_configs(ResourceKind::Topic, &self.name).await?;
        configs.retain(|entry| entry.is_own || self.all_configs);
        configs.sort_by(|a, b| a.name.cmp(&b.name));
        let rows = rows(&client, &topic).await?;
        let json = json!({
            "topic": self.name,
            "id": topic.id.to_string(),
            "internal": topic.internal,
            "partitions": rows.iter().map(Row::json).collect::<Vec<_>>(),
            "configs": configs.iter().map(|entry| (entry.name.clone(), json!(entry.value))).collect::<serde_json::Map<_, _>>(),
        });
        output::show(self.connect.output, &json, |mut out| {
            writeln!(out, "topic {} ({})", self.name, topic.id)?;
            for ConfigEntry { name, value, is_own, .. } in &configs {
                let inherited = if *is_own { "" } else { "  (inherited)" };
                writeln!(out, "  {name} = {}{inherited}", value.as_deref().unwrap_or("-"))?;
            }
            let mut table =
                Table::new(&["partition", "leader", "epoch", "replicas", "in sync", "first", "end"]);
            for row in &rows {
                table.row(row.cells());
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}

async fn rows(client: &esker_client::Client, topic: &Topic) -> Result<Vec<Row>, CliError> {
    let led: Vec<i32> =
        topic.partitions.iter().filter(|p| p.leader.is_some()).map(|partition| partition.index).collect();
    let ask = async |spec| {
        let places: Vec<_> = led.iter().map(|index| (&*topic.name, *index, spec)).collect();
        client.offsets(&places, Isolation::ReadUncommitted).await
    };
    let (first, end) = (ask(OffsetSpec::Earliest).await?, ask(OffsetSpec::Latest).await?);
    let row = |partition: &esker_client::PartitionInfo| {
        let key = (topic.name.clone(), partition.index);
        Row {
            index: partition.index,
            leader: partition.leader,
            epoch: partition.leader_epoch,
            replicas: partition.replicas.clone(),
            in_sync: partition.in_sync.clone(),
            range: first.get(&key).zip(end.get(&key)).map(|(first, end)| (first.offset, end.offset)),
        }
    };
    Ok(topic.partitions.iter().map(row).collect())
}

impl Row {
    fn json(&self) -> serde_json::Value {
        json!({
            "partition": self.index,
            "leader": self.leader,
            "leader_epoch": self.epoch,
            "replicas": self.replicas,
            "in_sync": self.in_sync,
            "first_offset": self.range.map(|(first, _)| first),
            "end_offset": self.range.map(|(_, end)| end),
        })
    }

    fn cells(&self) -> [String; 7] {
        let ids = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let or_dash = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
        [
            self.index.to_string(),
            or_dash(self.leader.map(i64::from)),
            self.epoch.to_string(),
            ids(&self.replicas),
            ids(&self.in_sync),
            or_dash(self.range.map(|(first, _)| first)),
            or_dash(self.range.map(|(_, end)| end)),
        ]
    }
}
