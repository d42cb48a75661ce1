//! Checking that what the manifest promises is there and whole: every checksum, every batch, every offset.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_core::{
    PartitionId, ShardId,
    manifest::{ObjectRef, Pointer, Root},
    object::{BlockEntry, FormatError, HEADER_SIZE, IndexEntry, ObjectId, Section, check_header},
};
use futures::{StreamExt, stream};
use serde::Serialize;

use crate::{Archive, ArchiveError, Parts, batches::Batches, open::Tail};

/// Blocks checked at the same time.
const AT_ONCE: usize = 4;

/// What a check of a shard found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// The shard.
    pub shard: u32,
    /// Commits so far.
    pub sequence: u64,
    /// Live data objects.
    pub objects: u64,
    /// Partitions.
    pub partitions: u64,
    /// Blocks.
    pub blocks: u64,
    /// Record batches.
    pub batches: u64,
    /// Records, by the batches' own counts.
    pub records: u64,
    /// Bytes of batches.
    pub bytes: u64,
    /// What is wrong; empty when everything is whole.
    pub problems: Vec<Problem>,
}

/// Something wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// The object's path in the store, or the pointer's place.
    pub path: String,
    /// Where in it.
    pub position: u64,
    /// What is wrong.
    pub what: String,
}

/// Ranges that the manifest promises, by object.
type Promised = BTreeMap<ObjectId, (ObjectRef, Vec<IndexEntry>)>;

impl Archive {
    /// Checks a shard; for anyone, not only the shard's owner. `progress` hears of objects done and objects in all.
    ///
    /// # Errors
    /// Only when the check itself cannot go on: the stores do not answer or refuse. Damage and missing objects are
    /// the report's problems.
    pub async fn verify(
        &self,
        shard: ShardId,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<VerifyReport, ArchiveError> {
        let parts = &self.parts;
        let mut report = VerifyReport { shard: shard.0, ..VerifyReport::default() };
        let end = parts.env.clock.now() + parts.config.commit_deadline;
        let Some((value, _)) = parts.read_pointer(shard, end).await? else { return Ok(report) };
        let pointer = match Pointer::decode(&value) {
            Ok(pointer) => pointer,
            Err(error) => {
                report.problem("manifest pointer".to_owned(), 0, error.to_string());
                return Ok(report);
            }
        };
        report.sequence = pointer.sequence;
        let root = match &pointer.root {
            Some(root) => report.sift(parts.root(shard, root).await)?,
            None => None,
        };
        let mut promised = Promised::new();
        let mut ends = BTreeMap::new();
        if let Some(root) = &root {
            report.check_root(root, &mut promised, &mut ends);
        }
        // Recent objects continue their partitions in the order of their commits; names made within one millisecond
        // have no order.
        let recent = pointer.recent.iter().map(|object| (*object, Vec::new()));
        let checked: Vec<(ObjectRef, Vec<IndexEntry>)> = promised.into_values().chain(recent).collect();
        let total = checked.len() as u64;
        for (number, (object, ranges)) in checked.iter().enumerate() {
            progress(number as u64, total);
            parts.verify_object(shard, object, ranges, &mut report, &mut ends).await?;
        }
        report.objects = total;
        report.partitions = ends.len() as u64;
        progress(total, total);
        Ok(report)
    }
}

impl VerifyReport {
    fn problem(&mut self, path: String, position: u64, what: String) {
        self.problems.push(Problem { path, position, what });
    }

