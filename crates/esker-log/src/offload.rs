//! Offload: what the log holds goes into objects, shard by shard.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use esker_archive::{ArchiveError, Offload, PartitionUpload};
use esker_core::{BatchHeader, LedgerId, Offset, PartitionId, object::PartitionSection};

use crate::{
    error::ReadError,
    log::Inner,
    partition::Partition,
    producers::ProducerTable,
    read::Span,
    shard::{Shard, ShardState},
};

/// Why a flush did not happen. It is tried again; the log keeps everything until one succeeds.
#[derive(Debug, thiserror::Error)]
pub enum FlushError {
    /// The local log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The object store or the metadata store did not take it.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// What one flush takes of one partition.
struct Part {
    id: PartitionId,
    spans: Vec<Span>,
    headers: Vec<BatchHeader>,
    end: Offset,
    section: PartitionSection,
    producers: ProducerTable,
}

/// What one flush does.
struct Plan {
    parts: Vec<Part>,
    clear_pending: Vec<LedgerId>,
}

impl Inner {
    /// Writes one object with the oldest unarchived batches of a shard, up to the configured size, commits it, and
    /// clears ledgers of earlier sessions that nothing needs any more. Returns whether there was anything to do.
    pub(crate) async fn flush(&self, shard: &Shard) -> Result<bool, FlushError> {
        let _one_at_a_time = shard.flushing.lock().await;
        let now = self.env.clock.wall_ms();
        // One whose outcome was unknown may have let ledgers go: what is in objects is not to be read from them again.
        shard.archive.settle().await?;
        self.catch_up(shard);
        let saved_starts = self.save_starts(shard).await?;
        let plan = plan(&shard.state.lock(), self.config.flush_bytes, now);
        if plan.parts.is_empty() && plan.clear_pending.is_empty() {
            return Ok(saved_starts);
        }
        let mut partitions = Vec::with_capacity(plan.parts.len());
        for part in &plan.parts {
            let (chunks, _) = self.fetch_spans(part.spans.clone()).await?;
            partitions.push(PartitionUpload {
                id: part.id,
                batches: cut(&part.headers, &chunks),
                section: part.section.clone(),
            });
        }
        #[cfg(feature = "mutations")]
        self.trim_too_early(shard, &plan).await;
        let offload = Offload { partitions, clear_pending: plan.clear_pending.clone() };
        shard.archive.offload(offload).await?;
        self.apply_flush(shard, plan);
        Ok(true)
    }

    /// The broken rule of a mutation test.
    #[cfg(feature = "mutations")]
    async fn trim_too_early(&self, shard: &Shard, plan: &Plan) {
        if !self.config.trim_before_commit {
            return;
        }
        for part in &plan.parts {
            if let Some(row) = shard.state.lock().rows.get_mut(&part.id) {
                row.archived_end = part.end;
            }
        }
        let (floors, shards) = self.floors();
        self.trim(&floors, &shards).await;
    }

    /// Writes log starts that only the ledgers have into the manifest, and unlinks objects that lie below them.
    async fn save_starts(&self, shard: &Shard) -> Result<bool, FlushError> {
        let starts: BTreeMap<PartitionId, Offset> = {
            let state = shard.state.lock();
            let unsaved = state.rows.values().filter(|row| row.start_to_save().is_some());
            unsaved.map(|row| (row.id, row.log_start)).collect()
        };
        if starts.is_empty() {
            return Ok(false);
        }
        shard.archive.expire(&starts, &BTreeSet::new()).await?;
        let mut state = shard.state.lock();
        for (id, start) in starts {
            if let Some(row) = state.rows.get_mut(&id)
                && row.log_start == start
            {
                row.unsaved_start = None;
            }
        }
        Ok(true)
    }

    /// Takes note of what objects have by a flush that did not hear of its success.
    fn catch_up(&self, shard: &Shard) {
        let (now, wall) = (self.env.clock.now(), self.env.clock.wall_ms());
        let mut state = shard.state.lock();
        let (mut bytes, mut batches) = (0, 0);
        for row in state.rows.values_mut() {
            let (_, archived) = shard.archive.bounds(row.id);
            if archived <= row.archived_end {
                continue;
            }
            let left = row.local.range(row.unarchived()..).map(|batch| *batch.header());
            let there: Vec<_> = left.take_while(|header| header.next_offset() <= archived).collect();
            for header in &there {
                row.archived_producers.apply(header, wall);
                row.archived_end = header.next_offset();
                bytes += u64::from(header.length);
            }
            batches += there.len();
        }
        if batches > 0 {
            self.no_longer_unarchived(&mut state, bytes, batches);
            state.unarchived_since = (state.unarchived_batches > 0).then_some(now);
        }
    }

