//! Reading archived batches.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Offset, PartitionId, ShardId,
    manifest::ObjectRef,
    object::{BlockEntry, FormatError},
};
use futures::{StreamExt, TryStreamExt, future, stream};

use crate::{
    ArchiveError, Parts, ShardArchive,
    batches::{BatchSpan, Batches},
    blocks::runs,
    cache::Keep,
    view::{PartitionView, RangeEntry},
};

/// Requests of one read at the same time, for runs of blocks or for block indexes.
const AT_ONCE: usize = 4;
/// One request of a read fetches no more than this, unless a single block is larger: somebody waits for its first
/// byte, so several smaller ones at the same time are better than one.
const RUN_BYTES: u64 = 2 << 20;

/// What a read gives.
#[derive(Clone, Debug)]
pub struct ArchivedRead {
    /// Whole batches, contiguous and in order, slices of cached blocks; the first one holds the offset asked for (or
    /// is the next one after it, where compaction left a gap). Never empty.
    pub chunks: Vec<Bytes>,
    /// Where to read on.
    pub next_offset: Offset,
}

/// A batch found by its timestamp.
#[derive(Clone, Debug)]
pub struct ArchivedBatch {
    /// The batch.
    pub bytes: Bytes,
    /// Offset of its first record.
    pub base_offset: Offset,
    /// Offset of its last record.
    pub last_offset: Offset,
    /// Its largest timestamp, milliseconds since the Unix epoch.
    pub max_timestamp: i64,
}

impl ShardArchive {
    /// Reads whole batches from `offset` on, up to `max_bytes`, and at least one. May stop at half of that where a
    /// block ends.
    ///
    /// # Errors
    /// [`ArchiveError::OutOfRange`] when the offset lies before the log start or behind the archived end; others as
    /// [`ArchiveError`] says.
    #[tracing::instrument(name = "archive_read", skip_all, fields(partition = %id, %offset))]
    pub async fn read(
        &self,
        id: PartitionId,
        offset: Offset,
        max_bytes: u64,
    ) -> Result<ArchivedRead, ArchiveError> {
        let view = self.view();
        let partition = view.partitions.get(&id).ok_or(ArchiveError::UnknownPartition(id))?;
        let PartitionView { log_start, next_offset, .. } = *partition;
        if offset < log_start || offset >= next_offset {
            return Err(ArchiveError::OutOfRange { partition: id, offset, log_start, next_offset });
        }
        let mut read = ArchivedRead { chunks: Vec::new(), next_offset: offset };
        let mut left = max_bytes;
        let planned = self.plan(partition, offset, max_bytes).await?;
        let mut blocks = std::pin::pin!(self.fetch(planned, self.parts.read_ahead.keep(id, offset)));
        while let Some((object, block, bytes)) = blocks.try_next().await? {
            // A read that got its share ends where a block ends: a block that is given in parts must be kept, or is
            // fetched again, until its reader comes back for the rest.
            if bytes.len() as u64 > left && is_a_share(max_bytes - left, max_bytes) {
                break;
            }
            let taken = take(&bytes, offset, left, read.chunks.is_empty())
                .map_err(|(at, source)| self.parts.damaged_block(self.shard, &object, &block, at, source))?;
            let Some((chunk, next)) = taken else { break };
            left = left.saturating_sub(chunk.len() as u64);
            let whole = chunk.as_ptr_range().end == bytes.as_ptr_range().end;
            read.next_offset = next;
            read.chunks.push(chunk);
            if !whole || left == 0 {
                break;
            }
        }
        if read.chunks.is_empty() {
            // Ranges cover everything below the archived end, so there is a batch at or after every offset in them.
            return Err(ArchiveError::OutOfRange { partition: id, offset, log_start, next_offset });
        }
        let moved = (offset, read.next_offset);
        self.parts.read_ahead.after_read(&self.parts, &view, id, moved, max_bytes - left);
        Ok(read)
    }

