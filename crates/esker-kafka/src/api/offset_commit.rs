//! OffsetCommit: a group notes how far it has read.

use std::time::Duration;

use esker_coordinator::{CommitRequest, OffsetToCommit};
use esker_core::{Epoch, Offset};
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        OffsetCommitRequest, OffsetCommitResponse,
        offset_commit_request::OffsetCommitRequestPartition,
        offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
    },
};
use esker_meta::Topic;

use super::groups::member;
use crate::{
    context::Context,
    topics::{TopicRef, partition},
};

pub(crate) const KEY: ApiKey = ApiKey::OffsetCommit;

/// From here on topics are named by their ids.
const IDS_FROM: i16 = 10;
/// From here on a group that does not exist is an error of its own.
const GROUP_NOT_FOUND_FROM: i16 = 9;

pub(crate) async fn handle(context: Context, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let broker = &context.broker;
    let mut offsets = Vec::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    // Which partitions of the response wait for the coordinator, in the order of `offsets`.
    let mut waiting = Vec::new();
    for asked in request.topics {
        let by = TopicRef::of(context.version, IDS_FROM, &asked.name, asked.topic_id);
        let found = by.find(broker);
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for wanted in asked.partitions {
            let error = match &found {
                Err(error) => *error,
                Ok(topic) if partition(topic, wanted.partition_index).is_none() => {
                    ErrorCode::UnknownTopicOrPartition
                }
                Ok(topic) => {
                    waiting.push((topics.len(), partitions.len()));
                    offsets.push(to_commit(topic, &wanted));
                    ErrorCode::None
                }
            };
            partitions.push(OffsetCommitResponsePartition {
                partition_index: wanted.partition_index,
                error_code: error.code(),
            });
        }
        let (name, topic_id) = by.names();
        topics.push(OffsetCommitResponseTopic { name, topic_id, partitions });
    }
    if !offsets.is_empty() {
        let retention = u64::try_from(request.retention_time_ms).ok().map(Duration::from_millis);
        let commit = CommitRequest {
            member: member(
                request.member_id,
                request.group_instance_id,
                request.generation_id_or_member_epoch,
            ),
            retention,
            knows_group_not_found: context.version >= GROUP_NOT_FOUND_FROM,
            offsets,
        };
        let committed = broker.groups.commit(&request.group_id, &commit).await;
        for (position, (topic, partition)) in waiting.into_iter().enumerate() {
            let result = committed.as_ref().map_or_else(|error| Err(*error), |results| results[position]);
            topics[topic].partitions[partition].error_code = super::groups::code_of(&result);
        }
    }
    OffsetCommitResponse { topics, ..OffsetCommitResponse::default() }
}

fn to_commit(topic: &Topic, wanted: &OffsetCommitRequestPartition) -> OffsetToCommit {
    let epoch = wanted.committed_leader_epoch;
    OffsetToCommit {
        topic: topic.record.name.as_str().into(),
        partition: wanted.partition_index,
        offset: Offset(wanted.committed_offset),
        leader_epoch: (epoch >= 0).then_some(Epoch(epoch)),
        metadata: wanted.committed_metadata.clone().unwrap_or_default(),
        topic_id: topic.record.id.0,
    }
}
