//! Administration: one file per kind of thing.

mod configs;
mod groups;
mod offsets;
mod topics;
mod transactions;

pub use configs::{ConfigEntry, ConfigOp, ResourceKind};
pub(crate) use groups::assigned;
pub use groups::{GroupDescription, GroupListing, GroupMember};
pub use offsets::{CommittedOffset, GroupOffsets};
pub(crate) use offsets::{Committer, commit, fetch_offsets};
pub use topics::{CreatedTopic, NewTopic};
pub use transactions::{
    ActiveProducer, HangingTransaction, TransactionDescription, TransactionFilter, TransactionListing,
};

use std::time::Duration;

/// How long brokers may take for a change.
const SERVER_WAIT: Duration = Duration::from_secs(30);
/// The same, on the wire.
const SERVER_WAIT_MS: i32 = 30_000;
