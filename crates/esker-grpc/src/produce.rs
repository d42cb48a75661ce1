//! Produce: a stream of batches in, a stream of answers out.

use std::sync::Arc;

use esker_core::{PartitionId, ProducerId, partitioner::partition_for_key};
use esker_env::TaskGuard;
use esker_meta::ProducerIds;
use futures::{Stream, stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use crate::{
    OWNER_WAIT, PATIENCE, STREAM_BATCHES, STREAM_BYTES,
    budget::{Intake, Share},
    fault::Fault,
    lane::{Batch, Done},
    lanes::{Lanes, Terms},
    proto::esker::v1 as api,
    records::{self, Numbered},
    targets::{self, Targets},
};

/// Answers that wait for the connection.
const ANSWERS: usize = 64;

type Answer = Result<api::ProduceResponse, Status>;

/// Serves one stream; `place` is its own among all streams.
pub(crate) fn serve(
    targets: &Arc<Targets>,
    producer_ids: &Arc<ProducerIds>,
    intake: Intake,
    place: Share,
    requests: Streaming<api::ProduceRequest>,
) -> impl Stream<Item = Answer> + Send + use<> {
    let (answers, receiver) = mpsc::channel(ANSWERS);
    let (targets, producer_ids) = (Arc::clone(targets), Arc::clone(producer_ids));
    let tasks = targets.env.tasks.clone();
    let task = tasks.spawn_guarded(async move {
        let _place = place;
        let (lanes, done) = Lanes::new(&targets);
        let connection = Connection { requests, intake, answers, targets: Arc::clone(&targets) };
        let mut produce = Produce { connection, targets, lanes, turn: 0, bytes: 0, batches: 0 };
        if let Err(fault) = produce.run(&producer_ids, done).await {
            produce.connection.end(fault).await;
        }
    });
    until_gone(receiver, task)
}

/// What is received, as a stream; dropping it ends the task.
pub(crate) fn until_gone<T: Send + 'static>(
    receiver: mpsc::Receiver<T>,
    task: TaskGuard,
) -> impl Stream<Item = T> + Send + use<T> {
    stream::unfold((receiver, task), |(mut receiver, task)| async move {
        let next = receiver.recv().await?;
        Some((next, (receiver, task)))
    })
}

/// The client's two streams.
struct Connection {
    requests: Streaming<api::ProduceRequest>,
    intake: Intake,
    answers: mpsc::Sender<Answer>,
    targets: Arc<Targets>,
}

impl Connection {
    /// The next message, with what it holds of the memory for requests; `None` at the end.
    async fn next(&mut self) -> Result<Option<(api::produce_request::Request, Share)>, Fault> {
        let message = self.requests.message().await.map_err(|status| broken(&status))?;
        let Some(message) = message else { return Ok(None) };
        let share = self.intake.message(message.encoded_len() + 5);
        let request = message.request.ok_or_else(|| Fault::invalid("request", "an empty message"))?;
        Ok(Some((request, share)))
    }

    /// Sends an answer. A client that takes none for long is given up.
    async fn say(&self, answer: Answer) -> Result<(), Fault> {
        let sent = self.targets.env.timeout(PATIENCE, self.answers.send(answer)).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(Fault::refused(Code::DeadlineExceeded, "TOO_SLOW", "answers are not read")),
        }
    }

    /// Says why the stream ends, if the client still listens.
    async fn end(&self, fault: Fault) {
        let _ = self.say(Err(fault.into())).await;
    }
}

/// The stream came apart, or brought what is no message, or more than there is room for.
pub(crate) fn broken(status: &Status) -> Fault {
    match status.code() {
        Code::ResourceExhausted => Fault::busy("requests"),
        // Too large, or no message.
        Code::OutOfRange | Code::Internal => Fault::invalid("request", status.message()),
        code => Fault::refused(code, "BROKEN", status.message()),
    }
}

/// What the stream is for.
struct Open {
    all_replicas: bool,
    /// Of an idempotent stream: id and epoch.
    producer: Option<(ProducerId, i16)>,
}

struct Produce {
    connection: Connection,
    targets: Arc<Targets>,
    lanes: Lanes,
    /// For batches that may go anywhere.
    turn: u32,
    /// Not answered.
    bytes: usize,
    batches: usize,
}

impl Produce {
    async fn run(
        &mut self,
        producer_ids: &ProducerIds,
        mut done: mpsc::UnboundedReceiver<Done>,
    ) -> Result<(), Fault> {
        let open = self.open(producer_ids).await?;
        let answers = self.connection.answers.clone();
        let mut more = true;
        while more || self.batches > 0 {
            let room = more && self.batches < STREAM_BATCHES && self.bytes < STREAM_BYTES;
            tokio::select! {
                biased;
                Some(finished) = done.recv(), if self.batches > 0 => self.answer(finished).await?,
                next = self.connection.next(), if room => match next? {
                    Some((api::produce_request::Request::Batch(batch), share)) => {
                        self.take(batch, &open, share).await?;
                    }
                    Some((api::produce_request::Request::Open(_), _)) => {
                        return Err(Fault::invalid("open", "the stream is open already"));
                    }
                    None => more = false,
                },
                // Whoever does not listen any more has gone.
                () = answers.closed() => return Ok(()),
            }
        }
        Ok(())
    }

