//! A share partition (KIP-932): what a share group knows of one partition of a topic. A state machine without I/O and
//! without a clock; time comes with each call.
//!
//! Records before the start are done with. Those from the start to the end have been given out at least once, or were
//! found to be none (gaps, control records); those beyond the end nobody has asked for. In between there are [ranges], not
//! rows: records that follow one another in the same state are one entry, however many there are, so what is kept grows
//! with how scattered the states are, which [`Limits::max_locks`] bounds.
//!
//! ```text
//!              acquire                  acknowledge: accept, reject           the write is durable
//!  (new) ──▶ Acquired ────────────────────────▶ Settling ──────────────────────────▶ Done ──▶ (start moves on)
//!    ▲          │  ▲                               │  release, or the write failed
//!    │  lock    │  │ acquire                       ▼
//!    │  expired └──┴──────────────────────────▶ Available
//! ```
//!
//! What a member puts back for later, and what says itself that it is for later, is deferred: it becomes available at its
//! time, does not hold up what is behind it, and does not count for [`Limits::max_locks`]. A stored one is available: the time
//! of a member may be forgotten, and what a record says is read again.
//!
//! Groups may heed more of what records say ([`Heeds`]): then records are looked at before one is chosen, and a
//! [`picker`](mod@picker) knows whose turn it is. It is not stored: the next leader looks again.
//!
//! What is to be durable goes out one write at a time: [`SharePartition::begin_write`] says what to write, everything or what
//! has changed since the write before, [`SharePartition::written`] what came of it. An acknowledgement counts once the write
//! that has it is durable. What one write says of a record holds until a later one says something else of it, so
//! [`SharePartition::restore`] and [`SharePartition::update`] in their order make of them what there was.
//!
//! [ranges]: mod@ranges

mod acknowledge;
mod acquire;
mod changes;
mod cursor;
mod deferred;
mod limits;
mod partition;
mod picker;
mod ranges;
mod select;
mod snapshot;
mod state;
mod writing;

#[cfg(test)]
mod tests;

pub use self::{
    acknowledge::{Ack, AckBatch, AckError, Acked},
    acquire::{Acquired, Mode, Plan, Span},
    cursor::Cursor,
    limits::{Heeds, Limits},
    partition::{Dead, Depth, Release, SharePartition},
    select::{Look, Says, Wanted},
    snapshot::{Snapshot, SnapshotError, StoredBatch, StoredState},
    state::Member,
    writing::ToWrite,
};
