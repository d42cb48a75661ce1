//! DescribeQuorum: the controller and those who may become it. There is no metadata log: its high watermark is the
//! revision of the metadata store that this broker has seen.

use esker_core::BrokerId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeQuorumRequest, DescribeQuorumResponse,
        describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
    },
};

use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DescribeQuorum;

/// What Kafka calls the log of its metadata, of one partition.
const METADATA: &str = "__cluster_metadata";

/// From here on the voters' endpoints are there.
const NODES_FROM: i16 = 2;

pub(crate) async fn handle(context: Context, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let known = *topic.topic_name == *METADATA && partition.partition_index == 0;
            if known { quorum(&context.broker) } else { unknown(partition.partition_index) }
        });
        TopicData { partitions: partitions.collect(), topic_name: topic.topic_name.clone() }
    });
    let topics = topics.collect();
    let nodes = if context.version >= NODES_FROM { nodes(&context) } else { Vec::new() };
    DescribeQuorumResponse { error_message: None, topics, nodes, ..DescribeQuorumResponse::default() }
}

fn quorum(broker: &Broker) -> PartitionData {
    let seen = broker.catalog.changed().borrow().0;
    let voters = broker.broker_ids().into_iter().map(|BrokerId(id)| ReplicaState {
        replica_id: id,
        log_end_offset: seen,
        ..ReplicaState::default()
    });
    PartitionData {
        error_message: None,
        leader_id: broker.cluster.controller().map_or(-1, |id| id.0),
        high_watermark: seen,
        current_voters: voters.collect(),
        ..PartitionData::default()
    }
}

fn unknown(index: i32) -> PartitionData {
    let error = ErrorCode::UnknownTopicOrPartition;
    PartitionData {
        partition_index: index,
        error_code: error.code(),
        error_message: Some(KString::from_static(error.name())),
        leader_id: -1,
        ..PartitionData::default()
    }
}

fn nodes(context: &Context) -> Vec<Node> {
    let brokers = context.broker.cluster.brokers(context.listener()).into_iter();
    let node = |node: crate::cluster::Node| Node {
        node_id: node.id.0,
        listeners: vec![Listener {
            name: context.listener().into(),
            host: node.host.into(),
            port: node.port,
        }],
    };
    brokers.map(node).collect()
}
