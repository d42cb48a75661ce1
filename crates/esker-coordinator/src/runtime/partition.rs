//! One partition of an internal topic on this broker.

use esker_core::{Epoch, FastMap};
use esker_env::watch;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Machine, Token, compaction::Compaction};

/// A partition.
pub(crate) struct Partition<M: Machine> {
    pub(crate) index: u32,
    /// Held for short, never across an await.
    pub(crate) state: Mutex<Phase<M>>,
}

/// How far a partition is.
pub(crate) enum Phase<M: Machine> {
    /// Not read, or lost.
    Idle,
    /// Being read. The receiver's other end is dropped when that has ended, well or not.
    Loading(watch::Receiver<()>),
    /// In charge.
    Active(Box<Active<M>>),
}

/// A partition in charge.
pub(crate) struct Active<M: Machine> {
    /// The leader epoch under which it was loaded.
    pub(crate) epoch: Epoch,
    pub(crate) machine: M,
    /// Requests whose answer is outstanding. Dropping a sender tells its request that the partition was lost.
    waiting: FastMap<u64, oneshot::Sender<M::Answer>>,
    /// Writes that no append has taken yet, in order.
    pub(super) queue: Vec<M::Write>,
    /// A task is writing.
    pub(super) writing: bool,
    pub(super) compaction: Compaction,
}

impl<M: Machine> Partition<M> {
    pub(super) fn new(index: u32) -> Self {
        Self { index, state: Mutex::new(Phase::Idle) }
    }
}

impl<M: Machine> Phase<M> {
    /// The partition in charge, under `epoch` if one is given.
    pub(super) fn in_charge(&mut self, epoch: Option<Epoch>) -> Option<&mut Active<M>> {
        match self {
            Self::Active(active) if epoch.is_none_or(|epoch| active.epoch == epoch) => Some(active),
            _ => None,
        }
    }
}

impl<M: Machine> Active<M> {
    pub(super) fn new(epoch: Epoch, machine: M, compaction: Compaction) -> Self {
        Self { epoch, machine, waiting: FastMap::default(), queue: Vec::new(), writing: false, compaction }
    }

    /// Makes a place for the answer to `token`.
    pub(super) fn expect(&mut self, token: Token) -> oneshot::Receiver<M::Answer> {
        let (sender, receiver) = oneshot::channel();
        let before = self.waiting.insert(token.0, sender);
        assert!(before.is_none(), "a token is used once");
        receiver
    }

    /// Sends an answer. Whoever asked may be gone: a client that disconnects may come back for what it asked.
    pub(super) fn answer(&mut self, token: Token, answer: M::Answer) {
        if let Some(sender) = self.waiting.remove(&token.0) {
            let _ = sender.send(answer);
        }
    }

    /// Requests that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
