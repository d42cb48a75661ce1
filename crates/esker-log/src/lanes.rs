//! Lanes: one open ledger and writer for each durability mode.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use esker_core::{FrameIndex, LedgerId, Mode, StoreId};
use esker_env::Rule;
use esker_wal::{CopiesStatus, Descriptor, LedgerWriter, PendingBatch, Ticket, WriterClosed};

use crate::error::AppendError;

/// The lane of one mode.
pub(crate) struct Lane {
    /// Its mode.
    pub(crate) mode: Mode,
    writer: LedgerWriter,
    last_ticket: AtomicU64,
}

/// The lanes of this session. More may come, and none goes: a look at them takes no lock.
pub(crate) struct Lanes {
    /// The strictest of those that the session began with.
    strictest: Mode,
    by_mode: [OnceLock<Arc<Lane>>; 4],
}

impl Lanes {
    /// # Panics
    /// Without any lane, or with two of a mode.
    pub(crate) fn new(lanes: Vec<Lane>) -> Self {
        let strictest = lanes.first().expect("a log has at least one lane").mode;
        let made = Self { strictest, by_mode: Default::default() };
        lanes.into_iter().for_each(|lane| made.add(lane));
        made
    }

    const fn slot(&self, mode: Mode) -> &OnceLock<Arc<Lane>> {
        match mode {
            Mode::Fsync => &self.by_mode[0],
            Mode::Throughput => &self.by_mode[1],
            Mode::Received => &self.by_mode[2],
            Mode::Diskless => &self.by_mode[3],
        }
    }

    /// The lane of a mode; a mode without one falls back to the strictest.
    pub(crate) fn get(&self, mode: Mode) -> &Arc<Lane> {
        let strictest = || self.slot(self.strictest).get();
        self.slot(mode).get().or_else(strictest).expect("the session began with it")
    }

    pub(crate) fn has(&self, mode: Mode) -> bool {
        self.slot(mode).get().is_some()
    }

    pub(crate) fn add(&self, lane: Lane) {
        let slot = self.slot(lane.mode);
        assert!(slot.set(Arc::new(lane)).is_ok(), "a mode has one lane");
    }

    /// Those that there are now.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.by_mode.iter().filter_map(OnceLock::get)
    }
}

impl Lane {
    pub(crate) fn new(mode: Mode, writer: LedgerWriter) -> Self {
        Self { mode, writer, last_ticket: AtomicU64::new(0) }
    }

    /// Hands a batch to the writer. Called under the lock of the batch's shard, which keeps a partition's order.
    pub(crate) fn enqueue(&self, batch: PendingBatch) -> Result<Ticket, WriterClosed> {
        let ticket = self.writer.enqueue(batch)?;
        self.last_ticket.fetch_max(ticket.0, Ordering::AcqRel);
        Ok(ticket)
    }

    /// The last ticket that this lane has given out.
    pub(crate) fn last_ticket(&self) -> Ticket {
        Ticket(self.last_ticket.load(Ordering::Acquire))
    }

    /// Waits until the batch is on W stores.
    pub(crate) async fn committed(&self, ticket: Ticket) -> Result<(), AppendError> {
        Ok(self.writer.committed(ticket).await?)
    }

    /// Waits until so many stores have it, if that is more than W.
    pub(crate) async fn held_by(&self, ticket: Ticket, copies: usize) -> Result<(), AppendError> {
        if copies > self.write_quorum() && !Rule::CopiesAwaited.is_broken() {
            self.writer.held_by(ticket, copies).await?;
        }
        Ok(())
    }

    /// The ledger it writes now, and the index after the last frame that is committed and in the rows.
    pub(crate) fn committed_end(&self) -> (LedgerId, FrameIndex) {
        self.writer.commit_end()
    }

    /// Stores in the copyset of the ledger it writes now.
    pub(crate) fn replicas(&self) -> usize {
        self.writer.descriptor().copyset.len()
    }

    /// A new ledger could have so many stores.
    pub(crate) fn widen(&self, possible: usize) {
        self.writer.widen(possible);
    }

    /// Leaves the ledger for another one if any of these stores has it.
    pub(crate) fn roll_away(&self, stores: &[StoreId]) {
        self.writer.roll_away(stores.to_vec());
    }

    /// The ledger it writes, unless it is leaving that.
    pub(crate) fn unfrozen(&self) -> Option<Arc<Descriptor>> {
        self.writer.unfrozen()
    }

    pub(crate) fn copyset(&self) -> Vec<StoreId> {
        self.writer.descriptor().copyset.clone()
    }

    pub(crate) fn write_quorum(&self) -> usize {
        self.writer.descriptor().write_quorum
    }

    /// How the copies of its open ledger are.
    pub(crate) fn copies(&self) -> CopiesStatus {
        self.writer.copies()
    }

    /// Bytes given to the writer that are not committed.
    pub(crate) fn backlog(&self) -> usize {
        self.writer.backlog()
    }

    /// Waits for what is queued, then takes no more.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
    }
}
