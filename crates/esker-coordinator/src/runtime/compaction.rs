//! Key compaction, so that a partition loads in a time that its state decides and not its history.
//!
//! Of each key only the last value counts. A pass reads the partition from its start, once it has grown enough since the one
//! before; writes the last values of what it found again, behind everything else; and lets go of the log up to where it
//! had read. Keys that were written meanwhile are left out, for the log has newer values of them behind. Whoever loads the
//! partition at any moment in between finds the same state: a value that is written again is the last one of its key.
//!
//! Records of transactions count from their markers on. What is open when a pass begins stays in the log, so the log is let
//! go only up to the first of these. An older value that is written again behind them must not beat them when they commit:
//! it says with a header ([`RESTATED`]) that it is one.

mod read;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use esker_core::{
    Epoch, Offset, ProducerId,
    batch::{BatchBuilder, BatchError, Compression, NewRecord},
};

use self::read::Found;
use super::{Form, Machine, Partition, Runtime, Written};
use crate::records::Record;

/// The header of a record that says again what the log said before.
pub(crate) const RESTATED: &[u8] = b"esker.restated";

/// A partition is compacted once it has so many bytes, and so many times what it had after the last pass.
const FACTOR: usize = 3;

/// One partition's log, and the pass that is under way.
#[derive(Debug)]
pub(super) struct Compaction {
    /// Bytes of the log, from its start on, as far as is known here.
    bytes: usize,
    /// From so many bytes on a pass is wanted.
    due: usize,
    /// The fewest that are worth one; `usize::MAX` for never.
    least: usize,
    pass: Option<Pass>,
}

#[derive(Debug)]
struct Pass {
    /// Different for each pass of this process: a partition may be lost and read again under the same epoch while a pass of
    /// its earlier life still reads.
    number: u64,
    /// Bytes appended since it began.
    appended: usize,
    since: Since,
    /// What is to be written again, once everything has been read.
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    /// In the order in which they came to count.
    records: VecDeque<Record>,
    /// Up to where the log goes.
    cut: Offset,
}

/// What has been written since a pass began.
#[derive(Debug, Default)]
struct Since {
    /// Keys that have newer values than the pass has read.
    touched: BTreeSet<Bytes>,
    /// Keys in transactions that are open.
    open: BTreeMap<ProducerId, Vec<Bytes>>,
    /// Transactions that committed before it was known what they had begun with.
    committed: Vec<ProducerId>,
    aborted: Vec<ProducerId>,
}

impl Since {
    fn note(&mut self, write: &impl Written, is_read: bool) {
        let keys = write.records().iter().map(|record| record.key.clone());
        match write.form() {
            Form::Plain => self.touched.extend(keys),
            Form::Transactional { producer, .. } => self.open.entry(producer).or_default().extend(keys),
            Form::Marker { producer, commit, .. } => {
                let keys = self.open.remove(&producer).unwrap_or_default();
                if commit {
                    self.touched.extend(keys);
                }
                if !is_read {
                    // The first end since counts for what was open before.
                    let known = self.committed.contains(&producer) || self.aborted.contains(&producer);
                    let ended = if commit { &mut self.committed } else { &mut self.aborted };
                    ended.extend((!known).then_some(producer));
                }
            }
        }
    }

    /// What was open when the pass began is known now.
    fn had_open(&mut self, open: BTreeMap<ProducerId, Vec<Bytes>>) {
        for (producer, keys) in open {
            if self.committed.contains(&producer) {
                self.touched.extend(keys);
            } else if !self.aborted.contains(&producer) {
                self.open.entry(producer).or_default().extend(keys);
            }
        }
    }
}

impl Compaction {
    /// Of a log of so many bytes.
    pub(super) fn new(bytes: usize, least: usize) -> Self {
        Self { bytes, due: least, least, pass: None }
    }

    /// So much has been appended.
    pub(super) fn appended(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(pass) = &mut self.pass {
            pass.appended += bytes;
        }
    }

    /// Whether a pass is to begin.
    pub(super) fn is_due(&self) -> bool {
        self.pass.is_none() && self.bytes >= self.due
    }

    fn begin(&mut self, number: u64) {
        self.pass = Some(Pass { number, appended: 0, since: Since::default(), rest: None });
    }

