//! Fetch: record batches as they are stored, with long polling and fetch sessions.

mod gather;

#[cfg(test)]
pub(crate) mod tests;

use esker_kafka_wire::{
    ApiKey, ErrorCode, Reader, decode_request, encode_response,
    messages::{
        FetchRequest, FetchResponse,
        fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData},
    },
};

use crate::{
    api::fetch_session::{Begun, Wanted},
    context::Context,
    dispatch::{Answer, Outcome},
    topics::{TopicRef, partition},
};
pub(crate) use gather::Gathered;

/// From here on topics are named by their ids.
pub(crate) const IDS_FROM: i16 = 13;
/// From here on a partition's error names the leader to go to.
const LEADERS_FROM: i16 = 12;
/// From here on the leaders' endpoints are there too.
const ENDPOINTS_FROM: i16 = 16;

pub(crate) async fn serve(context: Context, mut reader: Reader) -> Outcome {
    let request: FetchRequest = decode_request(&mut reader, context.version)?;
    context.decoded(reader.budget());
    drop(reader);
    let limits = gather::Limits::of(&context, &request);
    let sessions = &context.broker.fetch_sessions;
    let begun = match sessions.begin(&context, &request) {
        Ok(begun) => begun,
        Err(error) => {
            context.broker.config.metrics.error(ApiKey::Fetch, error.code());
            return encode(&context, &refuse(error), Answer::default());
        }
    };
    drop(request);
    let (gathered, memory) = gather::gather(&context, begun.wanted(), limits).await;
    let (session_id, keep) = sessions.finish(&context, &begun, &gathered);
    let Begun { wanted, .. } = begun;
    let parts = wanted.into_iter().zip(gathered).zip(keep).filter(|(_, keep)| *keep).map(|(part, _)| part);
    let mut response = FetchResponse { session_id, ..FetchResponse::default() };
    for (wanted, gathered) in parts {
        push(&context, &mut response, &wanted, gathered);
    }
    encode(&context, &response, Answer { rope: None, memory })
}

fn refuse(error: ErrorCode) -> FetchResponse {
    FetchResponse { error_code: error.code(), ..FetchResponse::default() }
}

fn encode(context: &Context, response: &FetchResponse, answer: Answer) -> Outcome {
    let rope = encode_response(context.correlation_id, context.version, response)?;
    Ok(Answer { rope: Some(rope), ..answer })
}

/// Adds a partition; partitions of one topic that follow one another share its entry.
fn push(context: &Context, response: &mut FetchResponse, wanted: &Wanted, gathered: Gathered) {
    let mut data = gathered.data;
    context.broker.config.metrics.error(ApiKey::Fetch, data.error_code);
    if context.version >= LEADERS_FROM && moved(&data) {
        data.current_leader = leader(context, wanted);
        if context.version >= ENDPOINTS_FROM && response.node_endpoints.is_empty() {
            response.node_endpoints = endpoints(context);
        }
    }
    let (topic, topic_id) = wanted.topic.names();
    match response.responses.last_mut() {
        Some(last) if last.topic_id == topic_id && last.topic == topic => last.partitions.push(data),
        _ => response.responses.push(FetchableTopicResponse { topic, topic_id, partitions: vec![data] }),
    }
}

fn moved(data: &PartitionData) -> bool {
    [ErrorCode::NotLeaderOrFollower, ErrorCode::FencedLeaderEpoch]
        .into_iter()
        .any(|error| error.code() == data.error_code)
}

fn leader(context: &Context, wanted: &Wanted) -> LeaderIdAndEpoch {
    let found = TopicRef::find(&wanted.topic, &context.broker).ok();
    let Some(id) = found.and_then(|topic| partition(&topic, wanted.index)) else {
        return LeaderIdAndEpoch::default();
    };
    let leadership = context.broker.cluster.leadership(id);
    LeaderIdAndEpoch { leader_id: leadership.leader.map_or(-1, |id| id.0), leader_epoch: leadership.epoch.0 }
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
