//! Checking that what the manifest promises is there and whole: every checksum, every batch, every offset.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_core::{
    Offset, PartitionId, ShardId,
    manifest::{ObjectRef, Pointer, Root},
    object::{BlockEntry, FormatError, HEADER_SIZE, IndexEntry, ObjectId, Section, check_header},
};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::{Archive, ArchiveError, Parts, batches::Batches, open::Tail};

/// Blocks checked at the same time.
const AT_ONCE: usize = 4;

/// What a check of a shard found. Its counts are of what the manifest refers to and was read back whole.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// The shard.
    pub shard: u32,
    /// Commits so far.
    pub sequence: u64,
    /// Live data objects, damaged and missing ones too.
    pub objects: u64,
    /// Blocks.
    pub blocks: u64,
    /// Record batches.
    pub batches: u64,
    /// Records, by the batches' own counts.
    pub records: u64,
    /// Bytes of batches.
    pub bytes: u64,
    /// Partitions, by id.
    pub partitions: Vec<PartitionCounts>,
    /// What is wrong; empty when everything is whole.
    pub problems: Vec<Problem>,
}

/// What the archive holds of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionCounts {
    /// The topic's number.
    pub topic: u32,
    /// The partition's index.
    pub index: u32,
    /// The first offset that readers may have.
    pub log_start: i64,
    /// The first offset that an object holds, at or below the log start as a rule; `next_offset` when none does.
    pub first_offset: i64,
    /// The offset after the last archived one.
    pub next_offset: i64,
    /// Records, by the batches' own counts.
    pub records: u64,
    /// Record batches.
    pub batches: u64,
    /// Bytes of batches.
    pub bytes: u64,
}

/// Something wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// A check under way.
struct Check {
    report: VerifyReport,
    partitions: BTreeMap<PartitionId, PartitionCounts>,
}

/// What a block was found to hold.
struct BlockCounts {
    batches: u64,
    records: u64,
    bytes: u64,
}

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
        let report = VerifyReport { shard: shard.0, ..VerifyReport::default() };
        let mut check = Check { report, partitions: BTreeMap::new() };
        let end = parts.env.clock.now() + parts.config.commit_deadline;
        let Some((value, _)) = parts.read_pointer(shard, end).await? else { return Ok(check.report) };
        let pointer = match Pointer::decode(&value) {
            Ok(pointer) => pointer,
            Err(error) => {
                check.problem(format!("manifest pointer of shard {shard}"), 0, error.to_string());
                return Ok(check.report);
            }
        };
        check.report.sequence = pointer.sequence;
        let mut promised = Promised::new();
        if let Some(root) = &pointer.root
            && let Some(found) = check.sift(parts.root(shard, root).await)?
        {
            check.root(&found, parts.names.root(shard, root.id).as_ref(), &mut promised);
        }
        // Recent objects continue their partitions in the order of their commits; names made within one millisecond
        // have no order.
        let recent = pointer.recent.iter().map(|object| (*object, Vec::new()));
        let checked: Vec<(ObjectRef, Vec<IndexEntry>)> = promised.into_values().chain(recent).collect();
        let total = checked.len() as u64;
        for (number, (object, ranges)) in checked.iter().enumerate() {
            progress(number as u64, total);
            parts.verify_object(shard, object, ranges, &mut check).await?;
        }
        progress(total, total);
        let Check { mut report, partitions } = check;
        report.objects = total;
        report.partitions = partitions.into_values().collect();
        Ok(report)
    }
}

impl PartitionCounts {
    const fn new(id: PartitionId, first_offset: i64) -> Self {
        Self {
            topic: id.topic.0,
            index: id.index,
            log_start: 0,
            first_offset,
            next_offset: first_offset,
            records: 0,
            batches: 0,
            bytes: 0,
        }
    }
}

impl Check {
    fn problem(&mut self, path: String, position: u64, what: String) {
        self.report.problems.push(Problem { path, position, what });
    }

    /// Counts a whole block of a range that the manifest refers to.
    fn count(&mut self, partition: PartitionId, found: &BlockCounts) {
        self.report.batches += found.batches;
        self.report.records += found.records;
        self.report.bytes += found.bytes;
        if let Some(counts) = self.partitions.get_mut(&partition) {
            counts.batches += found.batches;
            counts.records += found.records;
            counts.bytes += found.bytes;
        }
    }

