//! What can be wrong with a batch.

use crate::{Action, Classified};

/// Why a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The bytes end before the batch does.
    #[error("the batch needs {need} bytes, {have} are there")]
    Truncated {
        /// Bytes that the header asks for.
        need: usize,
        /// Bytes given.
        have: usize,
    },
    /// A length field that no batch can have.
    #[error("batch length {0} is impossible")]
    Length(i32),
    /// A message format other than version 2.
    #[error("message format version {0} is not supported, only 2")]
    Magic(i8),
    /// The CRC does not match the bytes.
    #[error("CRC is {computed:08x}, the batch says {stored:08x}")]
    Crc {
        /// As the batch says.
        stored: u32,
        /// Of its bytes.
        computed: u32,
    },
    /// Compression codec number without a meaning.
    #[error("compression codec {0} is unknown")]
    UnknownCodec(u8),
    /// The compressed bytes are broken.
    #[error("{codec} data is corrupt: {detail}")]
    Codec {
        /// The codec's name.
        codec: &'static str,
        /// What its decoder said.
        detail: String,
    },
    /// Decompression would go past its limit.
    #[error("the records decompress to more than {limit} bytes")]
    DecompressedTooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// The batch is larger than the topic allows.
    #[error("the batch has {size} bytes, the topic allows {limit}")]
    TooLarge {
        /// The batch, bytes.
        size: usize,
        /// `max.message.bytes`.
        limit: usize,
    },
    /// A record's framing is broken.
    #[error("record {index} is malformed: {detail}")]
    Record {
        /// Which record, from 0.
        index: i32,
        /// What is wrong.
        detail: &'static str,
    },
    /// Header fields that contradict each other or the rules for producers.
    #[error("{0}")]
    Invalid(&'static str),
    /// No record batch, or more than one, where exactly one must be.
    #[error("a partition of a produce request holds exactly one record batch")]
    NotOneBatch,
    /// Records that break a rule of the topic, one by one.
    #[error("{} record(s) refused, the first because {}", .faults.len(), .faults.first().map_or("", |fault| fault.detail))]
    Faults {
        /// Whether it is the timestamps that are wrong (otherwise, the records).
        timestamps: bool,
        /// The offending records, at most [`BatchError::MAX_FAULTS`] of them.
        faults: Vec<RecordFault>,
    },
}

/// One refused record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// Its index in the batch, from 0.
    pub index: i32,
    /// Why.
    pub detail: &'static str,
}

/// The kinds that a front end tells apart; each is one Kafka error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchErrorKind {
    /// `CORRUPT_MESSAGE`
    Corrupt,
    /// `INVALID_RECORD`
    InvalidRecord,
    /// `MESSAGE_TOO_LARGE`
    TooLarge,
    /// `UNSUPPORTED_COMPRESSION_TYPE`
    UnsupportedCompression,
    /// `INVALID_TIMESTAMP`
    InvalidTimestamp,
}

impl BatchError {
    /// The most faults that one error lists.
    pub const MAX_FAULTS: usize = 100;

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> BatchErrorKind {
        match self {
            Self::Truncated { .. } | Self::Length(_) | Self::Crc { .. } | Self::Codec { .. } => {
                BatchErrorKind::Corrupt
            }
            Self::Magic(_)
            | Self::Record { .. }
            | Self::Invalid(_)
            | Self::NotOneBatch
            | Self::Faults { timestamps: false, .. } => BatchErrorKind::InvalidRecord,
            Self::UnknownCodec(_) => BatchErrorKind::UnsupportedCompression,
            Self::TooLarge { .. } | Self::DecompressedTooLarge { .. } => BatchErrorKind::TooLarge,
            Self::Faults { timestamps: true, .. } => BatchErrorKind::InvalidTimestamp,
        }
    }

    /// The records at fault, when the error is about single records.
    #[must_use]
    pub fn faults(&self) -> &[RecordFault] {
        match self {
            Self::Faults { faults, .. } => faults,
            _ => &[],
        }
    }
}

impl Classified for BatchError {
    fn action(&self) -> Action {
        Action::GiveUp
    }
}
