//! What a broker checks before it takes a batch from a producer.

use bytes::{Bytes, BytesMut};

use super::{
    Attributes, BatchError, BatchFields, BatchView, RecordFault, RecordIter, set_log_append_time,
    set_max_timestamp,
};
use crate::{BatchHeader, Epoch, Offset, PartitionId};

/// Which timestamps a topic takes; milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampRule {
    /// The producer's, when they lie in these bounds (both included). A record without timestamp (-1) passes.
    CreateTime {
        /// The oldest allowed.
        earliest: i64,
        /// The newest allowed.
        latest: i64,
    },
    /// All records get this one.
    LogAppendTime(i64),
}

impl TimestampRule {
    /// The producer's timestamps, whatever they are.
    pub const ANY: Self = Self::CreateTime { earliest: i64::MIN, latest: i64::MAX };

    fn refuses(self, timestamp: i64) -> bool {
        match self {
            Self::CreateTime { earliest, latest } => {
                timestamp != -1 && !(earliest..=latest).contains(&timestamp)
            }
            Self::LogAppendTime(_) => false,
        }
    }
}

/// What a topic allows.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// `max.message.bytes`: the whole batch as sent, bytes.
    pub max_bytes: usize,
    /// Whether every record needs a key (compacted topics).
    pub require_keys: bool,
    /// Which timestamps pass.
    pub timestamps: TimestampRule,
    /// The most bytes to which records may decompress where the broker must look inside.
    pub max_decompressed: usize,
}

impl Default for BatchLimits {
    /// Kafka's default size, any timestamp, keys optional.
    fn default() -> Self {
        Self {
            max_bytes: 1_048_588,
            require_keys: false,
            timestamps: TimestampRule::ANY,
            max_decompressed: 64 * 1024 * 1024,
        }
    }
}

/// A batch that may be appended. Its bytes are those of the producer, shared, except where
/// [`check_produced`] says that it made a changed copy.
#[derive(Clone, Debug)]
pub struct CheckedBatch {
    /// The whole batch; base offset and leader epoch still to be patched.
    pub bytes: Bytes,
    /// Its header. Counts are positive, sizes fit, the CRC is right.
    pub fields: BatchFields,
    /// For a control batch, the control record's type; -1 otherwise.
    pub control_type: i8,
    /// For a transaction marker, the coordinator's epoch; -1 otherwise.
    pub coordinator_epoch: i32,
}

impl CheckedBatch {
    /// A batch that the broker itself built (coordinator records, transaction markers): CRC and counts are checked,
    /// the rules for producers are not.
    ///
    /// # Errors
    /// When `bytes` is not exactly one sound batch.
    pub fn internal(bytes: &Bytes) -> Result<Self, BatchError> {
        let view = one_batch(bytes)?;
        view.verify_crc()?;
        check_counts(&view.fields)?;
        let (control_type, coordinator_epoch) = view.control();
        Ok(Self { control_type, coordinator_epoch, fields: view.fields, bytes: view.bytes().clone() })
    }

    /// The directory entry under which the batch is appended.
    #[must_use]
    pub fn directory_entry(&self, partition: PartitionId, epoch: Epoch, base_offset: Offset) -> BatchHeader {
        let control = (self.control_type, self.coordinator_epoch);
        self.fields.directory_entry(partition, epoch, base_offset, control)
    }

    /// The broker's timestamp, when the topic uses log append time.
    #[must_use]
    pub fn log_append_time(&self) -> Option<i64> {
        self.fields.attributes.is_log_append_time().then_some(self.fields.max_timestamp)
    }

    /// Replaces the bytes by a copy that `change` edits.
    fn edit(&mut self, change: impl FnOnce(&mut [u8])) {
        let mut copy = BytesMut::from(&self.bytes[..]);
        change(&mut copy);
        self.bytes = copy.freeze();
        self.fields = BatchFields::read(&self.bytes).expect("the edit keeps length and magic");
    }
}

