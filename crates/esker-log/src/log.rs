//! The log of one broker: every shard it owns, behind one `append` and one `read`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use esker_archive::Archive;
use esker_core::{
    Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ShardId, StoreId, shard_map::shard_of,
};
use esker_env::{Env, Rule, watch};
use esker_meta::{Catalog, SessionKey};
use esker_wal::Store;
use tokio::sync::Notify;

use crate::{
    error::LogError,
    lanes::Lanes,
    offsets::Offsets,
    partition::Partition,
    pressure::Pressure,
    settings::LogConfig,
    shard::{Shard, ShardState},
    shard_table::ShardTable,
    stores::Stores,
    tail::Tail,
    topics::Topics,
};

/// The log of one broker. Cheap to clone.
#[derive(Clone)]
pub struct Log(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) env: Env,
    pub(crate) config: LogConfig,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) archive: Arc<Archive>,
    pub(crate) session: SessionKey,
    pub(crate) topics: Topics,
    pub(crate) shards: ShardTable,
    /// Counts changes of `shards`.
    pub(crate) ownership: watch::Sender<u64>,
    pub(crate) lanes: Lanes,
    pub(crate) rollers: crate::open::ByMode,
    pub(crate) stores: Stores,
    pub(crate) store: Arc<Store>,
    pub(crate) tail: Tail,
    pub(crate) pressure: Pressure,
    /// Where each pending ledger of an earlier session ends.
    pub(crate) sealed_ends: parking_lot::Mutex<crate::trim::Floors>,
    /// Where each ledger of this session ends that its lane has left.
    pub(crate) rolled: parking_lot::Mutex<crate::trim::Floors>,
    /// Those of them that nothing needs any more, until somebody takes note.
    pub(crate) retired: parking_lot::Mutex<Vec<LedgerId>>,
    /// Why writing ended, once it has.
    pub(crate) closed: watch::Sender<Option<String>>,
    /// Ledgers of earlier sessions that nothing here needs any more, so far.
    pub(crate) released: watch::Sender<u64>,
    pub(crate) stopping: AtomicBool,
    /// Wakes the maintenance loop before its next tick.
    pub(crate) maintain: Notify,
}

impl Inner {
    /// The shard of an existing partition.
    pub(crate) fn locate(&self, id: PartitionId) -> Result<Arc<Shard>, LogError> {
        if !self.topics.contains(id) {
            // A topic that was created a moment ago is in the catalog before it is here.
            self.topics.refresh(&self.catalog);
            if !self.topics.contains(id) {
                return Err(LogError::UnknownPartition(id));
            }
        }
        self.shards.get(shard_of(id, self.shards.len())).ok_or(LogError::NotOwner(id))
    }

    /// Runs `look` on a partition's row, under its shard's lock.
    pub(crate) fn with_row<T>(
        &self,
        id: PartitionId,
        look: impl FnOnce(&Shard, &mut Partition) -> T,
    ) -> Result<T, LogError> {
        let shard = self.locate(id)?;
        let mut state = shard.state.lock();
        if state.closed {
            return Err(LogError::NotOwner(id));
        }
        Ok(look(&shard, ShardState::row(&mut state, id)))
    }

    /// As [`Inner::with_row`], for what appends.
    pub(crate) fn with_row_to_append<T>(
        &self,
        id: PartitionId,
        append: impl FnOnce(&Shard, &mut Partition) -> T,
    ) -> Result<T, LogError> {
        let shard = self.locate(id)?;
        let mut state = shard.state.lock();
        state.may_append(id)?;
        Ok(append(&shard, ShardState::row(&mut state, id)))
    }

    pub(crate) fn closed(&self, reason: &str) {
        tracing::error!(reason, "the log can no longer write");
        self.closed.send_if_modified(|state| {
            let first = state.is_none();
            state.get_or_insert_with(|| reason.to_owned());
            first
        });
        // Whoever waits for data would wait for ever.
        for shard in self.shards.all() {
            let waiters: Vec<_> =
                shard.state.lock().rows.values_mut().flat_map(Partition::take_waiters).collect();
            for waiter in waiters {
                waiter.notify_one();
            }
        }
    }
}

impl Log {
    /// A partition's offsets.
    ///
    /// # Errors
    /// When the partition does not exist or is not served here.
    pub fn offsets(&self, id: PartitionId) -> Result<Offsets, LogError> {
        self.0.with_row(id, |shard, row| row.offsets(shard.epoch))
    }

    /// The offset after the last of a partition's records that an object holds.
    ///
    /// # Errors
    /// When the partition does not exist or is not served here.
    pub fn archived_end(&self, id: PartitionId) -> Result<Offset, LogError> {
        self.0.with_row(id, |_, row| row.archived_end)
    }

