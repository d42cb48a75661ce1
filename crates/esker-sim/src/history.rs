//! What happened, as clients saw it, and what must hold of it.
//!
//! The history is kept while the world runs, checked on the spot where a single observation is enough, and once more
//! at the end against everything that can be read.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use bytes::Bytes;
use esker_core::{Epoch, Offset, PartitionId, batch::BatchView};
use esker_env::Clock;
use esker_log::Offsets;
use parking_lot::Mutex;

/// A batch as its producer made it: enough to recognise it anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Who.
    pub(crate) producer: i64,
    /// The first record's sequence.
    pub(crate) sequence: i32,
    /// How many records.
    pub(crate) records: i32,
    /// CRC32C of everything behind the fields that a broker may patch.
    pub(crate) digest: u32,
}

/// The highest offsets that anyone was told, by the leader epoch of the answer. An answer must not fall behind what was
/// told before it was asked for under the same epoch or an earlier one: a leader that was replaced and does not know it
/// yet may be behind its successor, and clients that heard of the successor do not believe it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// High watermark and log start.
    by_epoch: BTreeMap<i32, (i64, i64)>,
}

impl Told {
    fn before(&self, epoch: Epoch) -> (i64, i64) {
        let known = self.by_epoch.range(..=epoch.0).map(|(_, told)| *told);
        known.fold((0, 0), |all, one| (all.0.max(one.0), all.1.max(one.1)))
    }

    fn tell(&mut self, epoch: Epoch, high_watermark: i64, log_start: i64) {
        let told = self.by_epoch.entry(epoch.0).or_default();
        *told = (told.0.max(high_watermark), told.1.max(log_start));
    }
}

/// An acknowledgement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ack {
    /// Where the batch stands.
    pub(crate) offset: Offset,
    /// Who said so.
    pub(crate) epoch: Epoch,
    /// The end of all that was acknowledged before the batch was sent for the first time.
    pub(crate) floor: i64,
}

/// Everything about one partition.
#[derive(Debug, Default)]
struct PartitionHistory {
    /// What stands at each base offset, as first seen by anyone.
    seen: BTreeMap<i64, Sent>,
    /// Acknowledged batches by base offset.
    acked: BTreeMap<i64, Sent>,
    told: Told,
    /// The highest log start that a client asked for.
    log_start: i64,
}

/// The history of a world. Cheap to clone.
#[derive(Clone)]
pub(crate) struct History {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Inner {
    partitions: BTreeMap<PartitionId, PartitionHistory>,
    violations: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
    log: String,
}

/// The part of a batch that no broker changes: everything behind base offset and leader epoch, and the CRC covers it.
pub(crate) fn digest(batch: &Bytes) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&batch[8..12]), &batch[16..])
}

