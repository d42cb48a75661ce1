//! Messages on their way to their queues: those for one partition that come together are written together.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{PartitionId, batch::Compression, partitioner::partition_for_key};
use esker_env::Monotonic;
use esker_meta::Topic;
use prost::Message;
use tokio::sync::mpsc;
use tonic::Code;

use super::{
    destination::Destination,
    routings::{Outcome, Piece, Routings},
};
use crate::{
    budget::Share,
    fault::Fault,
    lane::{Batch, Done},
    lanes::{Lanes, Terms},
    proto::esker::v1 as api,
    records,
    targets::{self, Targets},
};

/// The most bytes that are written together, or half of what the topic takes; about.
const BYTES_TOGETHER: usize = 256 << 10;

/// Who is told what became of messages.
pub(crate) trait Hears: Send {
    /// What became of the message that was given with this number.
    ///
    /// # Errors
    /// Nothing more needs to be written.
    fn hear(&mut self, id: u64, outcome: Outcome) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Messages for one partition.
struct Gathered {
    pieces: Vec<Piece>,
    records: Vec<api::Record>,
    bytes: usize,
    most: usize,
    give_up: Monotonic,
    /// The queue's window, if any of them has an id that counts.
    window_ms: u64,
    /// How many have one.
    ids: usize,
    share: Option<Share>,
}

/// Messages that are not durable yet.
pub(crate) struct Writer<H> {
    pub(crate) hears: H,
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

impl<H: Hears> Writer<H> {
    /// Without messages. What becomes of batches comes by the receiver, for [`Writer::answer`].
    pub(crate) fn new(targets: &Arc<Targets>, hears: H) -> (Self, mpsc::UnboundedReceiver<Done>) {
        let (lanes, done) = Lanes::new(targets);
        let writer = Self {
            hears,
            targets: Arc::clone(targets),
            lanes,
            gathered: BTreeMap::new(),
            under_way: BTreeMap::new(),
            routings: Routings::default(),
            numbers: 0,
            turn: 0,
            messages: 0,
            bytes: 0,
        };
        (writer, done)
    }

    /// Copies of messages that are not answered.
    pub(crate) const fn messages(&self) -> usize {
        self.messages
    }

    /// What they hold of the memory for requests.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// No batch is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Puts a message to those for its queue, or copies to those for its queues; or tells that it cannot go. It is tried to be
    /// written until `give_up`, or longer if it goes together with others.
    ///
    /// # Errors
    /// What whoever hears says.
    pub(crate) async fn take(
        &mut self,
        id: u64,
        to: Destination,
        message: api::Message,
        mut share: Share,
        give_up: Monotonic,
    ) -> Result<(), Fault> {
        let queues = match to {
            Destination::Queue(topic) => {
                return self.put(Piece::Whole(id), &topic, message, share, give_up).await;
            }
            Destination::Queues(queues) => queues,
        };
        let each = share.bytes();
        if let Err(fault) = grow(&mut share, queues.len()) {
            return self.refuse(id, fault).await;
        }
        let of = self.routings.begin(id, queues.len());
        for queue in queues {
            let part = share.split(each);
            let topic = Arc::clone(&queue);
            self.put(Piece::Copy { of, queue }, &topic, message.clone(), part, give_up).await?;
        }
        Ok(())
    }

    /// Tells that a message cannot go.
    ///
    /// # Errors
    /// As [`Writer::take`].
    pub(crate) async fn refuse(&mut self, id: u64, fault: Fault) -> Result<(), Fault> {
        self.hears.hear(id, Outcome::Failed(fault, Vec::new())).await
    }

