//! Redrive: dead letters back to their queue. They are read by a share group of their own, so that redrives from several sides
//! have different letters, and one that dies leaves what it had to the next. A letter is taken off only when its message is durable.

mod letter;
mod reader;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use esker_coordinator::attributes::{DELIVER_AT, EXPIRES_AT};
use esker_core::{
    PartitionId,
    batch::{BatchView, Compression},
};
use esker_env::Monotonic;
use esker_meta::Topic;
use tonic::Code;

pub use self::letter::DeadLetter;
use self::reader::Reader;
use super::receive::group;
use crate::{
    budget::{Budget, Share},
    fault::{Fault, Kind, unreadable},
    lane::Batch,
    lanes::{Lanes, Terms},
    proto::esker::{
        forward::v1::{Given, Mark},
        v1 as api,
    },
    records,
    targets::{self, Targets},
};

/// The most that one call moves, and how many it moves if it does not say.
const MOST: u32 = 10_000;
const DEFAULT: u32 = 1_000;
/// The most letters, and bytes, that are taken together. One may be larger.
const TOGETHER: u32 = 200;
const BYTES: u64 = 1 << 20;
/// The most bytes that are written together.
const BATCH_BYTES: usize = 256 << 10;
/// The most bytes to which a batch may decompress.
const MAX_DECOMPRESSED: usize = 64 << 20;
/// How long a call goes on taking letters, and how long one is tried to be written after that.
const TIME: Duration = Duration::from_secs(25);
const WRITE: Duration = Duration::from_secs(15);
/// The most letters that were not moved that an answer names.
const NAMED: usize = 1_000;

/// The share group that reads a group's dead letters of a queue. No topic's name has a slash, so no two have the same.
pub(super) fn reading_group(queue: &str, group: &str) -> String {
    format!("redrive/{queue}/{group}")
}

/// A message on its way back.
struct Moving {
    mark: Mark,
    /// Where it goes.
    partition: PartitionId,
    record: api::Record,
    bytes: usize,
}

struct Redrive {
    targets: Arc<Targets>,
    queue: Arc<Topic>,
    group: String,
    reader: Reader,
    lanes: Lanes,
    done: tokio::sync::mpsc::UnboundedReceiver<crate::lane::Done>,
    memory: Share,
    until: Monotonic,
    numbers: u64,
    answer: api::RedriveResponse,
}

/// Moves dead letters back.
///
/// # Errors
/// There is no such queue, or it has no dead letters' topic; what goes wrong later is in the answer.
pub(crate) async fn redrive(
    targets: &Arc<Targets>,
    memory: &Arc<Budget>,
    asked: &api::RedriveRequest,
) -> Result<api::RedriveResponse, Fault> {
    let queue = targets.topic(&asked.queue).await?;
    let group = group(&asked.queue, &asked.group)?;
    let most = match asked.max_messages {
        0 => DEFAULT,
        most if most <= MOST => most,
        _ => return Err(Fault::invalid("max_messages", format!("at most {MOST}"))),
    };
    let dead = targets.admin.dead_letters(&group).ok_or_else(|| {
        let text = format!("group {group:?} has no topic for dead letters");
        Fault::refused(Code::FailedPrecondition, "NO_DEAD_LETTERS", text)
    })?;
    let dead = targets.topic(&dead).await?;
    let reading = reading_group(&asked.queue, &group);
    targets.admin.set_reading_group(&reading).await?;
    let memory = memory.take(2 * BYTES as usize).ok_or_else(|| Fault::busy("streams"))?;
    let (lanes, done) = Lanes::new(targets);
    let mut redrive = Redrive {
        reader: Reader::new(targets, reading),
        targets: Arc::clone(targets),
        queue,
        group,
        lanes,
        done,
        memory,
        until: targets.env.clock.now() + TIME,
        numbers: 0,
        answer: api::RedriveResponse::default(),
    };
    if let Err(fault) = redrive.run(&dead, most).await {
        tracing::debug!(%fault, queue = asked.queue, "a redrive ends early");
        redrive.answer.error = Some(fault.rpc());
    }
    redrive.reader.close().await;
    Ok(redrive.answer)
}

impl Redrive {
    /// Until there are no more letters, or as many were moved as are wanted.
    async fn run(&mut self, dead: &Topic, most: u32) -> Result<(), Fault> {
        let count = dead.record.partitions;
        // Redrives at the same time are not all at the same partition.
        let first = u32::try_from(self.targets.env.random.below(count.into())).unwrap_or(0);
        for index in (first..count).chain(0..first) {
            let from = targets::partition(dead, index)?;
            loop {
                if self.answer.moved >= most || self.targets.env.clock.now() >= self.until {
                    self.answer.more = true;
                    return Ok(());
                }
                let room = (most - self.answer.moved).min(TOGETHER);
                let given = self.reader.take(from, room, BYTES).await?;
                if given.is_empty() {
                    break;
                }
                self.handle(from, given).await?;
            }
        }
        Ok(())
    }

