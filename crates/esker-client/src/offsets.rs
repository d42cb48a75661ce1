//! Asking leaders for offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use esker_kafka_wire::KString;
use esker_kafka_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use esker_kafka_wire::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::retry::with_retry;
use crate::{Client, ClientError};

/// Which records a reader sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All, also those of open and aborted transactions.
    #[default]
    ReadUncommitted,
    /// Only those of committed transactions, and those without one.
    ReadCommitted,
}

impl Isolation {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i8 {
        self as i8
    }
}

/// A place in a partition, to be turned into an offset by its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first offset.
    Earliest,
    /// The end: what comes next.
    Latest,
    /// The record with the largest timestamp.
    MaxTimestamp,
    /// The first record at or after this time, milliseconds since the Unix epoch, not negative.
    Timestamp(i64),
}

impl OffsetSpec {
    const fn number(self) -> i64 {
        match self {
            Self::Latest => -1,
            Self::Earliest => -2,
            Self::MaxTimestamp => -3,
            Self::Timestamp(at) => at,
        }
    }
}

/// What a leader found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset; -1 when no record is that young.
    pub offset: i64,
    /// The record's timestamp; -1 where there is no record.
    pub timestamp: i64,
}

type Places<'a> = Vec<(&'a str, i32, OffsetSpec)>;

impl Client {
    /// Asks the leaders for offsets, with retries.
    ///
    /// # Errors
    /// The first partition's that fails for good.
    pub async fn offsets(
        &self,
        places: &[(&str, i32, OffsetSpec)],
        isolation: Isolation,
    ) -> Result<BTreeMap<(Arc<str>, i32), FoundOffset>, ClientError> {
        let mut found = BTreeMap::new();
        with_retry!(self, {
            let mut by_leader: BTreeMap<i32, Places<'_>> = BTreeMap::new();
            for place @ (name, partition, _) in places {
                if found.contains_key(&(Arc::from(*name), *partition)) {
                    continue;
                }
                by_leader.entry(self.leader_of(name, *partition).await?).or_default().push(*place);
            }
            for (leader, places) in by_leader {
                let connection = self.connection(leader).await?;
                let response = connection.call(&request(&places, isolation)).await?;
                read(&response, &mut found)?;
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The broker that leads a partition, from what is known or by asking.
    ///
    /// # Errors
    /// The topic or partition does not exist, or nobody leads it now.
    pub async fn leader_of(&self, name: &str, partition: i32) -> Result<i32, ClientError> {
        let topic = self.topic(name).await?;
        let Some(info) = topic.partition(partition) else {
            let count = topic.partitions.len();
            return Err(ClientError::UnknownPartition { topic: name.to_owned(), partition, count });
        };
        info.leader.ok_or_else(|| ClientError::NoLeader { topic: name.to_owned(), partition })
    }
}

fn request(places: &Places<'_>, isolation: Isolation) -> ListOffsetsRequest {
    let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for (name, partition, spec) in places {
        topics.entry(name).or_default().push(ListOffsetsPartition {
            partition_index: *partition,
            current_leader_epoch: -1,
            timestamp: spec.number(),
        });
    }
    ListOffsetsRequest {
        replica_id: -1,
        isolation_level: isolation.number(),
        topics: topics
            .into_iter()
            .map(|(name, partitions)| ListOffsetsTopic { name: KString::from(name), partitions })
            .collect(),
        timeout_ms: 30_000,
    }
}

fn read(
    response: &ListOffsetsResponse,
    found: &mut BTreeMap<(Arc<str>, i32), FoundOffset>,
) -> Result<(), ClientError> {
    for topic in &response.topics {
        for partition in &topic.partitions {
            let index = partition.partition_index;
            ClientError::check(partition.error_code, None, || {
                format!("asking for offsets of {}-{index}", topic.name)
            })?;
            let offset = FoundOffset { offset: partition.offset, timestamp: partition.timestamp };
            found.insert((Arc::from(topic.name.as_str()), index), offset);
        }
    }
    Ok(())
}