    /// Notes damage and absence; hands on whatever keeps the check from going on.
    fn sift<T>(&mut self, result: Result<T, ArchiveError>) -> Result<Option<T>, ArchiveError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(ArchiveError::Damaged { path, position, source }) => {
                self.problem(path, position, source.to_string());
                Ok(None)
            }
            Err(ArchiveError::Missing { path }) => {
                self.problem(path, 0, "missing".to_owned());
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Ranges of a partition follow one another; a gap is allowed only below the log start.
    fn check_root(&mut self, root: &Root, promised: &mut Promised, ends: &mut BTreeMap<PartitionId, i64>) {
        for object in &root.objects {
            promised.insert(object.id, (*object, Vec::new()));
        }
        for partition in &root.partitions {
            let mut next = None;
            for range in &partition.ranges {
                let object = &root.objects[range.object as usize];
                if next.is_some_and(|next| range.first_offset.0 != next)
                    && range.first_offset > partition.log_start
                {
                    let what =
                        format!("partition {}: a gap before offset {}", partition.id, range.first_offset);
                    self.problem("manifest root".to_owned(), 0, what);
                }
                next = Some(range.last_offset.0 + 1);
                let entry = IndexEntry {
                    partition: partition.id,
                    first_offset: range.first_offset,
                    last_offset: range.last_offset,
                    max_timestamp: range.max_timestamp,
                    bytes: range.bytes,
                    section: range.section,
                };
                promised.entry(object.id).or_insert((*object, Vec::new())).1.push(entry);
            }
            ends.insert(partition.id, partition.next_offset.0);
        }
    }
}

impl Parts {
    /// Checks one object against itself and against the ranges that the root promises of it. A recent object
    /// promises its own index, which must continue its partitions.
    async fn verify_object(
        &self,
        shard: ShardId,
        object: &ObjectRef,
        promised: &[IndexEntry],
        report: &mut VerifyReport,
        ends: &mut BTreeMap<PartitionId, i64>,
    ) -> Result<(), ArchiveError> {
        let path = self.names.data(shard, object.id);
        let header = self.requests.get(&path, 0..HEADER_SIZE as u32, object.length).await;
        let Some(header) = report.sift(header)? else { return Ok(()) };
        let header =
            header.first_chunk().ok_or(FormatError::Truncated("object header")).and_then(check_header);
        if let Err(error) = header {
            report.problem(path.to_string(), 0, error.to_string());
        }
        let Some(tail) = report.sift(self.tail(shard, *object).await)? else { return Ok(()) };
        for entry in promised {
            let found = tail.index.binary_search_by_key(&entry.partition, |found| found.partition);
            if found.is_err() || found.is_ok_and(|at| tail.index[at] != *entry) {
                let what = format!("partition {} is not in the index as the manifest says", entry.partition);
                report.problem(path.to_string(), u64::from(object.index), what);
            }
        }
        for entry in &tail.index {
            if promised.is_empty() {
                let next = ends.insert(entry.partition, entry.last_offset.0 + 1).unwrap_or(0);
                if entry.first_offset.0 < next {
                    let what = format!(
                        "partition {} begins at {}, before {next}",
                        entry.partition, entry.first_offset
                    );
                    report.problem(path.to_string(), u64::from(object.index), what);
                }
            }
            self.verify_section(shard, &tail, entry, report).await?;
        }
        Ok(())
    }

    async fn verify_section(
        &self,
        shard: ShardId,
        tail: &Tail,
        entry: &IndexEntry,
        report: &mut VerifyReport,
    ) -> Result<(), ArchiveError> {
        let (object, span) = (&tail.object, entry.section);
        let path = self.names.data(shard, object.id);
        let bytes = self.requests.get(&path, span.position..span.position + span.length, object.length).await;
        let Some(bytes) = report.sift(bytes)? else { return Ok(()) };
        let section = match Section::decode(&bytes, object.sections) {
            Ok(section) => section,
            Err(error) => {
                report.problem(path.to_string(), u64::from(span.position), error.to_string());
                return Ok(());
            }
        };
        let ends = section.blocks.first().map(|block| block.base_offset).zip(section.blocks.last());
        if ends
            .is_none_or(|(first, last)| (first, last.last_offset) != (entry.first_offset, entry.last_offset))
        {
            let what = format!("partition {}: section and index name different offsets", entry.partition);
            report.problem(path.to_string(), u64::from(span.position), what);
        }
        let fetch = |block: &BlockEntry| {
            let block = *block;
            async move { (block, self.blocks.fetch_block(shard, object, &block).await) }
        };
        let mut blocks = stream::iter(section.blocks.iter().map(fetch)).buffered(AT_ONCE);
        while let Some((block, bytes)) = blocks.next().await {
            report.blocks += 1;
            let Some(bytes) = report.sift(bytes)? else { continue };
            if let Err((position, what)) = check_block(&block, &bytes, report) {
                let position = u64::from(block.span.position) + position as u64;
                report.problem(path.to_string(), position, format!("partition {}: {what}", entry.partition));
            }
        }
        Ok(())
    }
}

/// Every batch of a block: its own CRC, and what the block index says of them all.
fn check_block(block: &BlockEntry, bytes: &Bytes, report: &mut VerifyReport) -> Result<(), (usize, String)> {
    let (mut first, mut next, mut records, mut max_timestamp) = (None, block.base_offset.0, 0u64, -1);
    for batch in Batches::new(bytes) {
        let batch = batch.map_err(|error| (0, error.to_string()))?;
        let data = &bytes[batch.start..batch.end];
        // Kafka's CRC covers everything from the attributes on.
        let (magic, crc) = (data[16], u32::from_be_bytes([data[17], data[18], data[19], data[20]]));
        if magic != 2 || crc32c::crc32c(&data[21..]) != crc {
            return Err((batch.start, format!("batch at offset {} is damaged", batch.base_offset)));
        }
        if batch.base_offset.0 < next {
            return Err((batch.start, format!("batch at offset {} where {next} is due", batch.base_offset)));
        }
        first = first.or(Some(batch.base_offset));
        next = batch.last_offset.0 + 1;
        records += u64::from(u32::from_be_bytes([data[57], data[58], data[59], data[60]]));
        max_timestamp = max_timestamp.max(batch.max_timestamp);
        report.batches += 1;
        report.bytes += data.len() as u64;
    }
    report.records += records;
    if first != Some(block.base_offset) || next != block.last_offset.0 + 1 {
        return Err((0, "block and block index name different offsets".to_owned()));
    }
    if records != u64::from(block.records) || max_timestamp != block.max_timestamp {
        return Err((0, "block and block index differ in records or timestamps".to_owned()));
    }
    Ok(())
}
