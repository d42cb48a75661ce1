//! What the owner of a partition does, over its log.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{Offset, PartitionId};
use esker_env::Env;
use esker_log::{AppendError, AppendOptions, AppendTicket, Appended, Isolation, Log, LogError, ReadLimits};
use esker_meta::{Catalog, Topic};
use tokio::sync::Notify;

use crate::{
    dedup::{self, Deduplication, NotPlaced},
    fault::Fault,
    proto::esker::forward::v1::{Aborted, Offsets},
};

/// How long an append waits for the end of a planned move.
const LONGEST_MOVE: Duration = Duration::from_secs(5);

/// What was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// Whole batches, back to back, in each chunk.
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) next: i64,
    pub(crate) offsets: Offsets,
    pub(crate) aborted: Vec<Aborted>,
}

/// How a batch is to be appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Waits for `min.insync.replicas`.
    pub(crate) all_replicas: bool,
    /// Records whose ids are known in a window of so many milliseconds are left out; 0 to look for none.
    pub(crate) window_ms: u64,
}

/// A record that was left out, as one of its id is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// Its number in the batch, from 0.
    pub(crate) record: u32,
    /// Where the other one is.
    pub(crate) offset: i64,
}

/// Where a batch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// -1, as the last one, if nothing of it was written.
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    /// All of it was in the log already, by its sequence.
    pub(crate) duplicate: bool,
    /// Those of its records that were left out, in order. The others are behind one another from the first offset on.
    pub(crate) repeats: Vec<Repeat>,
}

impl Written {
    /// Where each record of the batch is, in order and without an end, and whether it was left out.
    pub(crate) fn places(&self) -> impl Iterator<Item = (i64, bool)> {
        let mut repeats = self.repeats.iter().peekable();
        let mut next = self.first_offset;
        (0..).map(move |number: u32| match repeats.next_if(|repeat| repeat.record == number) {
            Some(repeat) => (repeat.offset, true),
            None => {
                next = next.saturating_add(1);
                (next - 1, false)
            }
        })
    }
}

/// A batch that has its place in this broker's log, though it is not durable yet.
pub(crate) struct Placed {
    /// `None` if there is nothing new in it.
    appended: Option<Appended>,
    /// What has to be durable before it is answered, if nothing was appended.
    wait: Option<AppendTicket>,
    repeats: Vec<Repeat>,
}

impl Placed {
    pub(crate) const fn new(appended: Appended, repeats: Vec<Repeat>) -> Self {
        Self { appended: Some(appended), wait: None, repeats }
    }

    /// All of it repeats what is there, once `wait` is over.
    pub(crate) const fn nothing_new(repeats: Vec<Repeat>, wait: Option<AppendTicket>) -> Self {
        Self { appended: None, wait, repeats }
    }

    /// How long the next append should wait, as the log fills up.
    pub(crate) fn throttle(&self) -> Duration {
        self.appended.as_ref().map_or(Duration::ZERO, |appended| appended.throttle)
    }
}

/// This broker's log, asked by the API.
#[derive(Clone)]
pub(crate) struct Owner {
    log: Log,
    env: Env,
    ids: Deduplication,
}

/// The end of what a reader may see.
pub(crate) const fn end_of(offsets: &Offsets, committed: bool) -> i64 {
    if committed { offsets.last_stable } else { offsets.high_watermark }
}

/// Whether a partition that is not in this broker's log will be: its topic is there, or not heard of yet.
pub(crate) fn is_coming(catalog: &Catalog, id: PartitionId) -> bool {
    match catalog.by_number(id.topic) {
        Some(topic) => !topic.record.deleting,
        None => !catalog.is_dropped(id.topic),
    }
}

impl Owner {
    pub(crate) fn new(log: Log, env: &Env, ids: Deduplication) -> Self {
        Self { log, env: env.clone(), ids }
    }

    /// For how long ids count in a queue, milliseconds; 0 if they do not.
    pub(crate) fn window_ms(&self, topic: &Topic) -> u64 {
        dedup::window_ms(topic, &self.log)
    }

    /// Gives a batch its place. When the partition is about to move, that is waited for.
    ///
    /// # Errors
    /// Nothing was appended.
    pub(crate) async fn append(&self, id: PartitionId, batch: &Bytes, rules: Rules) -> Result<Placed, Fault> {
        let mut waited = false;
        loop {
            let placed = match i64::try_from(rules.window_ms).unwrap_or(i64::MAX) {
                0 => self.append_all(id, batch, rules.all_replicas).map_err(NotPlaced::from),
                window => self.ids.append(id, batch, window).await,
            };
            match placed {
                Ok(placed) => return Ok(placed),
                Err(NotPlaced::Log(AppendError::Log(LogError::Moving(_)))) if !waited => {
                    let _ = self.env.timeout(LONGEST_MOVE, self.log.settled(id)).await;
                    waited = true;
                }
                Err(NotPlaced::Log(error)) => return Err(self.fault(id, error)),
                Err(NotPlaced::Fault(fault)) => return Err(fault),
                Err(NotPlaced::Full) => return Err(dedup::full()),
            }
        }
    }

