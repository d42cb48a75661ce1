//! DescribeTopicPartitions: topics in pages, for clients that list very many partitions.

use std::{collections::BTreeSet, sync::Arc};

use esker_core::PartitionId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
        describe_topic_partitions_response::{
            Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
        },
    },
};
use esker_meta::{Topic, check_topic_name};

use crate::{api::acl, broker::Broker, context::Context, topics::is_internal};

pub(crate) const KEY: ApiKey = ApiKey::DescribeTopicPartitions;

/// `max.request.partition.size.limit`.
const MOST_PARTITIONS: usize = 2000;

pub(crate) async fn handle(
    context: Context,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let broker = &context.broker;
    let (first_topic, first_partition) = match &request.cursor {
        Some(cursor) if cursor.partition_index >= 0 => (cursor.topic_name.as_str(), cursor.partition_index),
        Some(cursor) => (cursor.topic_name.as_str(), 0),
        None => ("", 0),
    };
    let every = request.topics.is_empty();
    let names: BTreeSet<KString> = if every {
        let topics = broker.catalog.all();
        topics
            .iter()
            .filter(|topic| !topic.record.deleting)
            .map(|topic| topic.record.name.as_str().into())
            .collect()
    } else {
        request.topics.into_iter().map(|topic| topic.name).collect()
    };
    let mut left = usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, MOST_PARTITIONS);
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in names.into_iter().filter(|name| name.as_str() >= first_topic) {
        if left == 0 {
            response.next_cursor = Some(Cursor { topic_name: name, partition_index: 0 });
            break;
        }
        let Some(topic) = broker.topic(&name) else {
            // One that was deleted since it was listed is not worth an error.
            if !every {
                response.topics.push(missing(name));
            }
            continue;
        };
        let from = if name.as_str() == first_topic { first_partition.cast_unsigned() } else { 0 };
        let upto = topic.record.partitions.min(from.saturating_add(u32::try_from(left).unwrap_or(u32::MAX)));
        response.topics.push(describe(broker, &topic, from..upto));
        left -= upto.saturating_sub(from) as usize;
        if upto < topic.record.partitions {
            response.next_cursor = Some(Cursor { topic_name: name, partition_index: upto.cast_signed() });
            break;
        }
    }
    response
}

fn missing(name: KString) -> DescribeTopicPartitionsResponseTopic {
    let error = if check_topic_name(&name).is_ok() {
        ErrorCode::UnknownTopicOrPartition
    } else {
        ErrorCode::InvalidTopicException
    };
    DescribeTopicPartitionsResponseTopic {
        error_code: error.code(),
        name: Some(name),
        ..DescribeTopicPartitionsResponseTopic::default()
    }
}

fn describe(
    broker: &Broker,
    topic: &Arc<Topic>,
    indexes: std::ops::Range<u32>,
) -> DescribeTopicPartitionsResponseTopic {
    let record = &topic.record;
    let partition = |index: u32| {
        let leadership = broker.cluster.leadership(PartitionId { topic: record.number, index });
        let (replica_nodes, isr_nodes, offline_replicas) = leadership.node_ids();
        let error = if leadership.leader.is_some() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
        DescribeTopicPartitionsResponsePartition {
            error_code: error.code(),
            partition_index: index.cast_signed(),
            leader_id: leadership.leader.map_or(-1, |id| id.0),
            leader_epoch: leadership.epoch.0,
            isr_nodes,
            replica_nodes,
            eligible_leader_replicas: Some(Vec::new()),
            last_known_elr: Some(Vec::new()),
            offline_replicas,
        }
    };
    DescribeTopicPartitionsResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some(record.name.as_str().into()),
        topic_id: record.id.0,
        is_internal: is_internal(&record.name),
        partitions: indexes.map(partition).collect(),
        topic_authorized_operations: acl::TOPIC_OPERATIONS,
    }
}