impl History {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::default(), clock }
    }

    /// Writes a line into the world's log, which must be the same for the same seed.
    pub(crate) fn note(&self, line: std::fmt::Arguments<'_>) {
        let now = self.clock.now().0;
        let mut inner = self.inner.lock();
        writeln!(inner.log, "{:>4}.{:03} {line}", now.as_secs(), now.subsec_millis())
            .expect("writing into a string does not fail");
    }

    /// Counts something, for the tally.
    pub(crate) fn count(&self, what: &'static str) {
        *self.inner.lock().counts.entry(what).or_default() += 1;
    }

    /// Records a broken invariant.
    pub(crate) fn violation(&self, what: String) {
        self.note(format_args!("VIOLATION {what}"));
        let mut inner = self.inner.lock();
        if inner.violations.len() < 20 {
            inner.violations.push(what);
        }
    }

    /// The end of what has been acknowledged so far: what is sent from now on lies behind it.
    pub(crate) fn acked_end(&self, partition: PartitionId) -> i64 {
        let inner = self.inner.lock();
        let last = inner.partitions.get(&partition).and_then(|history| history.acked.last_key_value());
        last.map_or(0, |(offset, sent)| offset + i64::from(sent.records))
    }

    /// A produce was acknowledged.
    pub(crate) fn acked(&self, partition: PartitionId, ack: Ack, sent: &Sent) {
        let Ack { offset, epoch, floor } = ack;
        let mut inner = self.inner.lock();
        let history = inner.partitions.entry(partition).or_default();
        let known = history.acked.insert(offset.0, sent.clone());
        history.told.tell(epoch, offset.0 + i64::from(sent.records), 0);
        *inner.counts.entry("acked").or_default() += 1;
        drop(inner);
        self.note(format_args!("{partition}: acked {offset} epoch {epoch} {sent:?}"));
        if offset.0 < floor {
            self.violation(format!(
                "{partition}: {sent:?} stands at {offset}, and {floor} was acknowledged before it was sent"
            ));
        }
        if let Some(known) = known
            && known != *sent
        {
            self.violation(format!("{partition}: offset {offset} acknowledged to {known:?} and to {sent:?}"));
        }
    }

    /// A reader got these whole batches, having asked for `from`.
    pub(crate) fn read(&self, partition: PartitionId, from: Offset, chunks: &[Bytes]) {
        self.count("reads");
        let mut next: Option<i64> = None;
        for chunk in chunks {
            for view in BatchView::all(chunk) {
                let view = match view {
                    Ok(view) => view,
                    Err(error) => {
                        self.violation(format!("{partition}: read at {from} gave a broken batch: {error}"));
                        return;
                    }
                };
                if let Err(error) = view.verify_crc() {
                    self.violation(format!(
                        "{partition}: batch at {} is damaged: {error}",
                        view.fields.base_offset
                    ));
                }
                let base = view.fields.base_offset;
                if let Some(expected) = next
                    && base != expected
                {
                    self.violation(format!("{partition}: a read jumps from {expected} to {base}"));
                }
                let end = base + i64::from(view.fields.last_offset_delta) + 1;
                if next.is_none() && !(base <= from.0 && from.0 < end) {
                    self.violation(format!("{partition}: asked for {from}, got a batch {base}..{end}"));
                }
                next = Some(end);
                self.seen(partition, &view);
            }
        }
    }

    fn seen(&self, partition: PartitionId, view: &BatchView) {
        let sent = Sent {
            producer: view.fields.producer_id,
            sequence: view.fields.base_sequence,
            records: view.fields.last_offset_delta + 1,
            digest: digest(view.bytes()),
        };
        let base = view.fields.base_offset;
        let known = {
            let mut inner = self.inner.lock();
            let history = inner.partitions.entry(partition).or_default();
            history.seen.entry(base).or_insert_with(|| sent.clone()).clone()
        };
        if known != sent {
            self.violation(format!("{partition}: offset {base} was {known:?} and is {sent:?}"));
        }
    }

    /// What anyone has been told of a partition so far: what is asked from now on must not fall behind it.
    pub(crate) fn told(&self, partition: PartitionId) -> Told {
        let inner = self.inner.lock();
        let history = inner.partitions.get(&partition);
        history.map_or(Told::default(), |history| history.told.clone())
    }

    /// Someone who asked when `before` was known was told these offsets.
    pub(crate) fn offsets(&self, partition: PartitionId, before: &Told, offsets: &Offsets) {
        let (start, stable, high) = (offsets.log_start.0, offsets.last_stable.0, offsets.high_watermark.0);
        if !(start <= stable && stable <= high && high <= offsets.log_end.0) {
            self.violation(format!("{partition}: offsets out of order: {offsets:?}"));
        }
        let asked = {
            let mut inner = self.inner.lock();
            let history = inner.partitions.entry(partition).or_default();
            history.told.tell(offsets.epoch, high, start);
            history.log_start
        };
        let (told_high, told_start) = before.before(offsets.epoch);
        let epoch = offsets.epoch;
        if high < told_high {
            self.violation(format!(
                "{partition}: high watermark went back from {told_high} to {high} in epoch {epoch}"
            ));
        }
        if start < told_start {
            self.violation(format!(
                "{partition}: log start went back from {told_start} to {start} in epoch {epoch}"
            ));
        }
        if start > asked {
            self.violation(format!("{partition}: log start is {start}, nobody asked for more than {asked}"));
        }
    }

    /// A deletion up to `start` was confirmed.
    pub(crate) fn deleted(&self, partition: PartitionId, epoch: Epoch, start: Offset) {
        let mut inner = self.inner.lock();
        let history = inner.partitions.entry(partition).or_default();
        history.told.tell(epoch, 0, start.0);
    }

    /// Records below `start` may be gone from now on.
    pub(crate) fn may_delete(&self, partition: PartitionId, start: Offset) {
        let mut inner = self.inner.lock();
        let history = inner.partitions.entry(partition).or_default();
        history.log_start = history.log_start.max(start.0);
    }

    /// A reader was refused an offset that it had been given.
    pub(crate) fn out_of_range(&self, partition: PartitionId, offset: Offset) {
        let log_start = self.inner.lock().partitions.get(&partition).map_or(0, |history| history.log_start);
        if offset.0 >= log_start {
            self.violation(format!(
                "{partition}: offset {offset} was handed out and is refused (log start {log_start})"
            ));
        }
    }

    /// Checks a partition's whole content up to `end`, read from `log_start` on after the world has settled.
    pub(crate) fn check_content(
        &self,
        partition: PartitionId,
        log_start: Offset,
        end: Offset,
        chunks: &[Bytes],
    ) {
        self.read(partition, log_start, chunks);
        let last = chunks.iter().flat_map(BatchView::all).flatten().last();
        let found = last.map_or(log_start.0, |view| {
            view.fields.base_offset + i64::from(view.fields.last_offset_delta) + 1
        });
        if found != end.0 {
            self.violation(format!("{partition}: the content ends at {found}, the high watermark is {end}"));
        }
        let mut content: BTreeMap<i64, (i64, i32, i32)> = BTreeMap::new();
        for view in chunks.iter().flat_map(BatchView::all).flatten() {
            content.insert(
                view.fields.base_offset,
                (view.fields.producer_id, view.fields.base_sequence, view.fields.last_offset_delta + 1),
            );
        }
        let mut last: BTreeMap<i64, i32> = BTreeMap::new();
        for (offset, (producer, sequence, records)) in &content {
            let next = last.insert(*producer, sequence + records);
            if let Some(expected) = next
                && *sequence != expected
            {
                self.violation(format!(
                    "{partition}: at {offset} producer {producer} has sequence {sequence}, not {expected}"
                ));
            }
        }
        let missing: Vec<String> = {
            let inner = self.inner.lock();
            let Some(history) = inner.partitions.get(&partition) else { return };
            let lost = history.acked.iter().filter(|&(offset, sent)| {
                let end = offset + i64::from(sent.records);
                end > log_start.0
                    && (content.get(offset) != Some(&(sent.producer, sent.sequence, sent.records))
                        || history.seen.get(offset) != Some(sent))
            });
            lost.map(|(offset, sent)| format!("{partition}: acknowledged {sent:?} is not at {offset}"))
                .collect()
        };
        for what in missing {
            self.violation(what);
        }
    }

    /// What was broken.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.inner.lock().violations.clone()
    }

    /// The tally.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.inner.lock().counts.clone()
    }

    /// The world's log.
    pub(crate) fn log(&self) -> String {
        self.inner.lock().log.clone()
    }
}
