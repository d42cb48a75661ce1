//! Committed offsets of a group, from the outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use esker_kafka_wire::KString;
use esker_kafka_wire::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use esker_kafka_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use esker_kafka_wire::messages::{OffsetCommitRequest, OffsetFetchRequest, OffsetFetchResponse};

use crate::retry::with_retry;
use crate::{Client, ClientError, Connection};

/// The newest versions that name topics rather than giving their ids.
const LAST_VERSION_WITH_NAMES: i16 = 9;

/// A committed position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset to read.
    pub offset: i64,
    /// What the committer added.
    pub metadata: Option<String>,
}

/// Committed positions by topic and partition.
pub type GroupOffsets = BTreeMap<(Arc<str>, i32), CommittedOffset>;

/// Who commits: a member in its generation, or, as `default()`, somebody from outside of an empty group.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    pub(crate) generation: i32,
    pub(crate) member: String,
    pub(crate) instance: Option<String>,
}

impl Default for Committer {
    fn default() -> Self {
        Self { generation: -1, member: String::new(), instance: None }
    }
}

impl Client {
    /// All positions that a group has committed.
    ///
    /// # Errors
    /// The coordinator refuses or does not answer.
    pub async fn committed_offsets(&self, group: &str) -> Result<GroupOffsets, ClientError> {
        with_retry!(self, {
            let connection = self.coordinator_connection(group).await?;
            fetch_offsets(&connection, group, None).await
        })
    }

    /// Sets positions of a group without members.
    ///
    /// # Errors
    /// The group has members, or a partition does not exist.
    pub async fn commit_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<(Arc<str>, i32), i64>,
    ) -> Result<(), ClientError> {
        with_retry!(self, {
            let connection = self.coordinator_connection(group).await?;
            commit(&connection, group, &Committer::default(), offsets).await
        })
    }
}

/// Positions of the partitions asked for, of all with `None`. Partitions without one are missing.
pub(crate) async fn fetch_offsets(
    connection: &Connection,
    group: &str,
    topics: Option<&BTreeMap<Arc<str>, Vec<i32>>>,
) -> Result<GroupOffsets, ClientError> {
    let version = connection.version_of::<OffsetFetchRequest>(LAST_VERSION_WITH_NAMES)?;
    let mut request = OffsetFetchRequest { require_stable: version >= 7, ..Default::default() };
    if version >= 8 {
        let as_topic = |(name, partitions): (&Arc<str>, &Vec<i32>)| OffsetFetchRequestTopics {
            name: KString::from(&**name),
            partition_indexes: partitions.clone(),
            ..Default::default()
        };
        request.groups = vec![OffsetFetchRequestGroup {
            group_id: KString::from(group),
            topics: topics.map(|topics| topics.iter().map(as_topic).collect()),
            ..Default::default()
        }];
    } else {
        let as_topic = |(name, partitions): (&Arc<str>, &Vec<i32>)| OffsetFetchRequestTopic {
            name: KString::from(&**name),
            partition_indexes: partitions.clone(),
        };
        request.group_id = KString::from(group);
        request.topics = topics.map(|topics| topics.iter().map(as_topic).collect());
    }
    let response = connection.start(&request, LAST_VERSION_WITH_NAMES, std::time::Duration::ZERO)?.await?;
    read(&response, group)
}

fn read(response: &OffsetFetchResponse, group: &str) -> Result<GroupOffsets, ClientError> {
    let what = || format!("reading the offsets of group {group:?}");
    let mut found = GroupOffsets::new();
    let mut take = |topic: &KString, partition, code, offset, metadata: &Option<KString>| {
        ClientError::check(code, None, what)?;
        if offset >= 0 {
            let metadata =
                metadata.as_ref().filter(|text| !text.is_empty()).map(|text| text.as_str().to_owned());
            found.insert((Arc::from(topic.as_str()), partition), CommittedOffset { offset, metadata });
        }
        Ok::<(), ClientError>(())
    };
    ClientError::check(response.error_code, None, what)?;
    for topic in &response.topics {
        for p in &topic.partitions {
            take(&topic.name, p.partition_index, p.error_code, p.committed_offset, &p.metadata)?;
        }
    }
    for group in &response.groups {
        ClientError::check(group.error_code, None, what)?;
        for topic in &group.topics {
            for p in &topic.partitions {
                take(&topic.name, p.partition_index, p.error_code, p.committed_offset, &p.metadata)?;
            }
        }
    }
    Ok(found)
}

/// Commits positions.
pub(crate) async fn commit(
    connection: &Connection,
    group: &str,
    committer: &Committer,
    offsets: &BTreeMap<(Arc<str>, i32), i64>,
) -> Result<(), ClientError> {
    let mut topics: Vec<OffsetCommitRequestTopic> = Vec::new();
    for ((name, partition), offset) in offsets {
        let partition = OffsetCommitRequestPartition {
            partition_index: *partition,
            committed_offset: *offset,
            ..Default::default()
        };
        match topics.last_mut() {
            Some(last) if last.name.as_str() == &**name => last.partitions.push(partition),
            _ => topics.push(OffsetCommitRequestTopic {
                name: KString::from(&**name),
                partitions: vec![partition],
                ..Default::default()
            }),
        }
    }
    let request = OffsetCommitRequest {
        group_id: KString::from(group),
        generation_id_or_member_epoch: committer.generation,
        member_id: KString::from(committer.member.as_str()),
        group_instance_id: committer.instance.as_deref().map(KString::from),
        topics,
        ..Default::default()
    };
    let response = connection.start(&request, LAST_VERSION_WITH_NAMES, std::time::Duration::ZERO)?.await?;
    for topic in &response.topics {
        for partition in &topic.partitions {
            ClientError::check(partition.error_code, None, || {
                format!("committing {}-{} for group {group:?}", topic.name, partition.partition_index)
            })?;
        }
    }
    Ok(())
}
