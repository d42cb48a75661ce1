//! What an unclean recovery would lose, as a JSON document: what [`esker_control::Loss`] says, in plain fields.

use esker_control::Loss;
use serde::{Deserialize, Serialize};

use crate::{LedgerIdView, SessionView};

/// What a store that answers holds of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingView {
    /// Its UUID.
    pub store: String,
    /// The index after the last frame that it holds or has held.
    pub tail: u64,
    /// Frames below are in the object store.
    pub trim: u64,
    /// Whether it knows that it never held more.
    pub authoritative: bool,
}

/// Partitions of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicView {
    /// Its name.
    pub topic: String,
    /// Their indexes.
    pub partitions: Vec<u32>,
}

/// What an unclean recovery of a ledger would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossView {
    /// The ledger.
    pub ledger: LedgerIdView,
    /// The dead session that wrote it.
    pub writer: SessionView,
    /// Its durability mode, as a topic's config spells it.
    pub mode: String,
    /// UUIDs of stores that nobody serves, or that do not answer.
    pub missing: Vec<String>,
    /// What the others hold.
    pub answers: Vec<HoldingView>,
    /// Authoritative answers that a recovery without loss needs.
    pub needed: usize,
    /// The end that the ledger would get, in frames. What only missing stores held at and above it is lost.
    pub end: u64,
    /// Shards with bytes in it.
    pub shards: Vec<u32>,
    /// The partitions of these shards.
    pub topics: Vec<TopicView>,
    /// Says that this is accepted; another assessment has another one.
    pub token: String,
}

impl LossView {
    /// An assessment in plain fields; `topics` are the partitions of its shards.
    #[must_use]
    pub fn new(loss: &Loss, topics: Vec<TopicView>) -> Self {
        let record = &loss.ledger.record;
        let answers = loss.answers.iter().map(|(store, holding)| HoldingView {
            store: store.to_string(),
            tail: holding.tail.0,
            trim: holding.trim.0,
            authoritative: holding.authoritative,
        });
        Self {
            ledger: record.id.into(),
            writer: record.writer().into(),
            mode: record.mode.to_string(),
            missing: loss.missing.iter().map(ToString::to_string).collect(),
            answers: answers.collect(),
            needed: loss.needed,
            end: loss.end.0,
            shards: loss.shards.iter().map(|shard| shard.0).collect(),
            topics,
            token: loss.token(),
        }
    }
}
