//! ShareFetch: gives records of partitions to one of a share group's members, and takes what it says of earlier ones.

mod batches;
mod gather;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ErrorCode, KString, Reader, decode_request, encode_response,
    messages::{
        ShareFetchRequest, ShareFetchResponse,
        share_fetch_response::{
            AcquiredRecords, LeaderIdAndEpoch, NodeEndpoint, PartitionData, ShareFetchableTopicResponse,
        },
    },
};
use esker_share::{Mode, Release};

use crate::{
    api::{
        share_acks::{Renewing, Results, Said, settle},
        share_session::{Holder, Named, Step, release},
    },
    budget::Grant,
    context::Context,
    dispatch::{Answer, Outcome},
    topics::{TopicRef, partition},
};
use gather::{Given, Limits, gather};

/// A record limit that is meant to the record (KIP-1206).
const RECORD_LIMIT: i8 = 1;

pub(crate) async fn serve(context: Context, mut reader: Reader) -> Outcome {
    let request: ShareFetchRequest = decode_request(&mut reader, context.version)?;
    context.decoded(reader.budget());
    drop(reader);
    let (response, memory) = match fetch(&context, request).await {
        Ok(done) => done,
        Err(error) => {
            let refused = ShareFetchResponse { error_code: error.code(), ..ShareFetchResponse::default() };
            (refused, Grant::default())
        }
    };
    let rope = encode_response(context.correlation_id, context.version, &response)?;
    Ok(Answer { rope: Some(rope), memory })
}

/// What a request says, in the forms that are needed here.
struct Parts {
    listed: Vec<Named>,
    forgotten: Vec<Named>,
    said: BTreeMap<Named, Vec<Said>>,
}

fn take_apart(request: &mut ShareFetchRequest) -> Parts {
    let mut parts = Parts { listed: Vec::new(), forgotten: Vec::new(), said: BTreeMap::new() };
    for topic in std::mem::take(&mut request.topics) {
        for partition in topic.partitions {
            let named = (topic.topic_id, partition.partition_index);
            parts.listed.push(named);
            let batches = partition.acknowledgement_batches;
            if !batches.is_empty() {
                let said = batches.into_iter().map(|batch| Said {
                    first: batch.first_offset,
                    last: batch.last_offset,
                    types: batch.acknowledge_types,
                });
                parts.said.entry(named).or_default().extend(said);
            }
        }
    }
    for topic in std::mem::take(&mut request.forgotten_topics_data) {
        parts.forgotten.extend(topic.partitions.into_iter().map(|partition| (topic.topic_id, partition)));
    }
    parts
}

async fn fetch(
    context: &Context,
    mut request: ShareFetchRequest,
) -> Result<(ShareFetchResponse, Grant), ErrorCode> {
    let broker = &context.broker;
    let holder = Holder::of(request.group_id.as_ref(), request.member_id.as_ref())?;
    let Parts { listed, forgotten, said } = take_apart(&mut request);
    let asks = [request.max_wait_ms, request.min_bytes, request.max_bytes, request.max_records];
    if request.is_renew_ack && asks.iter().any(|asked| *asked != 0) {
        return Err(ErrorCode::InvalidRequest);
    }
    if !(0..=RECORD_LIMIT).contains(&request.share_acquire_mode) {
        return Err(ErrorCode::InvalidRequest);
    }
    // Nothing can have been given out in a session that is not there yet; nobody fetches in one that ends.
    let opens = request.share_session_epoch == super::share_session::INITIAL;
    let closes = request.share_session_epoch == super::share_session::FINAL;
    let adds = listed.iter().any(|named| !said.contains_key(named));
    if opens && !said.is_empty() || closes && adds {
        return Err(ErrorCode::InvalidRequest);
    }
    let step = broker.share_sessions.step(&holder, &context.connection, request.share_session_epoch)?;
    let own = broker.shares.overrides(&holder.group);
    let renewing = Renewing { asked: request.is_renew_ack, allowed: own.renew.unwrap_or(true) };
    if step == Step::Closes {
        let settled = settle(context, &holder, said, renewing).await;
        let partitions = broker.share_sessions.close(&holder, &context.connection);
        release(broker, &holder, &partitions, Release::Unseen).await;
        return Ok((respond(context, &holder.group, Vec::new(), settled), Grant::default()));
    }
    let wanted = broker.share_sessions.change(&holder, &listed, &forgotten)?;
    let settled = settle(context, &holder, said, renewing).await;
    let mode = if request.share_acquire_mode == RECORD_LIMIT { Mode::Records } else { Mode::Batches };
    let limits = Limits::of(context, &request, mode, own.committed.unwrap_or(false));
    let (given, memory) = match request.is_renew_ack {
        true => (Vec::new(), Grant::default()),
        false => gather(context, &holder, &wanted, limits).await,
    };
    Ok((respond(context, &holder.group, given, settled), memory))
}

