//! Fetching block indexes and blocks: cache, single flight, then one ranged request.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Offset, ShardId,
    manifest::ObjectRef,
    object::{BlockEntry, FormatError, ObjectId, PartitionSection, Section, Span},
    producer::AbortedTxn,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{
    ArchiveConfig, ArchiveError,
    cache::{BlockCache, BlockKey},
    flights::Flights,
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

type Fetched<T> = Result<T, ArchiveError>;

/// All blocks of the archive, as far as they were asked for.
pub(crate) struct Blocks {
    requests: Requests,
    names: Names,
    cache: Arc<dyn BlockCache>,
    indexes: Mutex<Lru<BlockKey, Arc<SectionIndex>>>,
    index_flights: Arc<Flights<BlockKey, Fetched<Arc<SectionIndex>>>>,
    block_flights: Arc<Flights<BlockKey, Fetched<Bytes>>>,
    /// Requests under way for readers.
    permits: Semaphore,
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
            indexes: Mutex::new(Lru::new(config.cache.index_bytes)),
            index_flights: Flights::new(),
            block_flights: Flights::new(),
            permits: Semaphore::new(config.requests.concurrent_reads.max(1)),
        })
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
        let key = BlockKey { object: object.id, position: block.span.position };
        let (blocks, object, block) = (Arc::clone(self), *object, *block);
        let flight = self.block_flights.join(key, || async move {
            if let Some(cached) = blocks.cache.get(key).await {
                if !cached.unchecked || crc32c::crc32c(&cached.bytes) == block.crc {
                    return Ok(cached.bytes);
                }
                tracing::warn!(object = %object.id, position = block.span.position, "cache: a damaged block is fetched again");
                blocks.cache.remove(key);
            }
            let bytes = blocks.fetch_block(shard, &object, &block).await?;
            blocks.cache.insert(key, bytes.clone());
            Ok(bytes)
        });
        flight.await
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