    fn apply_flush(&self, shard: &Shard, plan: Plan) {
        let now = self.env.clock.now();
        let mut state = shard.state.lock();
        for part in plan.parts {
            // A row that went meanwhile took its share of the counts along.
            let Some(row) = state.rows.get_mut(&part.id) else { continue };
            assert!(row.archived_end <= part.end && part.end <= row.high_watermark, "flushes move forward");
            row.archived_end = part.end;
            row.archived_producers = part.producers;
            let bytes = part.headers.iter().map(|header| u64::from(header.length)).sum();
            self.no_longer_unarchived(&mut state, bytes, part.headers.len());
        }
        // Whatever is left came while this flush ran, or did not fit into it: it is at least this old.
        state.unarchived_since = (state.unarchived_batches > 0).then_some(now);
        for ledger in plan.clear_pending {
            state.pending.remove(&ledger);
        }
    }
}

impl Inner {
    /// Takes batches out of the counts of what only the log has.
    pub(crate) fn no_longer_unarchived(&self, state: &mut ShardState, bytes: u64, batches: usize) {
        assert!(
            state.unarchived_bytes >= bytes && state.unarchived_batches >= batches,
            "no batch is archived twice"
        );
        state.unarchived_bytes -= bytes;
        state.unarchived_batches -= batches;
        self.pressure.batches_archived(batches);
    }
}

fn plan(state: &ShardState, max_bytes: u64, now: i64) -> Plan {
    let mut parts = Vec::new();
    let mut bytes = 0;
    let mut needed = BTreeSet::new();
    let mut rows: Vec<&Partition> = state.rows.values().collect();
    // The oldest first: no partition starves, and the log can be trimmed.
    rows.sort_unstable_by_key(|row| (row.local.get(row.unarchived()).map(|batch| batch.frame.index), row.id));
    for row in rows {
        let part = plan_row(row, max_bytes.saturating_sub(bytes), now);
        let taken = part.as_ref().map_or(row.archived_end, |part| part.end);
        // What this flush leaves behind keeps its ledgers pending.
        let left = row.local.iter().skip(row.unarchived()).filter(|batch| batch.base_offset >= taken);
        needed.extend(left.map(|batch| batch.frame.ledger));
        needed.extend(row.unsaved_start.iter().map(|frame| frame.ledger));
        if let Some(part) = part {
            bytes += part.headers.iter().map(|header| u64::from(header.length)).sum::<u64>();
            parts.push(part);
        }
    }
    let clear_pending = state.pending.difference(&needed).copied().collect();
    Plan { parts, clear_pending }
}

/// What a flush takes of a row: whole batches from `archived_end` on, at least one if there is room at all.
fn plan_row(row: &Partition, room: u64, now: i64) -> Option<Part> {
    let first = row.unarchived();
    if room == 0 || first == row.local.len() {
        return None;
    }
    let mut producers = row.archived_producers.clone();
    let mut headers = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    let mut bytes = 0;
    let mut end = row.archived_end;
    for batch in row.local.range(first..) {
        if bytes >= room {
            break;
        }
        let header = *batch.header();
        assert_eq!(header.base_offset, end, "objects hold contiguous ranges");
        bytes += u64::from(header.length);
        end = header.next_offset();
        producers.apply(&header, now);
        headers.push(header);
        Span::extend(&mut spans, &batch.frame, batch.position..batch.position + header.length);
    }
    let section = PartitionSection {
        log_start: row.log_start.min(end),
        epochs: row.epochs.iter().copied().filter(|&(_, start)| start < end).collect(),
        producers: producers.snapshot(),
        aborted: row.transactions.aborted_by(row.archived_end..end),
    };
    Some(Part { id: row.id, spans, headers, end, section, producers })
}

/// Cuts chunks back into batches; a chunk is a run of whole batches.
fn cut(headers: &[BatchHeader], chunks: &[Bytes]) -> Vec<(BatchHeader, Bytes)> {
    let mut chunks = chunks.iter();
    let mut rest = Bytes::new();
    let mut batches = Vec::with_capacity(headers.len());
    for header in headers {
        if rest.is_empty() {
            rest = chunks.next().expect("the spans cover every header").clone();
        }
        batches.push((*header, rest.split_to(header.length as usize)));
    }
    batches
}
