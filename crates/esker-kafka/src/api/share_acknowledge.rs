//! ShareAcknowledge: what became of records that a share group's member was given.

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        ShareAcknowledgeRequest, ShareAcknowledgeResponse,
        share_acknowledge_response::{
            LeaderIdAndEpoch, NodeEndpoint, PartitionData, ShareAcknowledgeTopicResponse,
        },
    },
};
use esker_share::Release;

use crate::{
    api::{
        share_acks::{Renewing, Said, settle},
        share_fetch::{leader_of, lock_ms, names_leader},
        share_session::{Holder, INITIAL, Named, Step, release},
    },
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::ShareAcknowledge;

pub(crate) async fn handle(context: Context, request: ShareAcknowledgeRequest) -> ShareAcknowledgeResponse {
    match acknowledge(&context, request).await {
        Ok(response) => response,
        Err(error) => {
            ShareAcknowledgeResponse { error_code: error.code(), ..ShareAcknowledgeResponse::default() }
        }
    }
}

async fn acknowledge(
    context: &Context,
    request: ShareAcknowledgeRequest,
) -> Result<ShareAcknowledgeResponse, ErrorCode> {
    let broker = &context.broker;
    let holder = Holder::of(request.group_id.as_ref(), request.member_id.as_ref())?;
    if request.share_session_epoch == INITIAL {
        return Err(ErrorCode::InvalidShareSessionEpoch);
    }
    let step = broker.share_sessions.step(&holder, &context.connection, request.share_session_epoch)?;
    let mut said: BTreeMap<Named, Vec<Said>> = BTreeMap::new();
    for topic in request.topics {
        for partition in topic.partitions {
            let batches = partition.acknowledgement_batches.into_iter().map(|batch| Said {
                first: batch.first_offset,
                last: batch.last_offset,
                types: batch.acknowledge_types,
            });
            said.entry((topic.topic_id, partition.partition_index)).or_default().extend(batches);
        }
    }
    let own = broker.shares.overrides(&holder.group);
    let renewing = Renewing { asked: request.is_renew_ack, allowed: own.renew.unwrap_or(true) };
    let results = settle(context, &holder, said, renewing).await;
    if step == Step::Closes {
        let partitions = broker.share_sessions.close(&holder, &context.connection);
        release(broker, &holder, &partitions, Release::Unseen).await;
    }
    let mut response = ShareAcknowledgeResponse {
        acquisition_lock_timeout_ms: lock_ms(context, &holder.group),
        ..ShareAcknowledgeResponse::default()
    };
    for ((topic_id, partition_index), result) in results {
        let error = result.err().unwrap_or(ErrorCode::None);
        let mut data =
            PartitionData { partition_index, error_code: error.code(), ..PartitionData::default() };
        if names_leader(error) {
            let (leader_id, leader_epoch) = leader_of(context, (topic_id, partition_index));
            data.current_leader = LeaderIdAndEpoch { leader_id, leader_epoch };
            if response.node_endpoints.is_empty() {
                response.node_endpoints = endpoints(context);
            }
        }
        match response.responses.last_mut() {
            Some(last) if last.topic_id == topic_id => last.partitions.push(data),
            _ => response.responses.push(ShareAcknowledgeTopicResponse { topic_id, partitions: vec![data] }),
        }
    }
    Ok(response)
}

fn endpoints(context: &Context) -> Vec<NodeEndpoint> {
    let nodes = context.broker.cluster.brokers(context.listener());
    nodes
        .into_iter()
        .map(|node| NodeEndpoint {
            node_id: node.id.0,
            host: node.host.into(),
            port: i32::from(node.port),
            rack: node.rack.map(Into::into),
        })
        .collect()
}
