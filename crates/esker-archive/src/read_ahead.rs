//! Reading ahead of sequential readers.
//!
//! A read that begins where an earlier one ended continues it; from the second on, blocks ahead of the reader are
//! fetched into the cache by a task, in a window that doubles with each read. Readers are recognized by their
//! position alone: clients come and go through many connections.

use std::sync::Arc;

use esker_core::{Offset, PartitionId};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{ArchiveConfig, Parts, ReadAheadConfig, lru::Lru, view::View};

/// A share of the memory for blocks that one reader's window may take at most: 1/8.
const MEMORY_SHARE: u64 = 8;

pub(crate) struct ReadAhead {
    config: ReadAheadConfig,
    /// By the position where the next read of a sequential reader begins.
    readers: Mutex<Lru<(PartitionId, Offset), SharedReader>>,
    /// Fetches under way.
    permits: Arc<Semaphore>,
}

type SharedReader = Arc<Mutex<Reader>>;

/// A sequential reader.
#[derive(Default)]
struct Reader {
    /// Where it reads on.
    position: Offset,
    /// Bytes that should be ahead of it.
    window: u64,
    /// Blocks before this offset were asked for.
    planned: Offset,
    /// Blocks asked for that it has not reached yet, as (last offset, bytes).
    ahead: std::collections::VecDeque<(Offset, u64)>,
    /// A task is fetching for it.
    running: bool,
}

impl Reader {
    fn bytes_ahead(&self) -> u64 {
        self.ahead.iter().map(|(_, bytes)| bytes).sum()
    }
}

impl ReadAhead {
    pub(crate) fn new(config: &ArchiveConfig) -> Self {
        let mut ahead = config.read_ahead.clone();
        ahead.max_bytes = ahead.max_bytes.min(config.cache.memory_bytes as u64 / MEMORY_SHARE);
        let permits = Arc::new(Semaphore::new(ahead.concurrent.max(1)));
        Self { readers: Mutex::new(Lru::new(ahead.readers)), permits, config: ahead }
    }

    /// Notes that a read went from `from` to `to`, and sees to what comes next.
    pub(crate) fn after_read(
        &self,
        parts: &Arc<Parts>,
        view: &Arc<View>,
        id: PartitionId,
        from: Offset,
        to: Offset,
    ) {
        if self.config.max_bytes == 0 {
            return;
        }
        let reader = {
            let mut readers = self.readers.lock();
            let known = readers.get(&(id, from));
            readers.remove(&(id, from));
            let reader = known.unwrap_or_default();
            readers.insert((id, to), Arc::clone(&reader), 1);
            reader
        };
        let start = {
            let mut reader = reader.lock();
            let first = reader.position == Offset(0) && reader.window == 0 && reader.planned == Offset(0);
            let continues = reader.position == from && !first;
            reader.position = to;
            if continues {
                let doubled = reader.window.saturating_mul(2).max(self.config.min_bytes);
                reader.window = doubled.min(self.config.max_bytes);
            }
            while reader.ahead.front().is_some_and(|(last, _)| *last < to) {
                reader.ahead.pop_front();
            }
            let wanted = reader.bytes_ahead() < reader.window && !reader.running;
            reader.running |= wanted;
            wanted
        };
        if start {
            parts.env.tasks.spawn(run(Arc::clone(parts), Arc::clone(view), id, reader));
        }
    }
}

/// Asks for blocks until the window is full, the partition ends or a fetch fails.
async fn run(parts: Arc<Parts>, view: Arc<View>, id: PartitionId, reader: Arc<Mutex<Reader>>) {
    if plan(&parts, &view, id, &reader).await.is_none() {
        reader.lock().running = false;
    }
}

/// `None` once there is nothing more to do; `running` is then still set, unless the window was full.
async fn plan(
    parts: &Arc<Parts>,
    view: &Arc<View>,
    id: PartitionId,
    reader: &Arc<Mutex<Reader>>,
) -> Option<()> {
    let shard = view.pointer.shard;
    let partition = view.partitions.get(&id)?;
    loop {
        let from = {
            let mut reader = reader.lock();
            if reader.bytes_ahead() >= reader.window {
                reader.running = false;
                return Some(());
            }
            reader.planned.max(reader.position)
        };
        let range = partition.ranges.get(partition.range_at(from))?;
        let index = parts.blocks.index(shard, &range.object, range.section).await.ok()?;
        let block = *index.from(from).first()?;
        // The permit first: whoever joins this fetch should wait for the store alone.
        let permit = Arc::clone(&parts.read_ahead.permits).acquire_owned().await.ok()?;
        let (own, object) = (Arc::clone(parts), *range.object);
        parts.env.tasks.spawn(async move {
            let _permit = permit;
            if let Err(error) = own.blocks.block(shard, &object, &block).await {
                tracing::debug!(%error, "read-ahead failed: the reader will see for itself");
            }
        });
        let mut reader = reader.lock();
        reader.planned = Offset(block.last_offset.0 + 1);
        let length = u64::from(block.span.length);
        reader.ahead.push_back((block.last_offset, length));
    }
}