    /// Whether `given` is the leader epoch in force; a client that says nothing is believed.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn check_epoch(&self, id: PartitionId, given: Option<Epoch>) -> Result<(), LogError> {
        let current = self.0.locate(id)?.epoch;
        match given.filter(|_| !Rule::EpochCompared.is_broken()) {
            Some(given) if given < current => Err(LogError::FencedEpoch { given, current }),
            Some(given) if given > current => Err(LogError::UnknownEpoch { given, current }),
            _ => Ok(()),
        }
    }

    /// Notifies `waiter` once when the partition's high watermark next moves, or the log closes.
    ///
    /// # Errors
    /// When the partition does not exist or is not served here.
    pub fn watch(&self, id: PartitionId, waiter: &Arc<Notify>) -> Result<(), LogError> {
        self.0.with_row(id, |_, row| row.watch(waiter))
    }

    /// The largest leader epoch not above `epoch` under which records were written, and the offset where it ends
    /// (Kafka's OffsetForLeaderEpoch). `None` when every record is newer.
    ///
    /// # Errors
    /// When the partition does not exist or is not served here.
    pub fn epoch_end(&self, id: PartitionId, epoch: Epoch) -> Result<Option<(Epoch, Offset)>, LogError> {
        self.0.with_row(id, |shard, row| {
            if epoch == shard.epoch {
                return Some((epoch, row.high_watermark));
            }
            let after = row.epochs.partition_point(|&(known, _)| known <= epoch);
            let (found, _) = *row.epochs.get(after.checked_sub(1)?)?;
            let end = row.epochs.get(after).map_or(row.high_watermark, |&(_, start)| start);
            Some((found, end))
        })
    }

    /// Bytes of a partition: in the local log, and in objects.
    ///
    /// # Errors
    /// When the partition does not exist or is not served here.
    pub fn sizes(&self, id: PartitionId) -> Result<Sizes, LogError> {
        self.0.with_row(id, |shard, row| Sizes {
            local: row.local_bytes,
            archived: shard.archive.segments(id).iter().map(|segment| segment.bytes).sum(),
        })
    }

    /// Whether the log has stopped writing ([`Log::closed`]), or is about to because the broker stops.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire) || self.0.closed.borrow().is_some()
    }

    /// Why the log stopped writing, once it has. A broker whose log is closed should exit and start again.
    #[must_use]
    pub fn closed(&self) -> watch::Receiver<Option<String>> {
        self.0.closed.subscribe()
    }

    /// Counts ledgers that this broker's shards no longer need: of earlier sessions, and of this one (see
    /// [`Log::take_retired`]). Whoever owns the session forgets them.
    #[must_use]
    pub fn released_ledgers(&self) -> watch::Receiver<u64> {
        self.0.released.subscribe()
    }

    /// Ledgers of this session that its lanes have left and nothing needs any more: sealed, and offloaded to their ends.
    /// Each is returned once.
    #[must_use]
    pub fn take_retired(&self) -> Vec<LedgerId> {
        std::mem::take(&mut self.0.retired.lock())
    }

    /// Ledgers of this session that its lanes have left and somebody may still need.
    #[must_use]
    pub fn rolled_ledgers(&self) -> Vec<LedgerId> {
        self.0.rolled.lock().keys().copied().collect()
    }

    /// Makes every lane leave the ledgers that these stores hold, because the stores are going away.
    pub fn roll_away(&self, stores: &[StoreId]) {
        for lane in self.0.lanes.all() {
            lane.roll_away(stores);
        }
    }

    /// Notes that a store is gone that may have held what is committed by now: it goes to the object store without
    /// waiting to be enough for an object, which is the repair.
    pub fn copies_lost(&self) {
        for shard in self.0.shards.all() {
            let mut state = shard.state.lock();
            let goal = state.to_archive();
            state.repair = (!state.has_archived(&goal)).then_some(goal);
        }
        self.0.maintain.notify_one();
    }

    /// Says how many stores a new ledger could have: lanes with fewer copies go there.
    pub fn widen(&self, possible: usize) {
        for lane in self.0.lanes.all() {
            lane.widen(possible);
        }
    }

    /// The open ledger of each lane, and the index after its last committed frame.
    #[must_use]
    pub fn lane_ends(&self) -> Vec<(LedgerId, FrameIndex)> {
        self.0.lanes.all().map(|lane| lane.committed_end()).collect()
    }

    /// Gives everything up at once, because the session is over: appends and reads are refused from here on. What is
    /// under way may or may not survive, as its tickets say.
    pub fn abandon(&self, reason: &str) {
        if self.0.stopping.swap(true, Ordering::AcqRel) {
            return; // it is on its way out already
        }
        for shard in self.0.shards.all() {
            shard.state.lock().closed = true;
        }
        self.0.closed(reason);
    }

    /// The number of shards of the cluster, those of others included.
    #[must_use]
    pub fn shard_count(&self) -> u32 {
        self.0.shards.len()
    }

    /// The shards that are open here, with their epochs, by number.
    #[must_use]
    pub fn open_shard_epochs(&self) -> Vec<(ShardId, Epoch)> {
        self.0.shards.all().iter().map(|shard| (shard.id, shard.epoch)).collect()
    }

    /// Counts the times that shards came or went.
    #[must_use]
    pub fn ownership(&self) -> watch::Receiver<u64> {
        self.0.ownership.subscribe()
    }

    /// The copyset of the ledger that `mode`'s lane writes now.
    #[must_use]
    pub fn copyset(&self, mode: Mode) -> Vec<StoreId> {
        self.0.lanes.get(mode).copyset()
    }

    /// The stores of every append in `mode`'s lane (Kafka: the replicas of its partitions).
    #[must_use]
    pub fn replicas(&self, mode: Mode) -> usize {
        self.0.lanes.get(mode).replicas()
    }

    /// The broker's view of all topics.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// Broker-wide defaults of topic configs.
    #[must_use]
    pub fn topic_defaults(&self) -> &BTreeMap<String, String> {
        &self.0.config.topic_defaults
    }
}

/// Bytes of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// In the local log.
    pub local: u64,
    /// In objects.
    pub archived: u64,
}
