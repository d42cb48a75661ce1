//! One partition that this broker leads: its index, brought up to the log's end, and what is appended under it.

use std::sync::Arc;

use esker_core::{
    Epoch, Offset, PartitionId,
    batch::{BatchView, CheckedBatch},
};
use esker_env::Monotonic;
use esker_log::{AppendOptions, AppendTicket, Isolation, LogError, ReadError, ReadLimits};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tonic::Code;

use super::{
    CHUNK, Inner, LATE_MS, NotPlaced, UNFINISHED,
    ids::Incoming,
    index::{Index, Place},
};
use crate::{
    fault::{Fault, unreadable},
    owner::Placed,
};

/// What a partition's index takes of the budget besides its ids, bytes.
const BASE: usize = 1_024;

/// A partition.
pub(super) struct Part {
    /// Whoever reads.
    reading: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    known: Option<Known>,
    used: Monotonic,
}

/// What is known of a partition under one leader epoch. Nothing but this broker writes in that, and what it has appended it either
/// commits or leads the partition no more: so ids count from the moment that their records have their places.
struct Known {
    epoch: Epoch,
    /// Milliseconds.
    window: i64,
    index: Index,
    /// Of all records before this the ids are known; of those behind, the ones of this room.
    read_to: Offset,
    /// The log's end when there was nothing of this yet: what is before was perhaps appended by what was known before.
    begun_at: Offset,
    /// It has been at the log's end since.
    is_whole: bool,
    /// The last append of this room.
    last: Option<AppendTicket>,
}

impl Known {
    fn serves(&self, epoch: Epoch, window: i64) -> bool {
        self.epoch == epoch && self.window >= window
    }
}

