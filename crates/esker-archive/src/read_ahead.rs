//! Reading ahead of sequential readers.
//!
//! A read that begins where an earlier one ended continues it; from the second on, blocks ahead of the reader are
//! fetched into the cache by a task, several with one request, in a window that doubles with each read. Readers are
//! recognized by their position alone: clients come and go through many connections. So readers in step share one
//! window, led by the foremost; one that comes later than a few reads has its own.
//!
//! All windows together take at most the memory for blocks read ahead, half of that for blocks: what is fetched ahead
//! must still be there when its reader comes. With too many readers for that there is no reading ahead, and they are each other's concurrency.

mod readers;

use std::sync::Arc;

use esker_core::{Offset, PartitionId, object::BlockEntry};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use self::readers::{Reader, Readers};
use crate::{ArchiveConfig, Parts, ReadAheadConfig, blocks::runs, cache::Keep, view::View};

/// A share of the memory for blocks that one reader's window may take at most: 1/8.
const MEMORY_SHARE: u64 = 8;
/// One request fetches no more than this, unless a single block is larger.
const RUN_BYTES: u64 = 4 << 20;

pub(crate) struct ReadAhead {
    config: ReadAheadConfig,
    /// Bytes of all windows.
    budget: u64,
    readers: Mutex<Readers>,
    /// Requests under way.
    permits: Arc<Semaphore>,
}

impl ReadAhead {
    pub(crate) fn new(config: &ArchiveConfig) -> Self {
        let mut ahead = config.read_ahead.clone();
        let memory = config.cache.memory_bytes as u64;
        ahead.max_bytes = ahead.max_bytes.min(memory / MEMORY_SHARE);
        let budget = config.ahead_bytes() as u64;
        // Twice as many as can have a window: enough to see that there are too many.
        let watched = (2 * budget / ahead.min_bytes.max(1)).clamp(2, 4096) as usize;
        let permits = Arc::new(Semaphore::new(ahead.concurrent.max(1)));
        Self { readers: Mutex::new(Readers::new(ahead.readers, watched)), budget, permits, config: ahead }
    }

    /// What a read from this position is to be kept for.
    pub(crate) fn keep(&self, id: PartitionId, from: Offset) -> Keep {
        let sequential = self.config.max_bytes > 0 && self.readers.lock().knows(id, from);
        if sequential { Keep::Briefly } else { Keep::Long }
    }

    /// Notes that a read of so many bytes went from `from` to `to`, and sees to what comes next.
    pub(crate) fn after_read(
        &self,
        parts: &Arc<Parts>,
        view: &Arc<View>,
        id: PartitionId,
        (from, to): (Offset, Offset),
        bytes: u64,
    ) {
        if self.config.max_bytes == 0 {
            return;
        }
        let Some((reader, active)) = self.readers.lock().note(id, from, to) else { return };
        let most = Some(self.budget / active).filter(|share| *share >= self.config.min_bytes).unwrap_or(0);
        let start = {
            let mut reader = reader.lock();
            let doubled = reader.window.max(bytes).saturating_mul(2).max(self.config.min_bytes);
            reader.window = doubled.min(self.config.max_bytes).min(most);
            let wanted = reader.room().is_some() && !reader.running;
            reader.running |= wanted;
            wanted
        };
        if start {
            parts.env.tasks.spawn(run(Arc::clone(parts), Arc::clone(view), id, reader));
        }
    }
}

impl Reader {
    /// Bytes to fetch next, if there is room for a request that is worth it.
    fn room(&self) -> Option<u64> {
        let room = self.window.saturating_sub(self.bytes_ahead());
        (room > 0 && room >= RUN_BYTES.min(self.window / 2)).then_some(room.min(RUN_BYTES))
    }
}

/// Asks for blocks until the window is full, the partition ends or a fetch fails.
async fn run(parts: Arc<Parts>, view: Arc<View>, id: PartitionId, reader: Arc<Mutex<Reader>>) {
    if plan(&parts, &view, id, &reader).await.is_none() {
        reader.lock().running = false;
    }
}

/// `None` when there is nothing more to fetch. When the window is full, the reader is marked as not running under the
/// same lock that shows so: a read just after it starts the next task.
async fn plan(
    parts: &Arc<Parts>,
    view: &Arc<View>,
    id: PartitionId,
    reader: &Arc<Mutex<Reader>>,
) -> Option<()> {
    let shard = view.pointer.shard;
    let partition = view.partitions.get(&id)?;
    loop {
        let (from, room) = {
            let mut reader = reader.lock();
            let Some(room) = reader.room() else {
                reader.running = false;
                return Some(());
            };
            (reader.planned.max(reader.position()), room)
        };
        let range = partition.ranges.get(partition.range_at(from))?;
        let index = parts.blocks.index(shard, &range.object, range.section).await.ok()?;
        let blocks: Vec<BlockEntry> = runs(index.from(from), room).next()?.to_vec();
        // The permit first: whoever joins this fetch should wait for the store alone.
        let permit = Arc::clone(&parts.read_ahead.permits).acquire_owned().await.ok()?;
        {
            let mut reader = reader.lock();
            reader.planned = Offset(blocks.last()?.last_offset.0 + 1);
            let ahead = blocks.iter().map(|block| (block.last_offset, u64::from(block.span.length)));
            reader.ahead.extend(ahead);
        }
        let (own, object) = (Arc::clone(parts), Arc::clone(&range.object));
        parts.env.tasks.spawn(async move {
            let _permit = permit;
            let blocks = own.blocks.run(shard, &object, &blocks, Keep::Ahead);
            for block in futures::future::join_all(blocks).await {
                if let Err(error) = block {
                    tracing::debug!(%error, "read-ahead failed: the reader will see for itself");
                }
            }
        });
    }
}
