//! Fetching block indexes and blocks: cache, single flight, then one ranged request.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    Offset, ShardId,
    manifest::ObjectRef,
    object::{BlockEntry, FormatError, ObjectId, PartitionSection, Section, Span},
    producer::AbortedTxn,
};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument;

use crate::{
    ArchiveConfig, ArchiveError, ArchiveMetrics,
    cache::{BlockCache, BlockKey, Keep},
    flights::{Flight, Flights},
    lru::Lru,
    names::Names,
    requests::Requests,
};

/// What readers need of a partition's section.
pub(crate) struct SectionIndex {
    pub(crate) blocks: Vec<BlockEntry>,
    pub(crate) aborted: Vec<AbortedTxn>,
    /// First offsets of the transactions that were open at the section's end.
    pub(crate) open_txns: Vec<Offset>,
}

impl SectionIndex {
    fn new(state: &PartitionSection, blocks: Vec<BlockEntry>) -> Self {
        let open_txns =
            state.producers.iter().filter_map(|producer| producer.current_txn_first_offset).collect();
        Self { blocks, aborted: state.aborted.clone(), open_txns }
    }

    /// Bytes it takes in memory, about.
    const fn weight(&self) -> usize {
        128 + self.blocks.len() * size_of::<BlockEntry>()
            + self.aborted.len() * size_of::<AbortedTxn>()
            + self.open_txns.len() * size_of::<Offset>()
    }

    /// The blocks that end at `offset` or later.
    pub(crate) fn from(&self, offset: Offset) -> &[BlockEntry] {
        &self.blocks[self.blocks.partition_point(|block| block.last_offset < offset)..]
    }
}

/// Whether a block begins where another ends.
fn follows(before: &BlockEntry, block: &BlockEntry) -> bool {
    before.span.position.checked_add(before.span.length) == Some(block.span.position)
}

/// Blocks in groups for one request each: neighbours, up to so many bytes, but at least one block.
pub(crate) fn runs(blocks: &[BlockEntry], bytes: u64) -> impl Iterator<Item = &[BlockEntry]> {
    let mut left = blocks;
    std::iter::from_fn(move || {
        let first = left.first()?;
        let (mut end, mut taken) = (1, u64::from(first.span.length));
        while let Some(block) = left.get(end)
            && follows(&left[end - 1], block)
            && taken + u64::from(block.span.length) <= bytes
        {
            taken += u64::from(block.span.length);
            end += 1;
        }
        let (run, rest) = left.split_at(end);
        left = rest;
        Some(run)
    })
}

/// A block on its way.
pub(crate) type BlockFlight = Flight<Fetched<Bytes>>;

type Fetched<T> = Result<T, ArchiveError>;

/// All blocks of the archive, as far as they were asked for.
pub(crate) struct Blocks {
    requests: Requests,
    names: Names,
    cache: Arc<dyn BlockCache>,
    /// Blocks that were read ahead and that nobody has come for yet. Apart from the cache, so that what is read
    /// meanwhile cannot push them out; windows are sized so that all of them fit.
    ahead: Mutex<Lru<BlockKey, Bytes>>,
    indexes: Mutex<Lru<BlockKey, Arc<SectionIndex>>>,
    index_flights: Arc<Flights<BlockKey, Fetched<Arc<SectionIndex>>>>,
    block_flights: Arc<Flights<BlockKey, Fetched<Bytes>>>,
    /// Requests under way for readers.
    permits: Semaphore,
    metrics: Arc<ArchiveMetrics>,
}

