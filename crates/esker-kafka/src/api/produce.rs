//! Produce: checks and appends in the order of the requests, then waits for the commits side by side.

mod admission;

use std::time::Duration;

use bytes::Bytes;
use esker_core::{PartitionId, batch::BatchFields};
use esker_env::Monotonic;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString, Reader, decode_request, encode_response,
    messages::{
        ProduceRequest, ProduceResponse,
        produce_response::{
            BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
            TopicProduceResponse,
        },
    },
};

use esker_log::{AppendError, AppendOptions, Appended};

use crate::{
    context::Context,
    dispatch::{Answer, Begun as BegunRequest, Outcome, Refusal, Started},
    errors::KafkaError,
    topics::{TopicRef, is_internal, partition},
};
use admission::{Admitted, Questions};

/// From here on topics are named by their ids.
const IDS_FROM: i16 = 13;
/// From here on zstd may be used.
const ZSTD_FROM: i16 = 7;
/// From here on a response names the leader to go to.
const LEADERS_FROM: i16 = 10;
/// How long an answer waits for the end of a planned move.
const LONGEST_MOVE: Duration = Duration::from_secs(5);

/// Why a partition's records were refused.
struct Refused {
    error: ErrorCode,
    message: Option<KString>,
    records: Vec<BatchIndexAndErrorMessage>,
}

impl From<ErrorCode> for Refused {
    fn from(error: ErrorCode) -> Self {
        Self { error, message: None, records: Vec::new() }
    }
}

impl From<AppendError> for Refused {
    fn from(error: AppendError) -> Self {
        let records = match &error {
            AppendError::Batch(batch) => batch
                .faults()
                .iter()
                .map(|fault| BatchIndexAndErrorMessage {
                    batch_index: fault.index,
                    batch_index_error_message: Some(KString::from_static(fault.detail)),
                })
                .collect(),
            _ => Vec::new(),
        };
        Self { error: error.code(), message: Some(error.to_string().into()), records }
    }
}

fn refused(error: ErrorCode, message: &'static str) -> Refused {
    Refused { error, message: Some(KString::from_static(message)), records: Vec::new() }
}

/// A partition whose batch has its place in the log, or was refused.
struct Begun {
    index: i32,
    id: Option<PartitionId>,
    appended: Result<Appended, Refused>,
}

struct BegunTopic {
    topic: TopicRef,
    partitions: Vec<Begun>,
}

/// Appends every batch, at once unless a transaction's coordinator has to be asked first; the answer waits for them.
pub(crate) fn start(context: Context, mut reader: Reader) -> Result<BegunRequest, Refusal> {
    let request: ProduceRequest = decode_request(&mut reader, context.version)?;
    context.decoded(reader.budget());
    let questions = Questions::of(&context, &request);
    if questions.is_empty() {
        return Ok(BegunRequest::Now(append_and_wait(context, request, &questions.answered())));
    }
    Ok(BegunRequest::Later(Box::pin(async move {
        let admitted = questions.ask(&context).await;
        append_and_wait(context, request, &admitted)
    })))
}

fn append_and_wait(context: Context, request: ProduceRequest, admitted: &Admitted) -> Started {
    let acks = request.acks;
    // As in Kafka, the timeout is about the replicas that acks=all waits for.
    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let timeout = (acks == -1).then_some(timeout);
    let topics = append_all(&context, request, admitted);
    let appended =
        topics.iter().flat_map(|topic| &topic.partitions).filter_map(|begun| begun.appended.as_ref().ok());
    let mute = appended.map(|appended| appended.throttle).max().unwrap_or_default();
    let answer = Box::pin(async move {
        if acks == 0 {
            return without_answer(&topics);
        }
        answer(&context, topics, timeout, mute).await
    });
    Started { answer, mute }
}

/// `acks=0`: nothing is answered, and an error can only be told by closing the connection.
fn without_answer(topics: &[BegunTopic]) -> Outcome {
    let mut errors =
        topics.iter().flat_map(|topic| &topic.partitions).filter_map(|begun| begun.appended.as_ref().err());
    errors.next().map_or_else(|| Ok(Answer::default()), |refused| Err(Refusal::Unanswerable(refused.error)))
}