    /// The first message, and the answer to it.
    async fn open(&mut self, producer_ids: &ProducerIds) -> Result<Open, Fault> {
        let env = self.targets.env.clone();
        let first = env.timeout(PATIENCE, self.connection.next()).await;
        let first = first.map_err(|_| Fault::invalid("open", "the stream was not opened in time"))??;
        let Some((api::produce_request::Request::Open(asked), _)) = first else {
            return Err(Fault::invalid("open", "the first message opens the stream"));
        };
        let all_replicas = match api::Durability::try_from(asked.durability) {
            Ok(durability) => durability == api::Durability::All,
            Err(_) => return Err(Fault::invalid("open.durability", "no such durability")),
        };
        let producer = match asked.producer {
            _ if !asked.idempotent && asked.producer.is_some() => {
                return Err(Fault::invalid("open.producer", "only an idempotent stream has a producer"));
            }
            Some(api::Producer { id, epoch }) => {
                let epoch = i16::try_from(epoch).ok().filter(|epoch| *epoch >= 0 && id >= 0);
                let bad = || Fault::invalid("open.producer", "an id is 0 or more, an epoch 0 to 32767");
                Some((ProducerId(id), epoch.ok_or_else(bad)?))
            }
            None if asked.idempotent => {
                let id = producer_ids.next().await.map_err(|error| {
                    let fault = Fault::refused(Code::Unavailable, "STORAGE", error.to_string());
                    fault.retry(std::time::Duration::from_secs(1))
                })?;
                Some((id, 0))
            }
            None => None,
        };
        let told = producer.map(|(id, epoch)| api::Producer { id: id.0, epoch: epoch.into() });
        let opened = api::produce_response::Response::Opened(api::ProduceOpened { producer: told });
        self.connection.say(Ok(api::ProduceResponse { response: Some(opened) })).await?;
        Ok(Open { all_replicas, producer })
    }

    /// Sends a batch on its way, or answers that it cannot go.
    async fn take(&mut self, asked: api::ProduceBatch, open: &Open, share: Share) -> Result<(), Fault> {
        let id = asked.id;
        let made = self.make(asked, open).await;
        let (partition, bytes) = match made {
            Ok(made) => made,
            Err((partition, fault)) => {
                let result = api::produce_ack::Result::Error(fault.rpc());
                return self.ack(id, partition, result).await;
            }
        };
        let give_up = self.targets.env.clock.now() + OWNER_WAIT;
        self.bytes += share.bytes();
        self.batches += 1;
        let batch = Batch { id, bytes, window_ms: 0, has_ids: false, give_up, share };
        let terms = Terms { all_replicas: open.all_replicas, idempotent: open.producer.is_some() };
        self.lanes.send(partition, batch, terms)
    }

    /// A batch as the log has it, and where it goes; or why not, with the partition if it got so far.
    async fn make(
        &mut self,
        asked: api::ProduceBatch,
        open: &Open,
    ) -> Result<(PartitionId, bytes::Bytes), (Option<u32>, Fault)> {
        let topic = self.targets.topic(&asked.topic).await.map_err(|fault| (None, fault))?;
        let index = match &asked.target {
            Some(api::produce_batch::Target::Partition(index)) => *index,
            _ if open.producer.is_some() => {
                let fault = Fault::invalid("batch.partition", "an idempotent stream says the partition");
                return Err((None, fault));
            }
            Some(api::produce_batch::Target::PartitionKey(key)) => {
                partition_for_key(key, topic.record.partitions as usize).cast_unsigned()
            }
            None => {
                self.turn = self.turn.wrapping_add(1);
                self.turn % topic.record.partitions
            }
        };
        let here = |fault| (Some(index), fault);
        let partition = targets::partition(&topic, index).map_err(here)?;
        let numbered: Option<Numbered> = match (open.producer, asked.sequence) {
            (Some((id, epoch)), Some(sequence)) if sequence >= 0 => Some((id, epoch, sequence)),
            (None, None) => None,
            (Some(_), _) => {
                return Err(here(Fault::invalid(
                    "batch.sequence",
                    "an idempotent stream numbers its records",
                )));
            }
            (None, Some(_)) => {
                return Err(here(Fault::invalid(
                    "batch.sequence",
                    "only an idempotent stream has sequences",
                )));
            }
        };
        let compression = records::compression(asked.compression).map_err(here)?;
        let now = self.targets.env.clock.wall_ms();
        let bytes = records::to_batch(&asked.records, compression, numbered, now).map_err(here)?;
        Ok((partition, bytes))
    }

    async fn answer(&mut self, done: Done) -> Result<(), Fault> {
        let Done { id, partition, result, share } = done;
        self.batches -= 1;
        self.bytes -= share.bytes();
        drop(share);
        self.lanes.done(partition);
        let result = match result {
            Ok(written) => api::produce_ack::Result::Written(api::Written {
                first_offset: written.first_offset,
                last_offset: written.last_offset,
                duplicate: written.duplicate,
            }),
            Err(fault) => api::produce_ack::Result::Error(fault.rpc()),
        };
        self.ack(id, Some(partition.index), result).await
    }

    async fn ack(
        &self,
        id: u64,
        partition: Option<u32>,
        result: api::produce_ack::Result,
    ) -> Result<(), Fault> {
        let ack = api::ProduceAck { id, partition, result: Some(result) };
        let response = Some(api::produce_response::Response::Ack(ack));
        self.connection.say(Ok(api::ProduceResponse { response })).await
    }
}