    /// Takes in a recent object's range, which must continue its partition: a gap is allowed only below the log start.
    fn recent(&mut self, entry: &IndexEntry, log_start: Offset) -> Result<(), String> {
        let (id, first) = (entry.partition, entry.first_offset.0);
        let known = self.partitions.get(&id).copied();
        let mut counts = known.unwrap_or_else(|| PartitionCounts::new(id, first));
        let due = counts.next_offset;
        if counts.first_offset == due {
            counts.first_offset = first;
        }
        counts.next_offset = entry.last_offset.0 + 1;
        counts.log_start = counts.log_start.max(log_start.0);
        let gap = first > due && first > counts.log_start;
        self.partitions.insert(id, counts);
        if first < due || gap {
            return Err(format!("partition {id} goes on at offset {first} where {due} is due"));
        }
        Ok(())
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
    fn root(&mut self, root: &Root, path: &str, promised: &mut Promised) {
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
                    self.problem(path.to_owned(), 0, what);
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
            let end = partition.next_offset;
            let first = partition.ranges.first().map_or(end, |range| range.first_offset);
            let counts = PartitionCounts {
                log_start: partition.log_start.0,
                next_offset: end.0,
                ..PartitionCounts::new(partition.id, first.0)
            };
            self.partitions.insert(partition.id, counts);
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
        check: &mut Check,
    ) -> Result<(), ArchiveError> {
        let path = self.names.data(shard, object.id);
        let header = self.requests.get(&path, 0..HEADER_SIZE as u32, object.length).await;
        let Some(header) = check.sift(header)? else { return Ok(()) };
        let header =
            header.first_chunk().ok_or(FormatError::Truncated("object header")).and_then(check_header);
        if let Err(error) = header {
            check.problem(path.to_string(), 0, error.to_string());
        }
        let Some(tail) = check.sift(self.tail(shard, *object).await)? else { return Ok(()) };
        for entry in promised {
            let found = tail.index.binary_search_by_key(&entry.partition, |found| found.partition);
            if found.is_err() || found.is_ok_and(|at| tail.index[at] != *entry) {
                let what = format!("partition {} is not in the index as the manifest says", entry.partition);
                check.problem(path.to_string(), u64::from(object.index), what);
            }
        }
        for entry in &tail.index {
            let recent = promised.is_empty();
            // What the manifest refers to no more is checked, since it is there, but does not count.
            let live = recent || promised.contains(entry);
            let Some(section) = self.verify_section(shard, &tail, entry, check).await? else { continue };
            if recent && let Err(what) = check.recent(entry, section.state.log_start) {
                check.problem(path.to_string(), u64::from(object.index), what);
            }
            self.verify_blocks(shard, object, entry.partition, section.blocks, live, check).await?;
        }
        Ok(())
    }

    async fn verify_section(
        &self,
        shard: ShardId,
        tail: &Tail,
        entry: &IndexEntry,
        check: &mut Check,
    ) -> Result<Option<Section>, ArchiveError> {
        let (object, span) = (&tail.object, entry.section);
        let path = self.names.data(shard, object.id);
        let bytes = self.requests.get(&path, span.position..span.position + span.length, object.length).await;
        let Some(bytes) = check.sift(bytes)? else { return Ok(None) };
        let section = match Section::decode(&bytes, object.sections) {
            Ok(section) => section,
            Err(error) => {
                check.problem(path.to_string(), u64::from(span.position), error.to_string());
                return Ok(None);
            }
        };
        let ends = section.blocks.first().map(|block| block.base_offset).zip(section.blocks.last());
        if ends
            .is_none_or(|(first, last)| (first, last.last_offset) != (entry.first_offset, entry.last_offset))
        {
            let what = format!("partition {}: section and index name different offsets", entry.partition);
            check.problem(path.to_string(), u64::from(span.position), what);
        }
        Ok(Some(section))
    }

    async fn verify_blocks(
        &self,
        shard: ShardId,
        object: &ObjectRef,
        partition: PartitionId,
        blocks: Vec<BlockEntry>,
        live: bool,
        check: &mut Check,
    ) -> Result<(), ArchiveError> {
        let object = *object;
        let fetch = move |block: BlockEntry| async move {
            (block, self.blocks.fetch_block(shard, &object, &block).await)
        };
        let mut blocks = stream::iter(blocks).map(fetch).buffered(AT_ONCE);
        while let Some((block, bytes)) = blocks.next().await {
            check.report.blocks += 1;
            let Some(bytes) = check.sift(bytes)? else { continue };
            match check_block(&block, &bytes) {
                Ok(found) if live => check.count(partition, &found),
                Ok(_) => {}
                Err((position, what)) => {
                    let path = self.names.data(shard, object.id).to_string();
                    let position = u64::from(block.span.position) + position as u64;
                    check.problem(path, position, format!("partition {partition}: {what}"));
                }
            }
        }
        Ok(())
    }
}

/// Every batch of a block: its own CRC, and what the block index says of them all.
fn check_block(block: &BlockEntry, bytes: &Bytes) -> Result<BlockCounts, (usize, String)> {
    let (mut first, mut next, mut max_timestamp) = (None, block.base_offset.0, -1);
    let mut found = BlockCounts { batches: 0, records: 0, bytes: 0 };
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
        found.records += u64::from(u32::from_be_bytes([data[57], data[58], data[59], data[60]]));
        max_timestamp = max_timestamp.max(batch.max_timestamp);
        found.batches += 1;
        found.bytes += data.len() as u64;
    }
    if first != Some(block.base_offset) || next != block.last_offset.0 + 1 {
        return Err((0, "block and block index name different offsets".to_owned()));
    }
    if found.records != u64::from(block.records) || max_timestamp != block.max_timestamp {
        return Err((0, "block and block index differ in records or timestamps".to_owned()));
    }
    Ok(found)
}
