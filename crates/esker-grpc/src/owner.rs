//! What the owner of a partition does, over its log.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{Offset, PartitionId};
use esker_env::Env;
use esker_log::{AppendError, AppendOptions, Appended, Isolation, Log, LogError, ReadLimits};
use esker_meta::Catalog;
use tokio::sync::Notify;

use crate::{
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

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) duplicate: bool,
}

/// This broker's log, asked by the API.
#[derive(Clone)]
pub(crate) struct Owner {
    log: Log,
    env: Env,
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
    pub(crate) fn new(log: Log, env: &Env) -> Self {
        Self { log, env: env.clone() }
    }

    /// Gives a batch its place. When the partition is about to move, that is waited for.
    ///
    /// # Errors
    /// Nothing was appended.
    pub(crate) async fn append(
        &self,
        id: PartitionId,
        batch: &Bytes,
        all_replicas: bool,
    ) -> Result<Appended, Fault> {
        let options = AppendOptions { all_replicas, ..AppendOptions::default() };
        let mut waited = false;
        loop {
            let checked = self.log.check(id, batch).map_err(|error| self.fault(id, error))?;
            match self.log.append(id, checked, options) {
                Err(AppendError::Log(LogError::Moving(_))) if !waited => {
                    let _ = self.env.timeout(LONGEST_MOVE, self.log.settled(id)).await;
                    waited = true;
                }
                appended => return appended.map_err(|error| self.fault(id, error)),
            }
        }
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
    pub(crate) async fn durable(appended: Appended) -> Result<Written, Fault> {
        match appended.ticket.durable().await {
            Ok(()) => Ok(Written {
                first_offset: appended.base_offset.0,
                last_offset: appended.last_offset.0,
                duplicate: appended.duplicate,
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
