//! What an append waits for before anyone is told.

use std::sync::Arc;

use esker_core::{Offset, PartitionId};
use esker_env::Rule;
use esker_wal::Ticket;

use crate::{
    error::{AppendError, LogError},
    lanes::Lane,
    log::Inner,
    shard::Shard,
};

/// A claim on the durability of an append.
#[must_use = "an append is durable only once its ticket says so"]
#[derive(Clone)]
pub struct AppendTicket {
    /// What has to be committed.
    lane: Option<(Arc<Lane>, Ticket)>,
    /// Stores that must hold it, if more than W.
    copies: usize,
    /// The batch was appended before: which stores have it is to be found out once it is committed.
    found: Option<Found>,
}

/// A batch that was in the log already when it was sent again.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) log: Arc<Inner>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) partition: PartitionId,
    pub(crate) base_offset: Offset,
}

impl AppendTicket {
    /// For a batch that the lane was given just now.
    pub(crate) fn new(lane: Arc<Lane>, ticket: Ticket, copies: usize) -> Self {
        Self { lane: Some((lane, ticket)), copies, found: None }
    }

    /// For a batch that was there; `in_flight` where it is not committed yet: in that lane.
    pub(crate) fn again(found: Found, in_flight: Option<Arc<Lane>>, copies: usize) -> Self {
        let lane = in_flight.map(|lane| {
            let last = lane.last_ticket();
            (lane, last)
        });
        Self { lane, copies, found: Some(found) }
    }

    /// Completes once the append is on W stores by its mode's rule, and visible to consumers; with
    /// [`crate::AppendOptions::all_replicas`] on as many as `min.insync.replicas` says, if that is more.
    ///
    /// # Errors
    /// When the log closed before that: the append may or may not survive. [`AppendError::TooFewCopies`] when it is
    /// visible, on W stores, and will not come to be on more before objects have it.
    pub async fn durable(&self) -> Result<(), AppendError> {
        if let Some((lane, ticket)) = &self.lane {
            lane.committed(*ticket).await?;
        }
        match (&self.found, &self.lane) {
            (Some(found), _) => found.held_by(self.copies).await,
            (None, Some((lane, ticket))) => lane.held_by(*ticket, self.copies).await,
            (None, None) => Ok(()),
        }
    }
}

/// Who knows how many stores have a committed batch.
enum Copies {
    /// An object has it.
    Archived,
    /// A lane of this session.
    Lane(Arc<Lane>, Ticket),
    /// Nobody: it is in a ledger of another session, on W stores.
    Unknown,
}

impl Found {
    async fn held_by(&self, copies: usize) -> Result<(), AppendError> {
        let strictest = self.log.lanes.all().map(|lane| lane.write_quorum()).min();
        if strictest.is_none_or(|quorum| copies <= quorum) || Rule::CopiesAwaited.is_broken() {
            return Ok(());
        }
        let held = match self.look()? {
            Copies::Archived => Ok(()),
            Copies::Lane(lane, ticket) => lane.held_by(ticket, copies).await,
            Copies::Unknown => Err(AppendError::TooFewCopies { wanted: copies }),
        };
        if matches!(held, Err(AppendError::TooFewCopies { .. })) {
            // The ledger gets it onto no more stores. Objects are the repair: whoever asks again finds it there.
            self.shard.state.lock().ask_for_repair();
            self.log.maintain.notify_one();
        }
        held
    }

    fn look(&self) -> Result<Copies, LogError> {
        let state = self.shard.state.lock();
        if state.closed {
            return Err(LogError::NotOwner(self.partition));
        }
        let row = state.rows.get(&self.partition).ok_or(LogError::UnknownPartition(self.partition))?;
        if self.base_offset < row.archived_end {
            return Ok(Copies::Archived);
        }
        let frame = row.find_local(self.base_offset).map(|at| &row.local[at].frame);
        Ok(match frame.and_then(|frame| frame.written) {
            Some((mode, ticket)) => Copies::Lane(Arc::clone(self.log.lanes.get(mode)), ticket),
            None => Copies::Unknown,
        })
    }
}
