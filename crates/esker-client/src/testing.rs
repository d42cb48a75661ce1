//! A broker in memory, for tests: topics, an idempotent log, faults on demand. It speaks through `tokio::io::duplex`.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use esker_core::batch::{BatchView, patch};
use esker_core::{Epoch, Offset};
use esker_env::{BoxFuture, Env};
use esker_kafka_wire::messages::api_versions_response::ApiVersion;
use esker_kafka_wire::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use esker_kafka_wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use esker_kafka_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use esker_kafka_wire::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use esker_kafka_wire::messages::*;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString, Reader, Request, Response, Rope, decode_request, decode_request_header,
    encode_response,
};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use uuid::Uuid;

use crate::{Client, ClientConfig, Connector, Stream};

/// What happens to a produce request instead of success.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Refused with this code for every partition; nothing is appended.
    Refuse(ErrorCode),
    /// The connection is cut before the request is looked at.
    Cut,
    /// Appended; then the connection is cut without an answer.
    AppendAndCut,
    /// Appended, and told as a timeout.
    AppendAndTimeOut,
    /// Every partition but the first is appended; the first is refused with this code.
    RefuseFirst(ErrorCode),
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) batches: Vec<Bytes>,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// By producer id: the last batches as (first sequence, last sequence, base offset).
    producers: BTreeMap<i64, Vec<(i32, i32, i64)>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) topics: BTreeMap<String, Vec<Log>>,
    pub(crate) produce_faults: VecDeque<Option<Fault>>,
    /// Codes for the next fetches, per partition answer.
    pub(crate) fetch_codes: VecDeque<ErrorCode>,
    pub(crate) requests: Vec<(ApiKey, i16)>,
    pub(crate) next_producer: i64,
    /// Answers no ApiVersions above this.
    pub(crate) api_versions_max: i16,
    /// Requests that are swallowed without an answer.
    pub(crate) mute: Option<ApiKey>,
    pub(crate) aborted: Vec<fetch_response::AbortedTransaction>,
    /// Answers for group requests, in order.
    pub(crate) script: VecDeque<(ApiKey, Answer)>,
}

/// Reads a request of a version and makes its answer.
pub(crate) type Answer = Box<dyn FnOnce(&mut Reader, i16) -> Scripted + Send>;

/// Encodes an answer once its correlation id is known.
pub(crate) type Scripted = Box<dyn FnOnce(i32) -> Rope + Send>;

/// An answer for [`State::script`].
pub(crate) fn answer<R: Request>(
    respond: impl FnOnce(R) -> R::Response + Send + 'static,
) -> (ApiKey, Answer) {
    let script = move |r: &mut Reader, version: i16| -> Scripted {
        let response = respond(decode_request::<R>(r, version).unwrap());
        Box::new(move |correlation| encode_response(correlation, version, &response).unwrap())
    };
    (R::KEY, Box::new(script))
}

#[derive(Clone)]
pub(crate) struct FakeBroker {
    pub(crate) state: Arc<Mutex<State>>,
    env: Env,
}

