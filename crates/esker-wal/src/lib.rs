//! The replicated write-ahead log: physical log, store service, ledger writer, seal and repair.
//!
//! From the bottom up:
//! - [`physical`]: bytes in files. Entries, file headers, telling a torn tail from rot.
//! - [`Store`]: one physical log that interleaves the frames of all ledgers it hosts. It keeps their directories in
//!   memory and implements [`LogStore`], the service that a ledger's writer and a recoverer talk to.
//! - [`LedgerWriter`]: one lane of one session: packs batches into frames, sends them to the copyset, commits a frame once
//!   W stores hold it, and goes on in another ledger when a store of the copyset fails it. [`Roller`] creates that one.
//! - [`recover()`]: seals a dead writer's ledger and finds its end.

mod config;
mod error;
mod log_store;
mod metrics;
mod physical;
mod recover;
mod store;
mod writer;

#[cfg(feature = "mutations")]
pub use config::Mutations;
pub use config::StoreConfig;
pub use error::{OpenError, StoreError};
pub use log_store::{Descriptor, Directory, LogStore, SealAnswer, Trim};
pub use metrics::{CopiesStatus, LaneMetrics, LaneWatch, StoreMetrics};
pub use recover::{RecoverError, Recovered, recover, recover_unclean, recover_without};
pub use store::{Store, Usage};
pub use writer::{
    Avoid, AvoidReason, CommitSink, CommittedFrame, CopiesError, LaneConfig, LedgerWriter, NextLedger,
    NextLedgerPlan, NoRoll, NotReady, PendingBatch, RollError, Roller, Ticket, WriterClosed,
};