    /// What becomes of letters that were taken.
    async fn handle(&mut self, from: PartitionId, given: Vec<Given>) -> Result<(), Fault> {
        let mut moving = VecDeque::new();
        // What is never to be moved does not come again.
        let mut over = Vec::new();
        for Given { record, count } in given {
            let Some(record) = record else { continue };
            let mark = Mark { offset: record.offset, count };
            let written_ms = record.timestamp_ms;
            let is_ours =
                |letter: &DeadLetter| letter.queue == self.queue.record.name && letter.group == self.group;
            let Some(letter) = DeadLetter::read(record).filter(is_ours) else {
                over.push(mark);
                continue;
            };
            match self.whole(letter, written_ms).await {
                Ok(Some((partition, record))) => {
                    let bytes = prost::Message::encoded_len(&record);
                    moving.push_back(Moving { mark, partition, record, bytes });
                }
                Ok(None) => {
                    let text = "neither the dead letter nor the queue has the message any more";
                    self.skip(from, mark, &Fault::refused(Code::NotFound, "LETTER_LOST", text));
                    over.push(mark);
                }
                Err(fault) => self.skip(from, mark, &fault),
            }
        }
        let result = self.write_all(from, moving, &mut over).await;
        // Also when something went wrong: what is over, is.
        self.reader.done_with(from, over).await?;
        result
    }

    /// Where a letter's message goes, and the message: what the letter has of it, or what the queue still has. `None` when it
    /// is nowhere any more.
    async fn whole(
        &self,
        letter: DeadLetter,
        written_ms: i64,
    ) -> Result<Option<(PartitionId, api::Record)>, Fault> {
        let count = self.queue.record.partitions;
        if !letter.is_bare() {
            // Of an earlier queue of this name, perhaps, with more partitions.
            return Ok(Some((targets::partition(&self.queue, letter.partition % count)?, letter.message)));
        }
        let is_older = self.queue.record.created_ms > written_ms;
        if letter.partition >= count || is_older {
            return Ok(None);
        }
        let partition = targets::partition(&self.queue, letter.partition)?;
        let found = self.original(partition, letter.offset).await?;
        Ok(found.map(|record| (partition, record)))
    }

    async fn original(&self, partition: PartitionId, offset: i64) -> Result<Option<api::Record>, Fault> {
        let page = match self.targets.read(partition, offset, 1, false).await {
            Ok(page) => page,
            Err(fault) if fault.code == Code::OutOfRange => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let wanted = records::Wanted {
            from: offset,
            end: offset.checked_add(1),
            committed: false,
            aborted: &[],
            max_decompressed: MAX_DECOMPRESSED,
        };
        for view in page.chunks.iter().flat_map(BatchView::all) {
            let view = view.map_err(|error| unreadable(&error))?;
            if let Some(found) = wanted.of_batch(&view, |_| true)?.pop() {
                let api::ConsumedRecord { key, value, mut headers, .. } = found;
                // Its time may be over: it would be given up again.
                headers.retain(|header| header.key != DELIVER_AT && header.key != EXPIRES_AT);
                return Ok(Some(api::Record { key, value, headers, timestamp_ms: None }));
            }
        }
        Ok(None)
    }

    /// Writes messages to the queue. What is durable is put to what is over; what the queue does not take is skipped, and stays a
    /// dead letter.
    async fn write_all(
        &mut self,
        from: PartitionId,
        mut moving: VecDeque<Moving>,
        over: &mut Vec<Mark>,
    ) -> Result<(), Fault> {
        while let Some(first) = moving.pop_front() {
            let (to, mut bytes) = (first.partition, first.bytes);
            let mut batch = vec![first];
            while let Some(next) = moving.front() {
                bytes += next.bytes;
                if next.partition != to || bytes > BATCH_BYTES {
                    break;
                }
                batch.extend(moving.pop_front());
            }
            match self.write(to, &batch).await {
                Ok(()) => self.moved(&batch, over),
                Err(fault) if fault.kind != Kind::Refused => return Err(fault),
                Err(fault) if batch.len() == 1 => self.skip(from, batch[0].mark, &fault),
                // One of them is why: each for itself.
                Err(_) => {
                    for one in batch {
                        match self.write(to, std::slice::from_ref(&one)).await {
                            Ok(()) => self.moved(&[one], over),
                            Err(fault) if fault.kind == Kind::Refused => self.skip(from, one.mark, &fault),
                            Err(fault) => return Err(fault),
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn moved(&mut self, batch: &[Moving], over: &mut Vec<Mark>) {
        over.extend(batch.iter().map(|moving| moving.mark));
        self.answer.moved = self.answer.moved.saturating_add(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    }

    /// Writes a batch, and waits until it is durable.
    async fn write(&mut self, to: PartitionId, batch: &[Moving]) -> Result<(), Fault> {
        // Its time is now: by that of the first time the queue's retention might take it away at once.
        let now = self.targets.env.clock.wall_ms();
        let records: Vec<api::Record> = batch.iter().map(|moving| moving.record.clone()).collect();
        let bytes = records::to_batch(&records, Compression::None, None, now)?;
        self.numbers += 1;
        let give_up = self.targets.env.clock.now() + WRITE;
        let batch = Batch {
            id: self.numbers,
            bytes,
            // What comes back is meant to.
            window_ms: 0,
            has_ids: false,
            give_up,
            share: self.memory.split(0),
        };
        self.lanes.send(to, batch, Terms::default())?;
        let done = self.done.recv().await.ok_or_else(|| Fault::internal("a lane has ended"))?;
        self.lanes.done(done.partition);
        done.result.map(|_| ())
    }

    fn skip(&mut self, from: PartitionId, mark: Mark, fault: &Fault) {
        self.answer.skipped_count = self.answer.skipped_count.saturating_add(1);
        if self.answer.skipped.len() < NAMED {
            let error = Some(fault.rpc());
            self.answer.skipped.push(api::SkippedLetter {
                partition: from.index,
                offset: mark.offset,
                error,
            });
        }
    }
}