    /// The blocks from `offset` on, as many as `max_bytes` can take, in runs that are fetched together.
    async fn plan(
        &self,
        partition: &PartitionView,
        offset: Offset,
        max_bytes: u64,
    ) -> Result<Vec<(ObjectRef, Vec<BlockEntry>)>, ArchiveError> {
        let wanted = wanted(&partition.ranges[partition.range_at(offset)..], offset, max_bytes);
        let indexes = stream::iter(wanted).map(|range| async move {
            let index = self.parts.blocks.index(self.shard, &range.object, range.section).await?;
            Ok::<_, ArchiveError>((*range.object, index))
        });
        let mut indexes = std::pin::pin!(indexes.buffered(AT_ONCE));
        let (mut planned, mut bytes) = (Vec::new(), 0);
        while let Some((object, index)) = indexes.try_next().await? {
            let enough = |block: &&BlockEntry| {
                let BlockEntry { base_offset, last_offset, span, .. } = **block;
                let before = bytes;
                bytes += expected(u64::from(span.length), base_offset, last_offset, offset);
                before == 0 || bytes <= max_bytes || !is_a_share(before, max_bytes)
            };
            let from = index.from(offset);
            let count = from.iter().take_while(enough).count();
            planned.extend(runs(&from[..count], RUN_BYTES).map(|run| (object, run.to_vec())));
        }
        Ok(planned)
    }

    /// The planned blocks in order, a few runs fetched at the same time.
    fn fetch(
        &self,
        planned: Vec<(ObjectRef, Vec<BlockEntry>)>,
        keep: Keep,
    ) -> impl futures::Stream<Item = Result<(ObjectRef, BlockEntry, Bytes), ArchiveError>> {
        let (shard, blocks) = (self.shard, Arc::clone(&self.parts.blocks));
        let runs = stream::iter(planned).map(move |(object, run)| {
            let (blocks, fetched) =
                (Arc::clone(&blocks), future::join_all(blocks.run(shard, &object, &run, keep)));
            async move {
                let fetched = fetched.await;
                blocks.reached(&object, &run);
                let fetched = fetched.into_iter().zip(run);
                stream::iter(fetched.map(move |(bytes, block)| Ok((object, block, bytes?))))
            }
        });
        runs.buffered(AT_ONCE).flatten()
    }

