//! Records of one partition, as they came.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use esker_core::batch::{BatchError, BatchView, Record};
use esker_kafka_wire::messages::fetch_response::PartitionData;

use super::ConsumerConfig;
use crate::{ClientError, Isolation};

/// Consecutive records of one partition. Batches are kept as fetched; iterating decompresses one at a time.
#[derive(Debug)]
pub struct Polled {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The partition's high watermark when this was fetched.
    pub high_watermark: i64,
    /// The partition's log start when this was fetched; -1 if the broker did not tell.
    pub log_start: i64,
    /// The offset behind the last batch.
    pub next_offset: i64,
    from: i64,
    batches: Vec<BatchView>,
    decompressed_limit: usize,
}

/// A record with bytes of its own or shared with its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since the Unix epoch; -1 if it has none.
    pub timestamp: i64,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Headers in order.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

impl Polled {
    /// Takes what a broker sent for a partition, from offset `from` on.
    pub(super) fn new(
        topic: &Arc<str>,
        from: i64,
        data: PartitionData,
        config: &ConsumerConfig,
    ) -> Result<Self, ClientError> {
        let partition = data.partition_index;
        let failed = |error| ClientError::Batch { topic: topic.to_string(), partition, error };
        let mut aborted = Aborted::new(&data, config.isolation);
        let mut batches = Vec::new();
        let mut next_offset = from;
        for parsed in BatchView::all(&data.records.unwrap_or_default().into_bytes()) {
            let batch = match parsed {
                Ok(batch) => batch,
                // Brokers may cut the last batch off at the size limit.
                Err(BatchError::Truncated { .. }) if next_offset > from => break,
                Err(error) => return Err(failed(error)),
            };
            if config.check_crc {
                batch.verify_crc().map_err(failed)?;
            }
            let last = batch.fields.last_offset();
            if last < next_offset {
                continue;
            }
            next_offset = last.saturating_add(1);
            if aborted.shows(&batch) {
                batches.push(batch);
            }
        }
        Ok(Self {
            topic: Arc::clone(topic),
            partition,
            high_watermark: data.high_watermark,
            log_start: data.log_start_offset,
            next_offset,
            from,
            batches,
            decompressed_limit: config.max_decompressed_bytes,
        })
    }

    /// The offset that was asked for: that of the first record, unless that one is gone.
    #[must_use]
    pub fn first_offset(&self) -> i64 {
        self.from
    }

    /// Bytes of the batches as fetched.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(BatchView::len).sum()
    }

    /// The batches as fetched. The first may start before [`Polled::first_offset`].
    #[must_use]
    pub fn batches(&self) -> &[BatchView] {
        &self.batches
    }

    /// Calls `each` with every record in order, without copying.
    ///
    /// # Errors
    /// A batch that cannot be decompressed or walked.
    pub fn for_each(&self, mut each: impl FnMut(&Record<'_>)) -> Result<(), ClientError> {
        for batch in &self.batches {
            let records = batch.records(self.decompressed_limit).map_err(|error| self.failed(error))?;
            for record in &records {
                let record = record.map_err(|error| self.failed(error))?;
                if record.offset >= self.from {
                    each(&record);
                }
            }
        }
        Ok(())
    }

    /// All records, sharing their bytes with the batch (and so keeping it in memory).
    ///
    /// # Errors
    /// As [`Polled::for_each`].
    pub fn records(&self) -> Result<Vec<ConsumedRecord>, ClientError> {
        let mut all = Vec::new();
        for batch in &self.batches {
            let records = batch.records(self.decompressed_limit).map_err(|error| self.failed(error))?;
            for record in &records {
                let record = record.map_err(|error| self.failed(error))?;
                if record.offset >= self.from {
                    all.push(self.owned(&record, records.bytes()));
                }
            }
        }
        Ok(all)
    }

    fn owned(&self, record: &Record<'_>, bytes: &Bytes) -> ConsumedRecord {
        let share = |slice: Option<&[u8]>| slice.map(|slice| bytes.slice_ref(slice));
        ConsumedRecord {
            topic: Arc::clone(&self.topic),
            partition: self.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: share(record.key),
            value: share(record.value),
            headers: record
                .headers
                .map(|header| (bytes.slice_ref(header.key), share(header.value)))
                .collect(),
        }
    }

    fn failed(&self, error: BatchError) -> ClientError {
        ClientError::Batch { topic: self.topic.to_string(), partition: self.partition, error }
    }
}

/// Which batches of a fetch belong to aborted transactions.
struct Aborted {
    /// First offsets and producers of aborted transactions, the latest first.
    starts: Vec<(i64, i64)>,
    open: BTreeSet<i64>,
}

impl Aborted {
    fn new(data: &PartitionData, isolation: Isolation) -> Self {
        let mut starts: Vec<(i64, i64)> = match isolation {
            Isolation::ReadUncommitted => Vec::new(),
            Isolation::ReadCommitted => {
                let listed = data.aborted_transactions.iter().flatten();
                listed.map(|aborted| (aborted.first_offset, aborted.producer_id)).collect()
            }
        };
        starts.sort_unstable_by(|a, b| b.cmp(a));
        Self { starts, open: BTreeSet::new() }
    }

    /// Whether readers see the batch. To be asked for all batches in order.
    fn shows(&mut self, batch: &BatchView) -> bool {
        let fields = &batch.fields;
        while self.starts.last().is_some_and(|(first, _)| *first <= fields.last_offset()) {
            let (_, producer) = self.starts.pop().expect("looked at above");
            self.open.insert(producer);
        }
        if fields.attributes.is_control() {
            // A marker ends the producer's transaction, whichever way.
            self.open.remove(&fields.producer_id);
            return false;
        }
        !(fields.attributes.is_transactional() && self.open.contains(&fields.producer_id))
    }
}