/// Puts together what is given and what came of acknowledgements.
fn respond(context: &Context, group: &KString, given: Vec<Given>, settled: Results) -> ShareFetchResponse {
    let mut parts: BTreeMap<Named, PartitionData> = BTreeMap::new();
    for given in given {
        let data = parts.entry(given.named).or_default();
        data.error_code = given.error.code();
        data.records = given.records;
        let acquired = given.acquired.iter().map(|run| AcquiredRecords {
            first_offset: run.first,
            last_offset: run.last,
            delivery_count: i16::try_from(run.count).unwrap_or(i16::MAX),
        });
        data.acquired_records = acquired.collect();
    }
    for (named, result) in settled {
        let error = result.err().unwrap_or(ErrorCode::None);
        parts.entry(named).or_default().acknowledge_error_code = error.code();
    }
    let mut response = ShareFetchResponse {
        acquisition_lock_timeout_ms: lock_ms(context, group),
        ..ShareFetchResponse::default()
    };
    for ((topic_id, partition_index), mut data) in parts {
        data.partition_index = partition_index;
        let moved = |code: i16| LEADER_ERRORS.iter().any(|error| error.code() == code);
        if moved(data.error_code) || moved(data.acknowledge_error_code) {
            let (leader_id, leader_epoch) = leader_of(context, (topic_id, partition_index));
            data.current_leader = LeaderIdAndEpoch { leader_id, leader_epoch };
            if response.node_endpoints.is_empty() {
                response.node_endpoints = endpoints(context);
            }
        }
        match response.responses.last_mut() {
            Some(last) if last.topic_id == topic_id => last.partitions.push(data),
            _ => response.responses.push(ShareFetchableTopicResponse { topic_id, partitions: vec![data] }),
        }
    }
    response
}

const LEADER_ERRORS: [ErrorCode; 2] = [ErrorCode::NotLeaderOrFollower, ErrorCode::FencedLeaderEpoch];

/// Whether the answer says who leads the partition (KIP-951).
pub(crate) fn names_leader(error: ErrorCode) -> bool {
    LEADER_ERRORS.contains(&error)
}

/// The leader and its epoch, -1 each when they are not known.
pub(crate) fn leader_of(context: &Context, (topic, index): Named) -> (i32, i32) {
    let found = TopicRef::Id(topic).find(&context.broker).ok();
    let Some(id) = found.and_then(|topic| partition(&topic, index)) else { return (-1, -1) };
    let leadership = context.broker.cluster.leadership(id);
    (leadership.leader.map_or(-1, |id| id.0), leadership.epoch.0)
}

/// How long records stay with a member of the group, milliseconds.
pub(crate) fn lock_ms(context: &Context, group: &str) -> i32 {
    let shares = &context.broker.shares;
    let limits = shares.config().limits(&shares.overrides(group));
    i32::try_from(limits.lock.as_millis()).unwrap_or(i32::MAX)
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
