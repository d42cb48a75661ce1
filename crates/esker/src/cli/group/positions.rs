//! Where a group stands: what it has committed, what is assigned to whom, and where the partitions end.

use std::collections::BTreeMap;
use std::sync::Arc;

use esker_client::{Client, ClientError, GroupDescription, GroupOffsets, Isolation, OffsetSpec};
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::output::Table;

/// A partition that the group has committed for or has assigned.
pub(super) struct Position {
    topic: Arc<str>,
    partition: i32,
    committed: Option<i64>,
    /// `None` if the topic is gone.
    end: Option<i64>,
    member: Option<String>,
}

impl Position {
    fn lag(&self) -> Option<i64> {
        Some((self.end? - self.committed?).max(0))
    }

    pub(super) fn as_json(&self) -> serde_json::Value {
        json!({
            "topic": &*self.topic,
            "partition": self.partition,
            "committed": self.committed,
            "end_offset": self.end,
            "lag": self.lag(),
            "member": self.member,
        })
    }
}

/// The positions as rows for people.
pub(super) fn table(positions: &[Position]) -> Table {
    let mut table = Table::new(&["topic", "partition", "committed", "end", "lag", "member"]);
    let or_dash = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
    for row in positions {
        table.row([
            row.topic.to_string(),
            row.partition.to_string(),
            or_dash(row.committed),
            or_dash(row.end),
            or_dash(row.lag()),
            row.member.clone().unwrap_or_else(|| "-".into()),
        ]);
    }
    table
}

/// A group that exists, and what it has committed.
pub(super) async fn existing(
    client: &Client,
    name: &str,
) -> Result<(GroupDescription, GroupOffsets), CliError> {
    let group = client.describe_group(name).await?;
    let committed = client.committed_offsets(name).await?;
    if group.state == "Dead" && committed.is_empty() {
        return Err(CliError::usage(format!("group {name:?} does not exist")));
    }
    Ok((group, committed))
}

/// Its positions, by topic and partition.
pub(super) async fn positions(
    client: &Client,
    group: &GroupDescription,
    committed: &GroupOffsets,
) -> Result<Vec<Position>, CliError> {
    let mut rows: BTreeMap<(Arc<str>, i32), Position> = BTreeMap::new();
    let new = |topic: &Arc<str>, partition| Position {
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
