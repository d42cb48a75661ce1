//! Where a transaction's coordinator and the leaders of its partitions meet.
//!
//! The coordinator tells partitions how a transaction ends ([`TransactionPeers`]); a partition's leader asks the coordinator
//! before it lets a transaction begin there ([`TransactionGate`]). Either may be on another broker.

use esker_core::ProducerId;
use esker_env::BoxFuture;
use esker_kafka_wire::KString;

use super::TransactionError;

/// How a transaction ends, for some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkerOrder {
    /// Whose transaction.
    pub producer: ProducerId,
    /// The producer's epoch from here on; `0..=i16::MAX`.
    pub epoch: i16,
    /// That epoch is above the one that the transaction was written with, as always in the second protocol: a partition
    /// that has a transaction of this very epoch is in the next one, and the order is an old copy.
    pub raised: bool,
    /// Whether it is committed; else it is aborted.
    pub commit: bool,
    /// The leader epoch of the coordinator's partition of `__transaction_state`.
    pub coordinator_epoch: i32,
    /// Topics and indexes. `__consumer_offsets` among them, where offsets were committed in the transaction.
    pub partitions: Vec<(KString, i32)>,
}

/// Why a partition was not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// It may have been told or not: try again, at whoever leads it then.
    #[error("the partition cannot be told now: {0}")]
    Unavailable(String),
    /// It does not exist (any more), and needs not be told.
    #[error("the partition does not exist")]
    UnknownPartition,
    /// A newer epoch of the producer has been there: the order is too late. Ends the producer's transaction, as far as
    /// this partition is concerned.
    #[error("a newer epoch of the producer has been there")]
    FencedProducer,
    /// A newer coordinator has been there: whoever sent the order is none any more.
    #[error("a newer coordinator has been there")]
    FencedCoordinator,
}

/// Where a coordinator sends the ends of transactions.
pub trait TransactionPeers: Send + Sync + 'static {
    /// Tells every partition of an order, wherever it is led, and waits until the markers are durable. Results in the order
    /// of the partitions. Telling again what was told changes nothing.
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>>;
}

/// What is asked before a transaction begins in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Whether the partition was added to the transaction that is under way (first protocol).
    Verify,
    /// The partition is added, and the transaction begins with it if none is under way (second protocol).
    Add,
}

/// Asks a transaction's coordinator for some partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmitRequest {
    /// Whose transaction.
    pub transactional_id: KString,
    /// The producer id that writes.
    pub producer: ProducerId,
    /// The epoch it writes with.
    pub epoch: i16,
    /// Topics and indexes.
    pub partitions: Vec<(KString, i32)>,
    /// What is asked.
    pub admission: Admission,
}

/// What a partition's leader asks the transaction's coordinator, before it takes a transaction's first batch (KIP-890).
pub trait TransactionGate: Send + Sync + 'static {
    /// Whether the transaction may write to each partition. Results in the order of the partitions. An addition is durable
    /// when this completes.
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>>;
}