    /// Puts a message to those for its partition, or tells that it cannot go.
    async fn put(
        &mut self,
        piece: Piece,
        topic: &Topic,
        message: api::Message,
        mut share: Share,
        give_up: Monotonic,
    ) -> Result<(), Fault> {
        let count = topic.record.partitions;
        let window_ms = match message.deduplication_id.is_empty() {
            true => 0,
            false => self.targets.window_ms(topic),
        };
        // The same id goes to the same place.
        let id = (window_ms > 0).then_some(message.deduplication_id.as_bytes());
        let index = match message.key.as_deref().or(id) {
            Some(key) => partition_for_key(key, count as usize).cast_unsigned(),
            None => self.turn % count,
        };
        let partition = match targets::partition(topic, index) {
            Ok(partition) => partition,
            Err(fault) => return self.failed(piece, &fault).await,
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
            give_up,
            window_ms: 0,
            ids: 0,
            share: None,
        });
        gathered.pieces.push(piece);
        gathered.records.push(api::Record { key, value, headers, timestamp_ms: None });
        gathered.bytes += bytes;
        gathered.window_ms = gathered.window_ms.max(window_ms);
        gathered.ids += usize::from(window_ms > 0);
        gathered.give_up = gathered.give_up.max(give_up);
        match &mut gathered.share {
            Some(all) => all.join(&mut share),
            none => *none = Some(share),
        }
        if gathered.bytes >= gathered.most {
            self.send(partition).await?;
        }
        Ok(())
    }

    /// Sends all that was gathered on its way. What may go anywhere goes to another partition after that.
    ///
    /// # Errors
    /// As [`Writer::take`].
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        // What does not fit into one batch goes to another partition with the next ones.
        self.turn = self.turn.wrapping_add(1);
        while let Some(partition) = self.gathered.keys().next().copied() {
            self.send(partition).await?;
        }
        Ok(())
    }

    /// Sends what was gathered for a partition on its way.
    async fn send(&mut self, partition: PartitionId) -> Result<(), Fault> {
        let Some(gathered) = self.gathered.remove(&partition) else { return Ok(()) };
        let Gathered { pieces, records, give_up, window_ms, ids, share: Some(share), .. } = gathered else {
            return Ok(());
        };
        let now = self.targets.env.clock.wall_ms();
        let bytes = match records::to_batch(&records, Compression::None, None, now) {
            Ok(bytes) => bytes,
            Err(fault) => {
                self.bytes -= share.bytes();
                for piece in pieces {
                    self.messages -= 1;
                    self.failed(piece, &fault).await?;
                }
                return Ok(());
            }
        };
        self.numbers += 1;
        self.under_way.insert(self.numbers, pieces);
        let has_ids = ids == records.len();
        let batch = Batch { id: self.numbers, bytes, window_ms, has_ids, give_up, share };
        self.lanes.send(partition, batch, Terms::default())
    }

    /// Takes back what has become of a batch.
    ///
    /// # Errors
    /// As [`Writer::take`].
    pub(crate) async fn answer(&mut self, done: Done) -> Result<(), Fault> {
        let Done { id, partition, result, share } = done;
        let pieces = self.under_way.remove(&id).unwrap_or_default();
        self.messages -= pieces.len();
        self.bytes -= share.bytes();
        drop(share);
        self.lanes.done(partition);
        let written = match result {
            Ok(written) => written,
            Err(fault) => {
                for piece in pieces {
                    self.failed(piece, &fault).await?;
                }
                return Ok(());
            }
        };
        for (piece, place) in pieces.into_iter().zip(written.places()) {
            let told = self.routings.written(piece, partition.index, place);
            self.tell(told).await?;
        }
        Ok(())
    }

    async fn failed(&mut self, piece: Piece, fault: &Fault) -> Result<(), Fault> {
        let told = self.routings.failed(piece, fault);
        self.tell(told).await
    }

    async fn tell(&mut self, told: Option<(u64, Outcome)>) -> Result<(), Fault> {
        match told {
            Some((id, outcome)) => self.hears.hear(id, outcome).await,
            None => Ok(()),
        }
    }
}

/// Makes room for so many copies: each is a record of its own in the end.
fn grow(share: &mut Share, copies: usize) -> Result<(), Fault> {
    let each = share.bytes();
    if !share.could_hold(each.saturating_mul(copies)) {
        let text = format!("copies for {copies} queues are more than a broker can hold");
        return Err(Fault::refused(Code::InvalidArgument, "BATCH_TOO_LARGE", text));
    }
    if !share.grow(each.saturating_mul(copies.saturating_sub(1))) {
        return Err(Fault::busy("requests"));
    }
    Ok(())
}