    fn is_in(&self, number: u64) -> bool {
        self.pass.as_ref().is_some_and(|pass| pass.number == number)
    }

    /// These go to the log next.
    pub(super) fn note<W: Written>(&mut self, writes: &[W]) {
        if let Some(Pass { since, rest, .. }) = &mut self.pass {
            writes.iter().for_each(|write| since.note(write, rest.is_some()));
        }
    }

    /// The pass of this number has read everything.
    fn found(&mut self, number: u64, found: Found) {
        let Some(pass) = self.pass.as_mut().filter(|pass| pass.number == number) else { return };
        pass.since.had_open(found.open);
        pass.rest = Some(Rest { records: found.records.into(), cut: found.cut });
    }

    /// The pass comes to nothing; the next one is wanted when the log has grown.
    pub(super) fn give_up(&mut self) {
        if self.pass.take().is_some() {
            self.due = self.bytes.saturating_add(self.least);
        }
    }

    fn give_up_on(&mut self, number: u64) {
        if self.is_in(number) {
            self.give_up();
        }
    }

    /// What is to be written again next, about `most` bytes of it.
    pub(super) fn next(&mut self, most: usize) -> Option<Vec<Record>> {
        let Pass { since, rest, .. } = self.pass.as_mut()?;
        let rest = rest.as_mut()?;
        let (mut records, mut size) = (Vec::new(), 0);
        while size < most {
            let Some(record) = rest.records.pop_front() else { break };
            if !since.touched.contains(&record.key) {
                size += record.size();
                records.push(record);
            }
        }
        (!records.is_empty()).then_some(records)
    }

    /// Up to where the log may go, when everything has been written again. To be asked when what was noted is durable.
    pub(super) fn finish(&mut self) -> Option<Offset> {
        let rest = self.pass.as_ref()?.rest.as_ref()?;
        if !rest.records.is_empty() {
            return None;
        }
        let cut = rest.cut;
        let pass = self.pass.take()?;
        self.bytes = pass.appended;
        self.due = self.least.max(self.bytes.saturating_mul(FACTOR));
        Some(cut)
    }
}

/// A batch of records that say again what the log said.
pub(super) fn restated(records: &[Record], now_ms: i64) -> Result<Bytes, BatchError> {
    let mut builder = BatchBuilder::new(Compression::None);
    for record in records {
        builder.push(&NewRecord {
            timestamp: now_ms,
            key: Some(&record.key),
            value: record.value.as_deref(),
            headers: &[(RESTATED, None)],
        })?;
    }
    builder.build()
}

impl<M: Machine> Runtime<M> {
    /// Begins a pass, under the partition's lock and while nothing is on its way to the log.
    pub(super) fn begin_pass(
        self: &Arc<Self>,
        row: &Arc<Partition<M>>,
        epoch: Epoch,
        compaction: &mut Compaction,
    ) {
        // What another broker owns is noticed with the next append.
        let Ok(range) = self.topic.range(row.index) else { return };
        let number = self.token().0;
        compaction.begin(number);
        let (runtime, row) = (Arc::clone(self), Arc::clone(row));
        self.env.tasks.spawn(async move {
            let found = read::all(&*runtime.topic, row.index, range).await;
            let mut state = row.state.lock();
            let Some(active) = state.in_charge(Some(epoch)) else { return };
            match found {
                Ok(found) => {
                    active.compaction.found(number, found);
                    runtime.write_on(&row, active);
                }
                Err(error) => {
                    tracing::warn!(
                        partition = row.index,
                        error,
                        topic = runtime.topic.name(),
                        "not compacted"
                    );
                    active.compaction.give_up_on(number);
                }
            }
        });
    }

    /// What was read has been written again, or was written anew: nobody needs the log below `cut`.
    pub(super) fn let_go(self: &Arc<Self>, partition: u32, cut: Offset) {
        let runtime = Arc::clone(self);
        self.env.tasks.spawn(async move {
            let topic = runtime.topic.name();
            match runtime.topic.trim(partition, cut).await {
                Ok(()) => tracing::info!(partition, %cut, topic, "compacted"),
                // The next pass begins where this one did.
                Err(error) => tracing::warn!(partition, %cut, topic, %error, "compacted, and not let go yet"),
            }
        });
    }
}
