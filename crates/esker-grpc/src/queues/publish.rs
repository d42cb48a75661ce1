//! Publish: messages in, an answer for each once it is durable. What comes together is written together. A message to an
//! exchange is written to each of its queues as if it had come for that one alone.

mod routings;

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{PartitionId, batch::Compression, partitioner::partition_for_key};
use esker_meta::{Binding, Topic};
use esker_share::Heeds;
use futures::{FutureExt, Stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use self::routings::{Piece, Routings};
use crate::{
    OWNER_WAIT, PATIENCE, STREAM_BYTES,
    budget::{Intake, Share},
    fault::Fault,
    lane::{Batch, Done},
    lanes::{Lanes, Terms},
    produce::{broken, until_gone},
    proto::esker::v1 as api,
    queues::message::put_headers,
    records,
    targets::{self, Targets},
};

/// Answers that wait for the connection.
const ANSWERS: usize = 256;
/// Messages of one stream that are not answered, above which no more is read from it.
const STREAM_MESSAGES: usize = 10_000;
/// The most that is written together: messages, and about as many bytes, or half of what the topic takes.
const TOGETHER: usize = 1_000;
const BYTES_TOGETHER: usize = 256 << 10;

type Answer = Result<api::PublishResponse, Status>;

/// Serves one stream; `place` is its own among all streams.
pub(crate) fn serve(
    targets: &Arc<Targets>,
    intake: Intake,
    place: Share,
    requests: Streaming<api::PublishRequest>,
) -> impl Stream<Item = Answer> + Send + use<> {
    let (answers, receiver) = mpsc::channel(ANSWERS);
    let targets = Arc::clone(targets);
    let tasks = targets.env.tasks.clone();
    let task = tasks.spawn_guarded(async move {
        let _place = place;
        let (lanes, done) = Lanes::new(&targets);
        let mut publish = Publish {
            requests,
            intake,
            answers,
            targets,
            lanes,
            gathered: BTreeMap::new(),
            under_way: BTreeMap::new(),
            routings: Routings::default(),
            numbers: 0,
            turn: 0,
            messages: 0,
            bytes: 0,
        };
        if let Err(fault) = publish.run(done).await {
            let _ = publish.say(Err(fault.into())).await;
        }
    });
    until_gone(receiver, task)
}

/// Messages for one partition.
struct Gathered {
    pieces: Vec<Piece>,
    records: Vec<api::Record>,
    bytes: usize,
    most: usize,
    share: Option<Share>,
}

struct Publish {
    requests: Streaming<api::PublishRequest>,
    intake: Intake,
    answers: mpsc::Sender<Answer>,
    targets: Arc<Targets>,
    lanes: Lanes,
    gathered: BTreeMap<PartitionId, Gathered>,
    /// The messages of batches that are under way.
    under_way: BTreeMap<u64, Vec<Piece>>,
    routings: Routings,
    numbers: u64,
    /// For messages that may go anywhere.
    turn: u32,
    /// Not answered; each copy of a message counts.
    messages: usize,
    bytes: usize,
}

impl Publish {
    async fn run(&mut self, mut done: mpsc::UnboundedReceiver<Done>) -> Result<(), Fault> {
        let answers = self.answers.clone();
        let mut more = true;
        while more || !self.under_way.is_empty() {
            let room = more && self.messages < STREAM_MESSAGES && self.bytes < STREAM_BYTES;
            tokio::select! {
                biased;
                Some(finished) = done.recv(), if !self.under_way.is_empty() => self.answer(finished).await?,
                next = self.next(), if room => {
                    more = self.gather(next?).await?;
                    // What does not fit into one batch goes to another partition with the next ones.
                    self.turn = self.turn.wrapping_add(1);
                    self.flush().await?;
                }
                // Whoever does not listen any more has gone.
                () = answers.closed() => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a message and all that have come by now. Whether there may be more.
    async fn gather(&mut self, first: Option<(api::PublishRequest, Share)>) -> Result<bool, Fault> {
        let mut next = first;
        for _ in 0..TOGETHER {
            let Some((request, share)) = next else { return Ok(false) };
            self.take(request, share).await?;
            if self.bytes >= STREAM_BYTES {
                return Ok(true);
            }
            let Some(come) = self.next().now_or_never() else { return Ok(true) };
            next = come?;
        }
        let Some((request, share)) = next else { return Ok(false) };
        self.take(request, share).await?;
        Ok(true)
    }

    /// The next message, with what it holds of the memory for requests; `None` at the end.
    async fn next(&mut self) -> Result<Option<(api::PublishRequest, Share)>, Fault> {
        let request = self.requests.message().await.map_err(|status| broken(&status))?;
        let Some(request) = request else { return Ok(None) };
        let share = self.intake.message(request.encoded_len() + 5);
        Ok(Some((request, share)))
    }

    /// Puts a message to those for its queue, or its queues, or answers that it cannot go.
    async fn take(&mut self, asked: api::PublishRequest, share: Share) -> Result<(), Fault> {
        let api::PublishRequest { id, queue, message, exchange, routing_key } = asked;
        let mut message = message.unwrap_or_default();
        // Of several queues each heeds what it heeds.
        let heeds = || match exchange.is_empty() {
            true => self.targets.admin.heeds(&queue),
            false => Heeds { times: true, priority: true, order: true },
        };
        if let Err(fault) = put_headers(&mut message, self.targets.env.clock.wall_ms(), heeds) {
            return self.refuse(Piece::Whole(id), &fault).await;
        }
        if !exchange.is_empty() {
            let taken = self.copy(id, &queue, (&exchange, &routing_key), message, share).await;
            return match taken {
                Ok(done) => done,
                Err(fault) => self.refuse(Piece::Whole(id), &fault).await,
            };
        }
        if !routing_key.is_empty() {
            let fault = Fault::invalid("routing_key", "it is for an exchange, and none is named");
            return self.refuse(Piece::Whole(id), &fault).await;
        }
        match self.targets.topic(&queue).await {
            Ok(topic) => self.put(Piece::Whole(id), &topic, message, share).await,
            Err(fault) => self.refuse(Piece::Whole(id), &fault).await,
        }
    }

    /// Puts copies of a message to those for its queues. The inner fault ends the stream.
    ///
    /// # Errors
    /// It cannot go anywhere.
    async fn copy(
        &mut self,
        id: u64,
        queue: &str,
        (exchange, key): (&str, &str),
        message: api::Message,
        mut share: Share,
    ) -> Result<Result<(), Fault>, Fault> {
        if !queue.is_empty() {
            return Err(Fault::invalid("exchange", "a message is for a queue or for an exchange"));
        }
        if key.len() > Binding::MAX_KEY {
            let text = format!("a routing key has at most {} bytes", Binding::MAX_KEY);
            return Err(Fault::invalid("routing_key", text));
        }
        let queues = self.targets.router.route(exchange, key, &message.headers).await?;
        let each = share.bytes();
        // Each copy is a record of its own in the end.
        if !share.could_hold(each.saturating_mul(queues.len())) {
            let text = format!("copies for {} queues are more than a broker can hold", queues.len());
            return Err(Fault::refused(Code::InvalidArgument, "BATCH_TOO_LARGE", text));
        }
        if !share.grow(each.saturating_mul(queues.len() - 1)) {
            return Err(Fault::busy("requests"));
        }
        let of = self.routings.begin(id, queues.len());
        for queue in queues {
            let part = share.split(each);
            let topic = Arc::clone(&queue);
            if let Err(ended) = self.put(Piece::Copy { of, queue }, &topic, message.clone(), part).await {
                return Ok(Err(ended));
            }
        }
        Ok(Ok(()))
    }

    /// Puts a message to those for its partition, or answers that it cannot go.
    async fn put(
        &mut self,
        piece: Piece,
        topic: &Topic,
        message: api::Message,
        mut share: Share,
    ) -> Result<(), Fault> {
        let count = topic.record.partitions;
        let index = match &message.key {
            Some(key) => partition_for_key(key, count as usize).cast_unsigned(),
            None => self.turn % count,
        };
        let partition = match targets::partition(topic, index) {
            Ok(partition) => partition,
            Err(fault) => return self.refuse(piece, &fault).await,
        };
        let bytes = message.encoded_len();
        let api::Message { value, key, headers, .. } = message;
        let limit = topic.record.configs.get("max.message.bytes").and_then(|bytes| bytes.parse().ok());
        let most = limit.map_or(BYTES_TOGETHER, |limit: usize| (limit / 2).min(BYTES_TOGETHER));
        if self.gathered.get(&partition).is_some_and(|known| known.bytes + bytes > most) {
            self.send(partition).await?;
        }
        self.messages += 1;
        self.bytes += share.bytes();
        let gathered = self.gathered.entry(partition).or_insert_with(|| Gathered {
            pieces: Vec::new(),
            records: Vec::new(),
            bytes: 0,
            most,
            share: None,
        });
        gathered.pieces.push(piece);
        gathered.records.push(api::Record { key, value, headers, timestamp_ms: None });
        gathered.bytes += bytes;
        match &mut gathered.share {
            Some(all) => all.join(&mut share),
            none => *none = Some(share),
        }
        if gathered.bytes >= gathered.most {
            self.send(partition).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        while let Some(partition) = self.gathered.keys().next().copied() {
            self.send(partition).await?;
        }
        Ok(())
    }

    /// Sends what was gathered for a partition on its way.
    async fn send(&mut self, partition: PartitionId) -> Result<(), Fault> {
        let Some(gathered) = self.gathered.remove(&partition) else { return Ok(()) };
        let Gathered { pieces, records, share: Some(share), .. } = gathered else { return Ok(()) };
        let now = self.targets.env.clock.wall_ms();
        let bytes = match records::to_batch(&records, Compression::None, None, now) {
            Ok(bytes) => bytes,
            Err(fault) => {
                self.bytes -= share.bytes();
                for piece in pieces {
                    self.messages -= 1;
                    self.refuse(piece, &fault).await?;
                }
                return Ok(());
            }
        };
        self.numbers += 1;
        self.under_way.insert(self.numbers, pieces);
        let give_up = self.targets.env.clock.now() + OWNER_WAIT;
        let batch = Batch { id: self.numbers, bytes, give_up, share };
        self.lanes.send(partition, batch, Terms::default())
    }

    async fn answer(&mut self, done: Done) -> Result<(), Fault> {
        let Done { id, partition, result, share } = done;
        let pieces = self.under_way.remove(&id).unwrap_or_default();
        self.messages -= pieces.len();
        self.bytes -= share.bytes();
        drop(share);
        self.lanes.done(partition);
        for (at, piece) in (0..).zip(pieces) {
            let answer = match &result {
                Ok(written) => self.routings.written(piece, partition.index, written.first_offset + at),
                Err(fault) => self.routings.failed(piece, fault),
            };
            if let Some(answer) = answer {
                self.say(Ok(answer)).await?;
            }
        }
        Ok(())
    }

    async fn refuse(&mut self, piece: Piece, fault: &Fault) -> Result<(), Fault> {
        match self.routings.failed(piece, fault) {
            Some(answer) => self.say(Ok(answer)).await,
            None => Ok(()),
        }
    }

    /// Sends an answer. A client that takes none for long is given up.
    async fn say(&self, answer: Answer) -> Result<(), Fault> {
        match self.targets.env.timeout(PATIENCE, self.answers.send(answer)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Fault::refused(Code::DeadlineExceeded, "TOO_SLOW", "answers are not read")),
        }
    }
}