    /// The first batch with an offset of at least `from` whose largest timestamp is at least `timestamp`. Whether a
    /// record in it lies at or behind `from` with such a timestamp is for the caller to see; if none does, the search
    /// goes on from the offset after the batch.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. An unknown partition has no such batch.
    pub async fn find_timestamp(
        &self,
        id: PartitionId,
        timestamp: i64,
        from: Offset,
    ) -> Result<Option<ArchivedBatch>, ArchiveError> {
        let view = self.view();
        let Some(partition) = view.partitions.get(&id) else { return Ok(None) };
        let from = from.max(partition.log_start);
        for range in &partition.ranges[partition.range_at(from)..] {
            if range.max_timestamp >= timestamp
                && let Some(found) = self.first_batch(range, timestamp, from).await?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first of the batches with the largest timestamp, at or after the log start.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. An unknown partition has no such batch.
    pub async fn find_max_timestamp(&self, id: PartitionId) -> Result<Option<ArchivedBatch>, ArchiveError> {
        let view = self.view();
        let Some(partition) = view.partitions.get(&id) else { return Ok(None) };
        let log_start = partition.log_start;
        let mut ranges: Vec<&RangeEntry> = partition.ranges[partition.range_at(log_start)..].iter().collect();
        // Stable: of ranges with the same timestamp the first stays first.
        ranges.sort_by_key(|range| std::cmp::Reverse(range.max_timestamp));
        let mut best: Option<ArchivedBatch> = None;
        for range in ranges {
            // A range's largest timestamp may belong to a batch before the log start, so look until none can beat it.
            if best.as_ref().is_some_and(|best| best.max_timestamp >= range.max_timestamp) {
                break;
            }
            let mut least = best.as_ref().map_or(i64::MIN, |best| best.max_timestamp.saturating_add(1));
            while let Some(found) = self.first_batch(range, least, log_start).await? {
                least = found.max_timestamp.saturating_add(1);
                best = Some(found);
            }
        }
        Ok(best)
    }

    async fn first_batch(
        &self,
        range: &RangeEntry,
        timestamp: i64,
        from: Offset,
    ) -> Result<Option<ArchivedBatch>, ArchiveError> {
        let blocks = &self.parts.blocks;
        let index = blocks.index(self.shard, &range.object, range.section).await?;
        for block in index.from(from).iter().filter(|block| block.max_timestamp >= timestamp) {
            let bytes = blocks.block(self.shard, &range.object, block).await?;
            for batch in Batches::new(&bytes) {
                let batch = batch.map_err(|source| {
                    self.parts.damaged_block(self.shard, &range.object, block, 0, source)
                })?;
                if batch.last_offset >= from && batch.max_timestamp >= timestamp {
                    let BatchSpan { start, end, base_offset, last_offset, max_timestamp } = batch;
                    let bytes = bytes.slice(start..end);
                    return Ok(Some(ArchivedBatch { bytes, base_offset, last_offset, max_timestamp }));
                }
            }
        }
        Ok(None)
    }
}

impl Parts {
    pub(crate) fn damaged_block(
        &self,
        shard: ShardId,
        object: &ObjectRef,
        block: &BlockEntry,
        at: usize,
        source: FormatError,
    ) -> ArchiveError {
        let path = self.names.data(shard, object.id).to_string();
        ArchiveError::Damaged { path, position: u64::from(block.span.position) + at as u64, source }
    }
}

/// Whether a read has enough to end before a block that it has no room for as a whole.
const fn is_a_share(got: u64, max_bytes: u64) -> bool {
    got > 0 && got >= max_bytes / 2
}

/// The ranges that a read of `max_bytes` from `offset`, in the first of them, is expected to touch.
fn wanted(ranges: &[RangeEntry], offset: Offset, max_bytes: u64) -> Vec<RangeEntry> {
    let mut planned = 0u64;
    let enough = |range: &&RangeEntry| {
        let wanted = planned == 0 || planned < max_bytes;
        planned =
            planned.saturating_add(expected(range.bytes, range.first_offset, range.last_offset, offset));
        wanted
    };
    ranges.iter().take_while(enough).cloned().collect()
}

/// How much of `bytes` from `first` to `last` lies at or behind `offset`, taking all records for equally large; at
/// least 1. Wrong by a little it makes a read a little shorter, or fetches what the next read needs.
fn expected(bytes: u64, first: Offset, last: Offset, offset: Offset) -> u64 {
    let (all, rest) = (last.0.abs_diff(first.0) + 1, last.0.abs_diff(first.max(offset).0) + 1);
    (u128::from(bytes) * u128::from(rest) / u128::from(all)).max(1) as u64
}

/// The batches of a block from the one that ends at `offset` or later, up to `left` bytes (but at least one if
/// `first`), and the offset after them.
fn take(
    bytes: &Bytes,
    offset: Offset,
    left: u64,
    first: bool,
) -> Result<Option<(Bytes, Offset)>, (usize, FormatError)> {
    let mut taken: Option<(usize, usize, Offset)> = None;
    let mut at = 0;
    for batch in Batches::new(bytes) {
        let batch = batch.map_err(|source| (at, source))?;
        at = batch.end;
        if batch.last_offset < offset {
            continue;
        }
        let start = taken.map_or(batch.start, |(start, ..)| start);
        if (batch.end - start) as u64 > left && !(first && taken.is_none()) {
            break;
        }
        taken = Some((start, batch.end, Offset(batch.last_offset.0 + 1)));
    }
    Ok(taken.map(|(start, end, next)| (bytes.slice(start..end), next)))
}