impl Blocks {
    pub(crate) fn new(
        requests: Requests,
        names: Names,
        cache: Arc<dyn BlockCache>,
        config: &ArchiveConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            requests,
            names,
            cache,
            ahead: Mutex::new(Lru::new(config.ahead_bytes())),
            indexes: Mutex::new(Lru::new(config.cache.index_bytes)),
            index_flights: Flights::new(),
            block_flights: Flights::new(),
            permits: Semaphore::new(config.requests.concurrent_reads.max(1)),
            metrics: Arc::clone(&config.metrics),
        })
    }

    /// Bytes of blocks in memory.
    pub(crate) fn cached_bytes(&self) -> usize {
        self.cache.bytes() + self.ahead.lock().weight()
    }

    pub(crate) async fn close(&self) {
        self.cache.close().await;
    }

    /// Keeps the index of a section that was just written.
    pub(crate) fn remember(
        &self,
        object: ObjectId,
        span: Span,
        state: &PartitionSection,
        blocks: Vec<BlockEntry>,
    ) {
        let index = Arc::new(SectionIndex::new(state, blocks));
        let weight = index.weight();
        self.indexes.lock().insert(BlockKey { object, position: span.position }, index, weight);
    }

    /// The block index of a partition in an object.
    pub(crate) async fn index(
        self: &Arc<Self>,
        shard: ShardId,
        object: &ObjectRef,
        span: Span,
    ) -> Fetched<Arc<SectionIndex>> {
        let key = BlockKey { object: object.id, position: span.position };
        if let Some(index) = self.indexes.lock().get(&key) {
            return Ok(index);
        }
        let (blocks, object) = (Arc::clone(self), *object);
        let flight = self.index_flights.join(key, || async move {
            let index = Arc::new(blocks.fetch_index(shard, &object, span).await?);
            let weight = index.weight();
            blocks.indexes.lock().insert(key, Arc::clone(&index), weight);
            Ok(index)
        });
        flight.await
    }

    async fn fetch_index(&self, shard: ShardId, object: &ObjectRef, span: Span) -> Fetched<SectionIndex> {
        let path = self.names.data(shard, object.id);
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let bytes =
            self.requests.get(&path, span.position..span.position + span.length, object.length).await?;
        let section = Section::decode(&bytes, object.sections).map_err(|source| ArchiveError::Damaged {
            path: path.to_string(),
            position: u64::from(span.position),
            source,
        })?;
        Ok(SectionIndex::new(&section.state, section.blocks))
    }

    /// A block's bytes, checked.
    pub(crate) async fn block(
        self: &Arc<Self>,
        shard: ShardId,
        object: &ObjectRef,
        block: &BlockEntry,
    ) -> Fetched<Bytes> {
        let flight = self.run(shard, object, std::slice::from_ref(block), Keep::Long).pop();
        flight.expect("one flight for one block").await
    }

    /// The bytes of some blocks, checked. Those that are neither cached nor under way are fetched together, neighbours
    /// with one request.
    pub(crate) fn run(
        self: &Arc<Self>,
        shard: ShardId,
        object: &ObjectRef,
        blocks: &[BlockEntry],
        keep: Keep,
    ) -> Vec<BlockFlight> {
        let key = |block: &BlockEntry| BlockKey { object: object.id, position: block.span.position };
        let keys: Vec<BlockKey> = blocks.iter().map(key).collect();
        self.block_flights.join_all(&keys, |absent| {
            let (own, object) = (Arc::clone(self), *object);
            let wanted: Vec<BlockEntry> = absent.into_iter().map(|at| blocks[at]).collect();
            async move { own.load(shard, &object, &wanted, keep).await }
        })
    }

    async fn load(
        self: &Arc<Self>,
        shard: ShardId,
        object: &ObjectRef,
        wanted: &[BlockEntry],
        keep: Keep,
    ) -> Vec<Fetched<Bytes>> {
        let mut found: Vec<Option<Fetched<Bytes>>> = Vec::with_capacity(wanted.len());
        for block in wanted {
            found.push(self.cached(object, block).await.map(Ok));
        }
        // What is fetched ahead was not asked for.
        if keep != Keep::Ahead {
            let hits = found.iter().flatten().count();
            self.metrics.cache_hits.add(hits as u64);
            self.metrics.cache_misses.add((wanted.len() - hits) as u64);
        }
        while let Some(first) = found.iter().position(Option::is_none) {
            let mut end = first + 1;
            while end < wanted.len() && found[end].is_none() && follows(&wanted[end - 1], &wanted[end]) {
                end += 1;
            }
            let fetched = self.fetch_in_task(shard, *object, wanted[first..end].to_vec()).await;
            for (at, fetched) in (first..end).zip(fetched) {
                if let Ok(bytes) = &fetched {
                    let key = BlockKey { object: object.id, position: wanted[at].span.position };
                    match keep {
                        Keep::Ahead => self.ahead.lock().insert(key, bytes.clone(), bytes.len()),
                        Keep::Long | Keep::Briefly => self.cache.insert(key, bytes.clone(), keep),
                    }
                }
                found[at] = Some(fetched);
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Makes room for what is to be read ahead: a reader has come for these blocks, perhaps while they were on their
    /// way. Others may be a few steps behind it, so they go to the cache.
    pub(crate) fn reached(&self, object: &ObjectRef, blocks: &[BlockEntry]) {
        for block in blocks {
            let key = BlockKey { object: object.id, position: block.span.position };
            let reached = self.ahead.lock().take(&key);
            if let Some(bytes) = reached {
                self.cache.insert(key, bytes, Keep::Briefly);
            }
        }
    }

    /// A block if it is cached.
    pub(crate) async fn cached(&self, object: &ObjectRef, block: &BlockEntry) -> Option<Bytes> {
        let key = BlockKey { object: object.id, position: block.span.position };
        if let Some(bytes) = self.ahead.lock().get(&key) {
            return Some(bytes);
        }
        let cached = self.cache.get(key).await?;
        if !cached.unchecked || crc32c::crc32c(&cached.bytes) == block.crc {
            return Some(cached.bytes);
        }
        tracing::warn!(object = %object.id, position = key.position, "cache: a damaged block is fetched again");
        self.cache.remove(key);
        None
    }

    /// Fetches a run in a task of its own: a body comes in many small pieces, and each would otherwise wake everything
    /// that waits for the blocks, through every layer above. The task ends when nobody waits any more.
    async fn fetch_in_task(
        self: &Arc<Self>,
        shard: ShardId,
        object: ObjectRef,
        run: Vec<BlockEntry>,
    ) -> Vec<Fetched<Bytes>> {
        let (own, count) = (Arc::clone(self), run.len());
        let (done, fetched) = oneshot::channel();
        let fetch = async move {
            let _ = done.send(own.fetch_run(shard, &object, &run).await);
        };
        let _task = self.requests.env().tasks.spawn_guarded(fetch.in_current_span());
        fetched.await.unwrap_or_else(|_| {
            let error = ArchiveError::Deadline {
                operation: "get",
                path: self.names.data(shard, object.id).to_string(),
                limit: Duration::ZERO,
                attempts: 0,
                last: "the task that fetches was ended".to_owned(),
            };
            vec![Err(error); count]
        })
    }

    /// Blocks that follow one another, with one request; a damaged one is asked for again alone.
    async fn fetch_run(
        &self,
        shard: ShardId,
        object: &ObjectRef,
        blocks: &[BlockEntry],
    ) -> Vec<Fetched<Bytes>> {
        if let [block] = blocks {
            return vec![self.fetch_block(shard, object, block).await];
        }
        let path = self.names.data(shard, object.id);
        let lengths: Vec<u32> = blocks.iter().map(|block| block.span.length).collect();
        let pieces = {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            self.requests.get_pieces(&path, blocks[0].span.position, &lengths, object.length).await
        };
        let pieces = match pieces {
            Ok(pieces) => pieces,
            Err(error) => return vec![Err(error); blocks.len()],
        };
        let mut fetched = Vec::with_capacity(blocks.len());
        for (block, bytes) in blocks.iter().zip(pieces) {
            let whole = crc32c::crc32c(&bytes) == block.crc;
            fetched.push(if whole { Ok(bytes) } else { self.fetch_block(shard, object, block).await });
        }
        fetched
    }

    pub(crate) async fn fetch_block(
        &self,
        shard: ShardId,
        object: &ObjectRef,
        block: &BlockEntry,
    ) -> Fetched<Bytes> {
        let path = self.names.data(shard, object.id);
        let range = block.span.position..block.span.position + block.span.length;
        // Damage on the way is rare but real; a second answer tells it from damage in the object.
        for _ in 0..2 {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let bytes = self.requests.get(&path, range.clone(), object.length).await?;
            if crc32c::crc32c(&bytes) == block.crc {
                return Ok(bytes);
            }
            tracing::warn!(%path, position = range.start, "a block's CRC32C does not match");
        }
        let source = FormatError::Crc("block");
        Err(ArchiveError::Damaged { path: path.to_string(), position: u64::from(range.start), source })
    }
}
