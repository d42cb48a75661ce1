//! DescribeShareGroupOffsets: where share groups stand in partitions.

use std::collections::BTreeMap;

use esker_coordinator::{ShareStand, ShareTarget, ShareWhat};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse,
        describe_share_group_offsets_request::{
            DescribeShareGroupOffsetsRequestGroup, DescribeShareGroupOffsetsRequestTopic,
        },
        describe_share_group_offsets_response::{
            DescribeShareGroupOffsetsResponseGroup, DescribeShareGroupOffsetsResponsePartition,
            DescribeShareGroupOffsetsResponseTopic,
        },
    },
};
use uuid::Uuid;

use super::share_offsets::{ask, check_group, code};
use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DescribeShareGroupOffsets;

pub(crate) async fn handle(
    context: Context,
    request: DescribeShareGroupOffsetsRequest,
) -> DescribeShareGroupOffsetsResponse {
    let mut groups = Vec::with_capacity(request.groups.len());
    for group in request.groups {
        groups.push(one(&context.broker, group).await);
    }
    DescribeShareGroupOffsetsResponse { groups, ..DescribeShareGroupOffsetsResponse::default() }
}

async fn one(
    broker: &Broker,
    request: DescribeShareGroupOffsetsRequestGroup,
) -> DescribeShareGroupOffsetsResponseGroup {
    let group_id = request.group_id;
    if let Err((error, why)) = check_group(broker, &group_id, false).await {
        return DescribeShareGroupOffsetsResponseGroup {
            group_id,
            error_code: error.code(),
            error_message: Some(why.into()),
            ..DescribeShareGroupOffsetsResponseGroup::default()
        };
    }
    let topics = match request.topics {
        Some(topics) => named(broker, &group_id, topics).await,
        None => all(broker, &group_id).await,
    };
    DescribeShareGroupOffsetsResponseGroup {
        group_id,
        topics,
        ..DescribeShareGroupOffsetsResponseGroup::default()
    }
}

async fn named(
    broker: &Broker,
    group: &KString,
    topics: Vec<DescribeShareGroupOffsetsRequestTopic>,
) -> Vec<DescribeShareGroupOffsetsResponseTopic> {
    let mut targets = Vec::new();
    for topic in &topics {
        if let Some(found) = broker.topic(&topic.topic_name) {
            let id = found.record.id.0;
            targets.extend(topic.partitions.iter().map(|&index| ShareTarget { topic: id, index, start: 0 }));
        }
    }
    let mut answers = BTreeMap::new();
    if !targets.is_empty() {
        for found in ask(broker, group, ShareWhat::Describe, targets).await {
            answers.insert((found.topic, found.index), found.result);
        }
    }
    topics
        .into_iter()
        .map(|topic| {
            let topic_id = broker.topic(&topic.topic_name).map_or(Uuid::nil(), |found| found.record.id.0);
            let partitions = topic.partitions.iter().map(|&index| match answers.get(&(topic_id, index)) {
                Some(Ok(stand)) => stands(index, stand),
                Some(Err(error)) => refused(index, code(*error)),
                None => refused(index, ErrorCode::UnknownTopicOrPartition),
            });
            DescribeShareGroupOffsetsResponseTopic {
                topic_id,
                partitions: partitions.collect(),
                topic_name: topic.topic_name,
            }
        })
        .collect()
}

async fn all(broker: &Broker, group: &KString) -> Vec<DescribeShareGroupOffsetsResponseTopic> {
    let mut topics: BTreeMap<Uuid, DescribeShareGroupOffsetsResponseTopic> = BTreeMap::new();
    for found in ask(broker, group, ShareWhat::Describe, Vec::new()).await {
        // Of a topic that is being deleted.
        let Some(topic) = broker.topic_by_id(found.topic) else { continue };
        let entry = topics.entry(found.topic).or_insert_with(|| DescribeShareGroupOffsetsResponseTopic {
            topic_name: topic.record.name.as_str().into(),
            topic_id: found.topic,
            partitions: Vec::new(),
        });
        entry.partitions.push(match found.result {
            Ok(stand) => stands(found.index, &stand),
            Err(error) => refused(found.index, code(error)),
        });
    }
    topics.into_values().collect()
}

fn stands(partition_index: i32, stand: &ShareStand) -> DescribeShareGroupOffsetsResponsePartition {
    DescribeShareGroupOffsetsResponsePartition {
        partition_index,
        start_offset: stand.start.unwrap_or(-1),
        leader_epoch: stand.leader_epoch,
        lag: stand.lag,
        ..DescribeShareGroupOffsetsResponsePartition::default()
    }
}

fn refused(partition_index: i32, error: ErrorCode) -> DescribeShareGroupOffsetsResponsePartition {
    DescribeShareGroupOffsetsResponsePartition {
        partition_index,
        start_offset: -1,
        lag: -1,
        error_code: error.code(),
        ..DescribeShareGroupOffsetsResponsePartition::default()
    }
}
