//! The offsets of a partition that clients see.

use esker_core::{Epoch, Offset};

/// A consistent view: `log_start <= last_stable <= high_watermark <= log_end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offsets {
    /// First offset that can be read.
    pub log_start: Offset,
    /// Offset after the last committed record.
    pub high_watermark: Offset,
    /// Offset after the last record that is not part of an open transaction.
    pub last_stable: Offset,
    /// Offset after the last appended record.
    pub log_end: Offset,
    /// The shard's epoch, the partition's leader epoch.
    pub epoch: Epoch,
}
