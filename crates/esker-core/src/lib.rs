//! Ids, epochs, errors and byte formats (record batch, frame, object, manifest). No I/O, no clock.
//!
//! Everything that two other crates must agree on lives here, and nothing else does. The formats that are
//! written to disks and object stores have one page each in `docs/formats/`.

mod error;
mod fast;
mod ids;
mod mode;

pub mod batch;
pub mod batch_header;
pub mod frame;
pub mod manifest;
pub mod object;
pub mod partitioner;
pub mod producer;
pub mod shard_map;

pub use batch_header::{BatchHeader, EntryKind};
pub use error::{Action, Classified};
pub use fast::{FastMap, FastSet};
pub use ids::*;
pub use mode::Mode;