    fn append_all(&self, id: PartitionId, batch: &Bytes, all_replicas: bool) -> Result<Placed, AppendError> {
        let options = AppendOptions { all_replicas, ..AppendOptions::default() };
        let checked = self.log.check(id, batch)?;
        self.log.append(id, checked, options).map(|appended| Placed::new(appended, Vec::new()))
    }

    /// A partition that this broker has not heard of yet is looked for again: who sends here knows it.
    fn fault(&self, id: PartitionId, error: AppendError) -> Fault {
        match error {
            AppendError::Log(LogError::UnknownPartition(_)) if is_coming(self.log.catalog(), id) => {
                Fault::not_here(format!("partition {id} is not known here yet"))
            }
            error => error.into(),
        }
    }

    /// Completes when an append is durable.
    ///
    /// # Errors
    /// It may be in the log all the same, as the fault says.
    pub(crate) async fn durable(placed: Placed) -> Result<Written, Fault> {
        let Placed { appended, wait, repeats } = placed;
        let ticket = appended.as_ref().map(|appended| &appended.ticket).or(wait.as_ref());
        let durable = match ticket {
            Some(ticket) => ticket.durable().await,
            None => Ok(()),
        };
        match durable {
            Ok(()) => Ok(Written {
                first_offset: appended.as_ref().map_or(-1, |appended| appended.base_offset.0),
                last_offset: appended.as_ref().map_or(-1, |appended| appended.last_offset.0),
                duplicate: appended.is_some_and(|appended| appended.duplicate),
                repeats,
            }),
            // It had its place here: it is not for certain that it did not stay.
            Err(AppendError::Log(error)) => Err(Fault::unknown(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads whole batches from the one with `from` on: at least one, if there is one.
    ///
    /// # Errors
    /// They cannot be read here.
    pub(crate) async fn read(
        &self,
        id: PartitionId,
        from: i64,
        max_bytes: usize,
        committed: bool,
    ) -> Result<Page, Fault> {
        let isolation = if committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
        let limits = ReadLimits { max_bytes, at_least_one: true, isolation };
        let read = self.log.read(id, Offset(from), limits).await?;
        Ok(Page {
            aborted: read.aborted.iter().map(crate::records::aborted).collect(),
            next: read.next.0,
            offsets: offsets(&read.offsets),
            chunks: read.chunks,
        })
    }

    /// Waits until there is something to read at `from`, for `limit` at most.
    ///
    /// # Errors
    /// The partition is not here (any more).
    pub(crate) async fn await_end(
        &self,
        id: PartitionId,
        from: i64,
        committed: bool,
        limit: Duration,
    ) -> Result<Offsets, Fault> {
        let notify = Arc::new(Notify::new());
        let deadline = self.env.clock.now() + limit;
        loop {
            // In line before the look, so that no change falls in between.
            self.log.watch(id, &notify)?;
            let found = offsets(&self.log.offsets(id)?);
            let left = deadline - self.env.clock.now();
            if end_of(&found, committed) > from || left.is_zero() {
                return Ok(found);
            }
            let _ = self.env.timeout(left, notify.notified()).await;
        }
    }

    /// The partition's offsets, and that of the first record at or after a time.
    ///
    /// # Errors
    /// The partition is not here, or cannot be read.
    pub(crate) async fn locate(
        &self,
        id: PartitionId,
        timestamp: Option<i64>,
    ) -> Result<(Offsets, Option<i64>), Fault> {
        self.log.confirm(id).await?;
        let found = match timestamp {
            Some(timestamp) => self.log.find_timestamp(id, timestamp).await?,
            None => None,
        };
        Ok((offsets(&self.log.offsets(id)?), found.map(|found| found.offset.0)))
    }
}

fn offsets(known: &esker_log::Offsets) -> Offsets {
    Offsets {
        log_start: known.log_start.0,
        high_watermark: known.high_watermark.0,
        last_stable: known.last_stable.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_behind_one_another_and_the_rest_where_it_was() {
        let repeat = |record, offset| Repeat { record, offset };
        let places = |first_offset, repeats: &[Repeat]| {
            let written =
                Written { first_offset, last_offset: -1, duplicate: false, repeats: repeats.to_vec() };
            written.places().take(5).collect::<Vec<_>>()
        };
        let plain = [7, 8, 9, 10, 11].map(|offset| (offset, false));
        assert_eq!(places(7, &[]), plain);
        let some = places(7, &[repeat(0, 3), repeat(3, 7), repeat(4, 1)]);
        assert_eq!(some, [(3, true), (7, false), (8, false), (7, true), (1, true)]);
        let nothing: Vec<Repeat> = (0..5).map(|record| repeat(record, 4)).collect();
        assert_eq!(places(-1, &nothing), [(4, true); 5]);
    }
}