fn append_all(context: &Context, request: ProduceRequest, admitted: &Admitted) -> Vec<BegunTopic> {
    let bad_acks = !matches!(request.acks, -1..=1);
    let options = AppendOptions { all_replicas: request.acks == -1, ..AppendOptions::default() };
    let mut topics = Vec::with_capacity(request.topic_data.len());
    for data in request.topic_data {
        let topic = TopicRef::of(context.version, IDS_FROM, &data.name, data.topic_id);
        let found = topic.find(&context.broker).and_then(|found| {
            if is_internal(&found.record.name) { Err(ErrorCode::InvalidTopicException) } else { Ok(found) }
        });
        let begin = |index: i32, records: Option<Bytes>| {
            let id = found.as_ref().ok().and_then(|topic| partition(topic, index));
            let appended = if bad_acks {
                Err(ErrorCode::InvalidRequiredAcks.into())
            } else {
                match (&found, id) {
                    (Err(error), _) => Err((*error).into()),
                    (Ok(_), None) => Err(ErrorCode::UnknownTopicOrPartition.into()),
                    (Ok(_), Some(id)) => admitted.guard(id).and_then(|guard| {
                        let options = AppendOptions { guard, ..options };
                        append(context, id, &records.unwrap_or_default(), options)
                    }),
                }
            };
            Begun { index, id, appended }
        };
        let partitions = data.partition_data.into_iter();
        let partitions =
            partitions.map(|data| begin(data.index, data.records.map(|records| records.into_bytes())));
        let partitions = partitions.collect();
        topics.push(BegunTopic { topic, partitions });
    }
    topics
}

fn append(
    context: &Context,
    id: PartitionId,
    records: &Bytes,
    options: AppendOptions,
) -> Result<Appended, Refused> {
    if let Ok(fields) = BatchFields::read(records) {
        let zstd = fields.attributes.compression() == Ok(esker_core::batch::Compression::Zstd);
        if zstd && context.version < ZSTD_FROM {
            return Err(refused(ErrorCode::UnsupportedCompressionType, "zstd needs Produce version 7"));
        }
    }
    let log = &context.broker.log;
    let batch = log.check(id, records)?;
    Ok(log.append(id, batch, options)?)
}

async fn answer(
    context: &Context,
    topics: Vec<BegunTopic>,
    timeout: Option<Duration>,
    mute: Duration,
) -> Outcome {
    let env = &context.broker.env;
    let deadline = timeout.map(|timeout| env.clock.now() + timeout);
    let mut moved = false;
    let mut responses = Vec::with_capacity(topics.len());
    for BegunTopic { topic, partitions } in topics {
        let mut partition_responses = Vec::with_capacity(partitions.len());
        for begun in partitions {
            let settled = match begun.appended {
                Err(refused) => {
                    if let Some(id) = begun.id.filter(|_| refused.error == ErrorCode::NotLeaderOrFollower) {
                        // The answer to "where, then?" is known when a move has ended. Appending here after all could
                        // overtake what the client sent before.
                        let moved = context.broker.log.settled(id);
                        let _ = env.timeout(LONGEST_MOVE, moved).await;
                    }
                    Err(refused)
                }
                Ok(appended) => committed(context, &appended, deadline).await.map(|()| appended),
            };
            let mut response = respond(begun.index, settled);
            context.broker.config.metrics.error(ApiKey::Produce, response.error_code);
            let moved_here = response.error_code == ErrorCode::NotLeaderOrFollower.code();
            if let Some(id) = begun.id.filter(|_| moved_here && context.version >= LEADERS_FROM) {
                let leadership = context.broker.cluster.leadership(id);
                response.current_leader = LeaderIdAndEpoch {
                    leader_id: leadership.leader.map_or(-1, |id| id.0),
                    leader_epoch: leadership.epoch.0,
                };
                moved = true;
            }
            partition_responses.push(response);
        }
        let (name, topic_id) = topic.names();
        responses.push(TopicProduceResponse { name, topic_id, partition_responses });
    }
    let response = ProduceResponse {
        responses,
        throttle_time_ms: i32::try_from(mute.as_millis()).unwrap_or(i32::MAX),
        node_endpoints: if moved { endpoints(context) } else { Vec::new() },
    };
    let rope = encode_response(context.correlation_id, context.version, &response)?;
    Ok(Answer { rope: Some(rope), ..Answer::default() })
}

/// Waits until the append is durable, until the deadline at most.
async fn committed(
    context: &Context,
    appended: &Appended,
    deadline: Option<Monotonic>,
) -> Result<(), Refused> {
    let env = &context.broker.env;
    let durable = appended.ticket.durable();
    let Some(deadline) = deadline else { return Ok(durable.await?) };
    match env.timeout(deadline - env.clock.now(), durable).await {
        Ok(durable) => Ok(durable?),
        Err(_) => {
            Err(refused(ErrorCode::RequestTimedOut, "the commit takes longer than the request's timeout"))
        }
    }
}

fn respond(index: i32, settled: Result<Appended, Refused>) -> PartitionProduceResponse {
    match settled {
        Ok(appended) => PartitionProduceResponse {
            index,
            error_code: ErrorCode::None.code(),
            base_offset: appended.base_offset.0,
            log_append_time_ms: appended.log_append_time.unwrap_or(-1),
            log_start_offset: appended.log_start.0,
            ..PartitionProduceResponse::default()
        },
        Err(refused) => PartitionProduceResponse {
            index,
            error_code: refused.error.code(),
            base_offset: -1,
            record_errors: refused.records,
            error_message: refused.message,
            ..PartitionProduceResponse::default()
        },
    }
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
