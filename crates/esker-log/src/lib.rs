//! Shards and partitions: offsets, producers, watermarks. One append, one read.
//!
//! [`Log`] joins the write-ahead log and the archive, which do not know each other. A produce goes through
//! [`Log::check`] and [`Log::append`]; a fetch through [`Log::read`], which compares two offsets to decide between
//! the memory tail, the local log and objects.

mod append;
mod commit;
mod confirm;
mod error;
mod handover;
mod lanes;
mod log;
mod lookup;
mod maintain;
mod markers;
mod metrics;
mod offload;
mod offsets;
mod open;
mod partition;
mod pressure;
mod producers;
mod read;
mod retention;
mod settings;
mod shard;
mod shard_table;
mod stats;
mod stores;
mod tail;
#[cfg(test)]
mod testing;
mod ticket;
pub mod topic_config;
mod topics;
mod transactions;
mod trim;

pub use append::{AppendOptions, Appended};
pub use error::{AppendError, LogError, OpenError, ReadError};
pub use esker_core::producer::AbortedTxn;
pub use handover::{HeldShard, HoldError};
pub use log::{Log, Sizes};
pub use lookup::TimestampedOffset;
pub use markers::Marker;
pub use metrics::{LogMetrics, ReadMetrics, TopicMetrics};
pub use offload::FlushError;
pub use offsets::Offsets;
pub use open::{LedgerPlace, LogParts, OwnedLane, OwnedShard, RollerOf};
pub use partition::Gap;
pub use producers::{ProducerError, ProducerTable, REMEMBERED_BATCHES, Verdict};
pub use read::{Isolation, Read, ReadLimits};
pub use retention::DeleteError;
pub use settings::LogConfig;
pub use stats::{PartitionStats, Stats};
pub use stores::StoreLookup;
pub use ticket::AppendTicket;
pub use topic_config::TopicConfig;
pub use transactions::{TxnGuard, TxnWrite};
