//! `esker group describe`.

use std::sync::Arc;

use clap::Args;
use esker_client::{Client, ClientError, GroupDescription, GroupOffsets, Isolation, OffsetSpec};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Examples:
  esker group describe billing
  esker group describe billing --output json")]
pub(crate) struct Describe {
    /// The group
    group: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// A partition that the group has committed for or has assigned.
struct Row {
    topic: Arc<str>,
    partition: i32,
    committed: Option<i64>,
    /// `None` if the topic is gone.
    end: Option<i64>,
    member: Option<String>,
}

impl Row {
    fn lag(&self) -> Option<i64> {
        Some((self.end? - self.committed?).max(0))
    }
}

impl Describe {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let group = client.describe_group(&self.group).await?;
        let committed = client.committed_offsets(&self.group).await?;
        if group.state == "Dead" && committed.is_empty() {
            return Err(CliError::usage(format!("group {:?} does not exist", self.group)));
        }
        let rows = rows(&client, &group, &committed).await?;
        output::show(self.connect.output, &as_json(&group, &rows), |mut out| {
            writeln!(
                out,
                "group {}: {}, {} members, coordinator {}",
                group.group,
                group.state,
                group.members.len(),
                group.coordinator
            )?;
            let mut table = Table::new(&["topic", "partition", "committed", "end", "lag", "member"]);
            let or_dash = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
            for row in &rows {
                table.row([
                    row.topic.to_string(),
                    row.partition.to_string(),
                    or_dash(row.committed),
                    or_dash(row.end),
                    or_dash(row.lag()),
                    row.member.clone().unwrap_or_else(|| "-".into()),
                ]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}

fn as_json(group: &GroupDescription, rows: &[Row]) -> serde_json::Value {
    let members = group.members.iter().map(|member| {
        json!({
            "member": member.member,
            "instance": member.instance,
            "client_id": member.client_id,
            "host": member.host,
            "assignment": member.assignment,
        })
    });
    let partitions = rows.iter().map(|row| {
        json!({
            "topic": &*row.topic,
            "partition": row.partition,
            "committed": row.committed,
            "end_offset": row.end,
            "lag": row.lag(),
            "member": row.member,
        })
    });
    json!({
        "group": group.group,
        "state": group.state,
        "type": group.kind,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "members": members.collect::<Vec<_>>(),
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

async fn rows(
    client: &Client,
    group: &GroupDescription,
    committed: &GroupOffsets,
) -> Result<Vec<Row>, CliError> {
    let mut rows: std::collections::BTreeMap<(Arc<str>, i32), Row> = std::collections::BTreeMap::new();
    let new = |topic: &Arc<str>, partition| Row {
        topic: Arc::clone(topic),
        partition,
        committed: None,
        end: None,
        member: None,
    };
    for ((topic, partition), offset) in committed {
        let row = rows.entry((topic.clone(), *partition)).or_insert_with(|| new(topic, *partition));
        row.committed = Some(offset.offset);
    }
    for member in &group.members {
        for (topic, partitions) in &member.assignment {
            let topic: Arc<str> = Arc::from(topic.as_str());
            for partition in partitions {
                let row = rows.entry((topic.clone(), *partition)).or_insert_with(|| new(&topic, *partition));
                row.member = Some(member.instance.as_ref().unwrap_or(&member.member).clone());
            }
        }
    }
    let mut places = Vec::new();
    for (topic, partition) in rows.keys() {
        match client.leader_of(topic, *partition).await {
            Ok(_) => places.push((&**topic, *partition, OffsetSpec::Latest)),
            Err(
                ClientError::UnknownTopic(_)
                | ClientError::UnknownPartition { .. }
                | ClientError::NoLeader { .. },
            ) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let ends = client.offsets(&places, Isolation::ReadUncommitted).await?;
    for (key, end) in ends {
        if let Some(row) = rows.get_mut(&key) {
            row.end = Some(end.offset);
        }
    }
    Ok(rows.into_values().collect())
}
