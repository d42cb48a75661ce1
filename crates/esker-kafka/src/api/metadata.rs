//! Metadata: brokers, topics, leaders. Creates topics on first use.

use std::{collections::BTreeSet, sync::Arc};

use esker_core::PartitionId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        MetadataRequest, MetadataResponse,
        metadata_request::MetadataRequestTopic,
        metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
    },
};
use esker_meta::{Topic, check_topic_name};

use crate::{api::acl, broker::Broker, context::Context, topics::is_internal};

pub(crate) const KEY: ApiKey = ApiKey::Metadata;

/// From here on a topic may be asked for by its id.
const IDS_FROM: i16 = 12;

pub(crate) async fn handle(context: Context, request: MetadataRequest) -> MetadataResponse {
    let broker = &context.broker;
    let with_operations = request.include_topic_authorized_operations;
    let mut topics = match wanted(context.version, request.topics) {
        None => {
            let all = broker.catalog.all();
            let live = || all.iter().filter(|topic| !topic.record.deleting);
            context.reserve(live().map(|topic| memory_of(topic)).sum()).await;
            live().map(|topic| describe(broker, topic)).collect()
        }
        Some(wanted) => {
            let known = wanted.iter().filter_map(|wanted| broker.topic(wanted.name.as_ref()?));
            let memory = known.map(|topic| memory_of(&topic)).sum();
            context.reserve(memory).await;
            let mut topics = Vec::with_capacity(wanted.len());
            for topic in wanted {
                topics.push(one(&context, topic, request.allow_auto_topic_creation).await);
            }
            topics
        }
    };
    if with_operations {
        for topic in topics.iter_mut().filter(|topic| topic.error_code == ErrorCode::None.code()) {
            topic.topic_authorized_operations = acl::TOPIC_OPERATIONS;
        }
    }
    let mut response = MetadataResponse {
        brokers: brokers(&context),
        cluster_id: Some(broker.cluster.id().into()),
        controller_id: broker.cluster.controller().map_or(-1, |id| id.0),
        topics,
        ..MetadataResponse::default()
    };
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = acl::CLUSTER_OPERATIONS;
    }
    response
}

/// The topics asked for, each once; `None` for all of them. Version 0 has no null and says it with an empty list.
fn wanted(version: i16, topics: Option<Vec<MetadataRequestTopic>>) -> Option<Vec<MetadataRequestTopic>> {
    let mut topics = topics.filter(|topics| version > 0 || !topics.is_empty())?;
    let mut seen = BTreeSet::new();
    topics.retain(|topic| seen.insert((topic.name.clone(), topic.topic_id)));
    Some(topics)
}

/// Bytes that a topic's part of the response takes while it is put together.
fn memory_of(topic: &Topic) -> usize {
    256 * (1 + topic.record.partitions as usize)
}

fn brokers(context: &Context) -> Vec<MetadataResponseBroker> {
    let nodes = context.broker.cluster.brokers(context.listener());
    let broker = |node: crate::cluster::Node| MetadataResponseBroker {
        node_id: node.id.0,
        host: node.host.into(),
        port: i32::from(node.port),
        rack: node.rack.map(Into::into),
    };
    nodes.into_iter().map(broker).collect()
}

async fn one(context: &Context, wanted: MetadataRequestTopic, may_create: bool) -> MetadataResponseTopic {
    let broker = &context.broker;
    let refuse = |error: ErrorCode, name: Option<KString>| MetadataResponseTopic {
        error_code: error.code(),
        // Only from version 12 on may the name be null.
        name: if context.version >= IDS_FROM { name } else { Some(name.unwrap_or_default()) },
        topic_id: wanted.topic_id,
        ..MetadataResponseTopic::default()
    };
    let Some(name) = wanted.name.clone() else {
        if context.version < IDS_FROM || wanted.topic_id.is_nil() {
            return refuse(ErrorCode::InvalidRequest, None);
        }
        return match broker.topic_by_id(wanted.topic_id) {
            Some(topic) => describe(broker, &topic),
            None => refuse(ErrorCode::UnknownTopicId, None),
        };
    };
    if let Some(topic) = broker.topic(&name) {
        return describe(broker, &topic);
    }
    if check_topic_name(&name).is_err() {
        return refuse(ErrorCode::InvalidTopicException, Some(name));
    }
    let created: Result<Arc<Topic>, ErrorCode> =
        if may_create { broker.auto_create(&name).await } else { Err(ErrorCode::UnknownTopicOrPartition) };
    match created {
        Ok(topic) => describe(broker, &topic),
        Err(error) => refuse(error, Some(name)),
    }
}

fn describe(broker: &Broker, topic: &Topic) -> MetadataResponseTopic {
    let record = &topic.record;
    let partition = |index: u32| {
        let leadership = broker.cluster.leadership(PartitionId { topic: record.number, index });
        let (replica_nodes, isr_nodes, offline_replicas) = leadership.node_ids();
        let error = if leadership.leader.is_some() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
        MetadataResponsePartition {
            error_code: error.code(),
            partition_index: index.cast_signed(),
            leader_id: leadership.leader.map_or(-1, |id| id.0),
            leader_epoch: leadership.epoch.0,
            isr_nodes,
            replica_nodes,
            offline_replicas,
        }
    };
    MetadataResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some(record.name.as_str().into()),
        topic_id: record.id.0,
        is_internal: is_internal(&record.name),
        partitions: (0..record.partitions).map(partition).collect(),
        ..MetadataResponseTopic::default()
    }
}