impl Connector for FakeBroker {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            if address != "fake:9092" {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (near, far) = tokio::io::duplex(64 * 1024);
            let broker = self.clone();
            self.env.tasks.spawn(async move {
                // The connection ends in whatever way the test wants.
                let _ = broker.serve(far).await;
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

/// Settings that make failures quick.
pub(crate) fn quick() -> ClientConfig {
    ClientConfig {
        bootstrap: vec!["fake:9092".into()],
        request_timeout: Duration::from_secs(10),
        retry_for: Duration::from_secs(20),
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        ..ClientConfig::default()
    }
}

impl FakeBroker {
    pub(crate) fn new(topics: &[(&str, usize)]) -> Self {
        let mut state = State { api_versions_max: i16::MAX, next_producer: 1000, ..State::default() };
        for (name, partitions) in topics {
            let logs = (0..*partitions).map(|_| Log::default()).collect();
            state.topics.insert((*name).to_owned(), logs);
        }
        Self { state: Arc::new(Mutex::new(state)), env: Env::real() }
    }

    pub(crate) async fn client(&self) -> Client {
        self.client_with(quick()).await
    }

    pub(crate) async fn client_with(&self, config: ClientConfig) -> Client {
        Client::connect(config, Arc::new(self.clone()), self.env.clone()).await.unwrap()
    }

    pub(crate) fn append(&self, topic: &str, partition: usize, batch: &Bytes) {
        self.state.lock().topics.get_mut(topic).unwrap()[partition].append(batch).unwrap();
    }

    /// The values of a partition's records, in order.
    pub(crate) fn values(&self, topic: &str, partition: usize) -> Vec<String> {
        let state = self.state.lock();
        let mut all = Vec::new();
        for batch in &state.topics[topic][partition].batches {
            let records = BatchView::parse(batch).unwrap().records(1 << 20).unwrap();
            let values = records.iter().map(|record| record.unwrap().value.unwrap_or_default().to_vec());
            all.extend(values.map(|value| String::from_utf8(value).unwrap()));
        }
        all
    }

    async fn serve(self, mut stream: DuplexStream) -> io::Result<()> {
        loop {
            let length = stream.read_i32().await?;
            let mut frame = BytesMut::zeroed(length as usize);
            stream.read_exact(&mut frame).await?;
            match self.handle(frame.freeze()) {
                Handled::Answer(rope) => stream.write_all(&rope.into_bytes()).await?,
                Handled::Silence => {}
                Handled::Cut => return Ok(()),
            }
        }
    }

    fn handle(&self, frame: Bytes) -> Handled {
        let mut r = Reader::new(frame);
        let (api, header) = decode_request_header(&mut r).unwrap();
        let (version, id) = (header.request_api_version, header.correlation_id);
        let mut state = self.state.lock();
        state.requests.push((api, version));
        if state.mute == Some(api) {
            return Handled::Silence;
        }
        if state.script.front().is_some_and(|(scripted, _)| *scripted == api) {
            let (_, script) = state.script.pop_front().unwrap();
            drop(state);
            return Handled::Answer(script(&mut r, version)(id));
        }
        match api {
            ApiKey::ApiVersions if version > state.api_versions_max => {
                let response = ApiVersionsResponse {
                    error_code: ErrorCode::UnsupportedVersion.code(),
                    api_keys: api_keys(state.api_versions_max),
                    ..Default::default()
                };
                encode(id, 0, &response)
            }
            ApiKey::ApiVersions => {
                let max = state.api_versions_max;
                encode(id, version, &ApiVersionsResponse { api_keys: api_keys(max), ..Default::default() })
            }
            ApiKey::Metadata => {
                encode(id, version, &state.metadata(&decode_request(&mut r, version).unwrap()))
            }
            ApiKey::InitProducerId => {
                state.next_producer += 1;
                let producer_id = state.next_producer;
                encode(
                    id,
                    version,
                    &InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() },
                )
            }
            ApiKey::Produce => state.produce(id, version, &decode_request(&mut r, version).unwrap()),
            ApiKey::Fetch => encode(id, version, &state.fetch(&decode_request(&mut r, version).unwrap())),
            ApiKey::ListOffsets => {
                encode(id, version, &state.offsets(&decode_request(&mut r, version).unwrap()))
            }
            ApiKey::FindCoordinator => {
                let request: FindCoordinatorRequest = decode_request(&mut r, version).unwrap();
                encode(id, version, &coordinator(&request))
            }
            // Outside of a script the member is fine.
            ApiKey::Heartbeat => encode(id, version, &HeartbeatResponse::default()),
            other => panic!("the fake broker does not know {other:?}"),
        }
    }
}

enum Handled {
    Answer(Rope),
    Silence,
    Cut,
}

fn encode<R: Response>(correlation: i32, version: i16, response: &R) -> Handled {
    Handled::Answer(encode_response(correlation, version, response).unwrap())
}

fn api_keys(api_versions_max: i16) -> Vec<ApiVersion> {
    let all = ApiKey::ALL.iter().map(|api| {
        let range = api.stable_versions();
        let max = if *api == ApiKey::ApiVersions { range.max.min(api_versions_max) } else { range.max };
        ApiVersion { api_key: api.code(), min_version: range.min, max_version: max }
    });
    all.collect()
}

fn coordinator(request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
    let coordinators = request.coordinator_keys.iter().map(|key| find_coordinator_response::Coordinator {
        key: key.clone(),
        node_id: 1,
        host: KString::from("fake"),
        port: 9092,
        ..Default::default()
    });
    FindCoordinatorResponse { coordinators: coordinators.collect(), ..Default::default() }
}

/// The topic's id: made from its name.
fn id_of(name: &str) -> Uuid {
    let mut bytes = [7; 16];
    name.bytes().zip(&mut bytes).for_each(|(from, to)| *to = from);
    Uuid::from_bytes(bytes)
}

impl Log {
    fn append(&mut self, batch: &Bytes) -> Result<i64, ErrorCode> {
        let view = BatchView::parse(batch).unwrap();
        view.verify_crc().unwrap();
        let fields = view.fields;
        let last = fields.base_sequence.wrapping_add(fields.last_offset_delta);
        if fields.producer_id >= 0 && fields.base_sequence >= 0 {
            let known = self.producers.entry(fields.producer_id).or_default();
            if let Some((_, _, base)) =
                known.iter().find(|(f, l, _)| (*f, *l) == (fields.base_sequence, last))
            {
                return Ok(*base);
            }
            let next = known.last().map_or(0, |(_, last, _)| last + 1);
            if fields.base_sequence != next {
                return Err(ErrorCode::OutOfOrderSequenceNumber);
            }
            known.push((fields.base_sequence, last, self.end));
            if known.len() > 5 {
                known.remove(0);
            }
        }
        let mut stored = BytesMut::from(&batch[..]);
        patch(&mut stored, Offset(self.end), Epoch(0));
        self.batches.push(stored.freeze());
        let base = self.end;
        self.end += i64::from(fields.last_offset_delta) + 1;
        Ok(base)
    }
}

impl State {
    fn name_of(&self, name: &KString, id: Uuid) -> Option<String> {
        let is_it = |topic: &&String| {
            if name.is_empty() { id_of(topic) == id } else { topic.as_str() == name.as_str() }
        };
        self.topics.keys().find(is_it).cloned()
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let names: Vec<String> = match &request.topics {
            None => self.topics.keys().cloned().collect(),
            Some(topics) => topics.iter().map(|t| t.name.as_ref().unwrap().as_str().to_owned()).collect(),
        };
        let topic = |name: &String| {
            let Some(logs) = self.topics.get(name) else {
                return MetadataResponseTopic {
                    error_code: ErrorCode::UnknownTopicOrPartition.code(),
                    name: Some(KString::from(name.as_str())),
                    ..Default::default()
                };
            };
            let partition = |(index, _)| MetadataResponsePartition {
                partition_index: index,
                leader_id: 1,
                leader_epoch: 0,
                ..Default::default()
            };
            MetadataResponseTopic {
                name: Some(KString::from(name.as_str())),
                topic_id: id_of(name),
                partitions: (0..).zip(logs).map(partition).collect(),
                ..Default::default()
            }
        };
        let broker = MetadataResponseBroker {
            node_id: 1,
            host: KString::from("fake"),
            port: 9092,
            ..Default::default()
        };
        MetadataResponse {
            brokers: vec![broker],
            controller_id: 1,
            topics: names.iter().map(topic).collect(),
            ..Default::default()
        }
    }

    fn produce(&mut self, id: i32, version: i16, request: &ProduceRequest) -> Handled {
        let fault = self.produce_faults.pop_front().flatten();
        if matches!(fault, Some(Fault::Cut)) {
            return Handled::Cut;
        }
        let mut responses = Vec::new();
        let mut first = true;
        for topic in &request.topic_data {
            let name = self.name_of(&topic.name, topic.topic_id).unwrap();
            let mut partition_responses = Vec::new();
            for data in &topic.partition_data {
                let log = &mut self.topics.get_mut(&name).unwrap()[data.index as usize];
                let bytes = data.records.clone().unwrap().into_bytes();
                let result = match fault {
                    Some(Fault::Refuse(code)) => Err(code),
                    Some(Fault::RefuseFirst(code)) if std::mem::take(&mut first) => Err(code),
                    Some(Fault::AppendAndTimeOut) => log.append(&bytes).and(Err(ErrorCode::RequestTimedOut)),
                    _ => log.append(&bytes),
                };
                partition_responses.push(PartitionProduceResponse {
                    index: data.index,
                    error_code: result.err().map_or(0, ErrorCode::code),
                    base_offset: result.unwrap_or(-1),
                    log_append_time_ms: -1,
                    ..Default::default()
                });
            }
            responses.push(TopicProduceResponse {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partition_responses,
            });
        }
        match fault {
            Some(Fault::AppendAndCut) => Handled::Cut,
            _ if request.acks == 0 => Handled::Silence,
            _ => encode(id, version, &ProduceResponse { responses, ..Default::default() }),
        }
    }

    fn fetch(&mut self, request: &FetchRequest) -> FetchResponse {
        let mut responses = Vec::new();
        for topic in &request.topics {
            let name = self.name_of(&topic.topic, topic.topic_id).unwrap();
            let mut partitions = Vec::new();
            for asked in &topic.partitions {
                let code = self.fetch_codes.pop_front();
                let log = &self.topics[&name][asked.partition as usize];
                let outside = !(log.start..=log.end).contains(&asked.fetch_offset);
                let code = code.or(outside.then_some(ErrorCode::OffsetOutOfRange));
                let wanted = log.batches.iter().filter(|batch| {
                    code.is_none()
                        && BatchView::parse(batch).unwrap().fields.last_offset() >= asked.fetch_offset
                });
                partitions.push(PartitionData {
                    partition_index: asked.partition,
                    error_code: code.map_or(0, ErrorCode::code),
                    high_watermark: log.end,
                    last_stable_offset: log.end,
                    log_start_offset: log.start,
                    aborted_transactions: Some(self.aborted.clone()),
                    records: Some(wanted.cloned().collect()),
                    ..Default::default()
                });
            }
            responses.push(FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partitions,
            });
        }
        FetchResponse { responses, ..Default::default() }
    }

    fn offsets(&self, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = request.topics.iter().map(|topic| {
            let logs = &self.topics[topic.name.as_str()];
            let partitions = topic.partitions.iter().map(|asked| {
                let log = &logs[asked.partition_index as usize];
                ListOffsetsPartitionResponse {
                    partition_index: asked.partition_index,
                    offset: if asked.timestamp == -2 { log.start } else { log.end },
                    ..Default::default()
                }
            });
            ListOffsetsTopicResponse { name: topic.name.clone(), partitions: partitions.collect() }
        });
        ListOffsetsResponse { topics: topics.collect(), ..Default::default() }
    }
}