impl Part {
    pub(super) fn new(now: Monotonic) -> Self {
        let state = State { known: None, used: now };
        Self { reading: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// Brings the index up to the log's end as it is now, which is answered. Whoever goes away in between leaves what was read by
    /// then.
    pub(super) async fn ready(&self, of: &Inner, id: PartitionId, window: i64) -> Result<Offset, NotPlaced> {
        let offsets = of.log.offsets(id)?;
        let (epoch, goal) = (offsets.epoch, offsets.log_end);
        let is_there = |known: &Known| known.serves(epoch, window) && known.is_whole && known.read_to >= goal;
        if self.state.lock().known.as_ref().is_some_and(is_there) {
            return Ok(goal);
        }
        let _turn = self.reading.lock().await;
        // An append of which it is not known yet whether it stays is neither there nor not there.
        decided(of, id, goal).await?;
        loop {
            let from = match self.next(epoch, window) {
                Some(from) => from,
                None => self.begin(of, id, epoch, window).await?,
            };
            if self.is_at(epoch, goal) {
                return Ok(goal);
            }
            self.read(of, id, epoch, from).await?;
        }
    }

    /// Whether everything has been read up to an offset, and to where the log's end was when that began.
    fn is_at(&self, epoch: Epoch, goal: Offset) -> bool {
        let mut state = self.state.lock();
        let Some(known) = state.known.as_mut().filter(|known| known.epoch == epoch) else { return false };
        known.is_whole |= known.read_to >= known.begun_at;
        known.is_whole && known.read_to >= goal
    }

    /// Where to read on, if what is known serves.
    fn next(&self, epoch: Epoch, window: i64) -> Option<Offset> {
        let mut state = self.state.lock();
        let known = state.known.as_mut().filter(|known| known.serves(epoch, window))?;
        known.window = window;
        Some(known.read_to)
    }

    /// Begins anew, with the first record that is young enough to count.
    async fn begin(
        &self,
        of: &Inner,
        id: PartitionId,
        epoch: Epoch,
        window: i64,
    ) -> Result<Offset, NotPlaced> {
        // Nothing is appended by this way from here on, until all of that has been read.
        self.state.lock().known = None;
        let share = of.budget.take(BASE).ok_or(NotPlaced::Full)?;
        let end = of.log.offsets(id)?.log_end;
        decided(of, id, end).await?;
        let found = of.log.find_timestamp(id, of.since(window)).await.map_err(unread)?;
        let from = found.map_or(end, |found| found.offset.min(end));
        let index = Index::new(share);
        let known = Known { epoch, window, index, read_to: from, begun_at: end, is_whole: false, last: None };
        let mut state = self.state.lock();
        state.used = of.env.clock.now();
        state.known = Some(known);
        Ok(from)
    }

    /// Reads a little.
    async fn read(&self, of: &Inner, id: PartitionId, epoch: Epoch, from: Offset) -> Result<(), NotPlaced> {
        let closed = |_| Fault::not_here("the broker is stopping");
        let _turn = of.reads.acquire().await.map_err(closed)?;
        let limits =
            ReadLimits { max_bytes: CHUNK, at_least_one: true, isolation: Isolation::ReadUncommitted };
        let read = match of.log.read(id, from, limits).await {
            Ok(read) if read.next <= from => {
                return Err(Fault::not_here(format!("nothing can be read at {from} of {id}")).into());
            }
            Ok(read) => read,
            // Retention was faster.
            Err(ReadError::OutOfRange { log_start, .. }) if log_start > from => {
                self.take_note(of, epoch, log_start, Vec::new())?;
                return Ok(());
            }
            Err(error) => return Err(unread(error)),
        };
        let since = self.state.lock().known.as_ref().map_or(i64::MAX, |known| of.since(known.window));
        for batch in read.chunks.iter().flat_map(BatchView::all) {
            let batch = batch.map_err(|error| unreadable(&error))?;
            let found = of.hashes.stored(&batch, from.0, since)?;
            self.take_note(of, epoch, Offset(batch.fields.last_offset() + 1), found)?;
        }
        self.take_note(of, epoch, read.next, Vec::new())?;
        Ok(())
    }

    /// Takes note of what was read up to an offset.
    fn take_note(
        &self,
        of: &Inner,
        epoch: Epoch,
        read_to: Offset,
        found: Vec<(super::index::Id, Place)>,
    ) -> Result<(), NotPlaced> {
        let mut state = self.state.lock();
        state.used = of.env.clock.now();
        // Whoever has let it go meanwhile has it read again.
        let Some(known) = state.known.as_mut().filter(|known| known.epoch == epoch) else { return Ok(()) };
        known.index.expire(of.since(known.window));
        if !known.index.reserve(found.len()) {
            return Err(NotPlaced::Full);
        }
        found.into_iter().for_each(|(id, place)| known.index.insert(id, place));
        known.index.give_back();
        known.read_to = known.read_to.max(read_to);
        Ok(())
    }

    /// Appends what is new of a batch. `None` if what is known does not reach up to `goal` (any more).
    ///
    /// Between the look and the append nobody else appends by this way, and both are in one lock: an id is written once.
    pub(super) fn place(
        &self,
        of: &Inner,
        id: PartitionId,
        batch: &CheckedBatch,
        incoming: &Incoming,
        (window, goal): (i64, Offset),
    ) -> Result<Option<Placed>, NotPlaced> {
        let mut state = self.state.lock();
        let offsets = of.log.offsets(id)?;
        state.used = of.env.clock.now();
        let serves = |known: &&mut Known| {
            known.serves(offsets.epoch, window) && known.is_whole && known.read_to >= goal
        };
        let Some(known) = state.known.as_mut().filter(serves) else { return Ok(None) };
        known.index.expire(of.since(known.window));
        let split = incoming.split(&known.index, window);
        if split.written == 0 {
            // The answer says of the first one that it is durable.
            let is_open = split.last_known().is_some_and(|offset| offset >= offsets.high_watermark.0);
            let wait = known.last.clone().filter(|_| is_open);
            return Ok(Some(Placed::nothing_new(split.repeats(-1), wait)));
        }
        let rest = incoming.without_repeats(&split)?;
        if !known.index.reserve(split.fresh.len()) {
            return Err(NotPlaced::Full);
        }
        let options = AppendOptions { epoch: Some(known.epoch), ..AppendOptions::default() };
        let checked = match rest {
            Some(rest) => of.log.check(id, &rest),
            None => Ok(batch.clone()),
        };
        let appended = checked.and_then(|checked| of.log.append(id, checked, options));
        let appended = match appended {
            Ok(appended) => appended,
            Err(error) => {
                known.index.give_back();
                return Err(error.into());
            }
        };
        let base = appended.base_offset;
        for (id, at, timestamp) in &split.fresh {
            let timestamp = appended.log_append_time.unwrap_or(*timestamp);
            known.index.insert(*id, Place { offset: base.0 + at, timestamp });
        }
        known.index.give_back();
        if base == known.read_to {
            known.read_to = Offset(appended.last_offset.0 + 1);
        }
        known.last = Some(appended.ticket.clone());
        let repeats = split.repeats(base.0);
        Ok(Some(Placed::new(appended, repeats)))
    }

    /// Lets go what has expired: everything, if the partition is not led here any more or was not used for long. Whether anything
    /// is left.
    pub(super) fn sweep(&self, of: &Inner, id: PartitionId) -> bool {
        let mut state = self.state.lock();
        let idle = of.env.clock.now() - state.used;
        let Some(known) = &mut state.known else { return false };
        let is_led = of.log.offsets(id).is_ok_and(|offsets| offsets.epoch == known.epoch);
        let longest = known.window.saturating_add(LATE_MS).cast_unsigned();
        let longest = std::time::Duration::from_millis(longest);
        if !is_led || idle > if known.is_whole { longest } else { UNFINISHED } {
            state.known = None;
            return false;
        }
        known.index.expire(of.since(known.window));
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().known.is_none()
    }
}

/// What cannot be read for now is tried again, as long as the batch may wait.
fn unread(error: ReadError) -> NotPlaced {
    match error {
        ReadError::Log(error) => error.into(),
        error => match Fault::from(error) {
            fault if fault.code == Code::Unavailable => Fault::not_here(fault.message).into(),
            fault => fault.into(),
        },
    }
}

/// Waits until everything before an offset is committed.
async fn decided(of: &Inner, id: PartitionId, goal: Offset) -> Result<(), LogError> {
    let notify = Arc::new(Notify::new());
    while of.log.offsets(id)?.high_watermark < goal {
        // In line before the look, so that no change falls in between.
        of.log.watch(id, &notify)?;
        if of.log.offsets(id)?.high_watermark >= goal {
            break;
        }
        notify.notified().await;
    }
    Ok(())
}