/// Checks the records of one partition of a produce request: exactly one batch, sound, within `limits`.
///
/// The CRC takes one pass over the bytes. Uncompressed records are walked (framing, offsets, keys, timestamps).
/// Compressed records are judged by their header alone, unless the topic needs keys or the header's own timestamps
/// are out of bounds. The bytes are copied only when they must change: log append time, or a maximum timestamp that
/// walking the records showed to be wrong.
///
/// # Errors
/// The first rule that the batch breaks; rules about single records list all offenders.
pub fn check_produced(input: &Bytes, limits: &BatchLimits) -> Result<CheckedBatch, BatchError> {
    let view = one_batch(input)?;
    if view.len() > limits.max_bytes {
        return Err(BatchError::TooLarge { size: view.len(), limit: limits.max_bytes });
    }
    view.verify_crc()?;
    check_counts(&view.fields)?;
    check_producer_rules(&view.fields)?;
    let codec = view.fields.attributes.compression()?;

    let suspicious = [view.fields.base_timestamp, view.fields.max_timestamp]
        .into_iter()
        .any(|timestamp| limits.timestamps.refuses(timestamp));
    let max_timestamp = if codec == super::Compression::None {
        walk(&view.fields, view.stored_records(), limits)?
    } else if limits.require_keys || suspicious {
        walk(&view.fields, view.records(limits.max_decompressed)?.bytes(), limits)?
    } else {
        view.fields.max_timestamp
    };

    let (bytes, fields) = (view.bytes().clone(), view.fields);
    let mut checked = CheckedBatch { bytes, fields, control_type: -1, coordinator_epoch: -1 };
    if let TimestampRule::LogAppendTime(now) = limits.timestamps {
        checked.edit(|bytes| set_log_append_time(bytes, now));
    } else if max_timestamp != view.fields.max_timestamp {
        checked.edit(|bytes| set_max_timestamp(bytes, max_timestamp));
    }
    Ok(checked)
}

/// Exactly one whole batch, nothing before or after it.
fn one_batch(input: &Bytes) -> Result<BatchView, BatchError> {
    match BatchView::parse(input) {
        Ok(view) if view.len() == input.len() => Ok(view),
        Ok(_) | Err(BatchError::Truncated { .. }) => Err(BatchError::NotOneBatch),
        Err(error) => Err(error),
    }
}

fn check_counts(fields: &BatchFields) -> Result<(), BatchError> {
    if fields.records_count <= 0 {
        return Err(BatchError::Invalid("the batch counts no records"));
    }
    if fields.last_offset_delta < 0 {
        return Err(BatchError::Invalid("the batch's last offset is before its first"));
    }
    // Fewer records than offsets is what compaction leaves, more cannot be.
    if fields.records_count - 1 > fields.last_offset_delta {
        return Err(BatchError::Invalid("the batch counts more records than offsets"));
    }
    Ok(())
}

/// The rules that hold for a producer's batch and not for one that the broker built.
fn check_producer_rules(fields: &BatchFields) -> Result<(), BatchError> {
    let rules = [
        (fields.base_offset != 0, "the base offset of a produced batch must be 0"),
        (
            fields.records_count - 1 != fields.last_offset_delta,
            "the offsets do not match the number of records",
        ),
        (fields.attributes.is_control(), "a producer may not write control records"),
        (fields.attributes.has_delete_horizon(), "a producer may not set a delete horizon"),
        (fields.producer_id < -1, "the producer id is negative"),
        (
            fields.producer_id >= 0 && fields.base_sequence < 0,
            "a batch with a producer id needs a sequence number",
        ),
        (fields.producer_id >= 0 && fields.producer_epoch < 0, "a batch with a producer id needs an epoch"),
        (
            fields.producer_id < 0 && fields.attributes.is_transactional(),
            "a transactional batch needs a producer id",
        ),
    ];
    if let Some((_, broken)) = rules.into_iter().find(|(broken, _)| *broken) {
        return Err(BatchError::Invalid(broken));
    }
    if fields.attributes.is_log_append_time() {
        let fault =
            RecordFault { index: 0, detail: "a producer may not set the timestamp type to log append time" };
        return Err(BatchError::Faults { timestamps: true, faults: vec![fault] });
    }
    Ok(())
}

/// Walks decompressed records; returns the largest timestamp, -1 for none.
fn walk(fields: &BatchFields, records: &[u8], limits: &BatchLimits) -> Result<i64, BatchError> {
    let mut max_timestamp = -1;
    let mut faults = Vec::new();
    let mut timestamps = false;
    let fields = BatchFields { attributes: Attributes(0), ..*fields };
    for (index, record) in (0..).zip(RecordIter::over(fields, records)) {
        let record = record?;
        if record.offset_delta != index {
            return Err(BatchError::Record { index, detail: "its offset is out of order" });
        }
        max_timestamp = max_timestamp.max(record.timestamp);
        let detail = if limits.require_keys && record.key.is_none() {
            "a compacted topic takes no record without a key"
        } else if limits.timestamps.refuses(record.timestamp) {
            timestamps = true;
            "its timestamp is outside the bounds that the topic sets"
        } else {
            continue;
        };
        if faults.len() < BatchError::MAX_FAULTS {
            faults.push(RecordFault { index, detail });
        }
    }
    if faults.is_empty() { Ok(max_timestamp) } else { Err(BatchError::Faults { timestamps, faults }) }
}
