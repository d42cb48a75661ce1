//! One partition of the offsets topic on this broker.

use esker_core::{Epoch, FastMap};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::{
    effects::{Answer, Token, Write},
    shard::Shard,
};

/// A partition.
pub(super) struct Partition {
    pub(super) index: u32,
    /// Held for short, never across an await.
    pub(super) state: Mutex<Phase>,
}

/// How far a partition is.
pub(super) enum Phase {
    /// Not read, or lost.
    Idle,
    /// Being read. The receiver's other end is dropped when that has ended, well or not.
    Loading(watch::Receiver<()>),
    /// In charge.
    Active(Box<Active>),
}

/// A partition in charge of its groups.
pub(super) struct Active {
    /// The leader epoch under which it was loaded.
    pub(super) epoch: Epoch,
    pub(super) shard: Shard,
    /// Requests whose answer is outstanding. Dropping a sender tells its request that the partition was lost.
    waiting: FastMap<u64, oneshot::Sender<Answer>>,
    /// Writes that no append has taken yet, in order.
    pub(super) queue: Vec<Write>,
    /// A task is writing.
    pub(super) writing: bool,
}

impl Partition {
    pub(super) fn new(index: u32) -> Self {
        Self { index, state: Mutex::new(Phase::Idle) }
    }
}

impl Active {
    pub(super) fn new(epoch: Epoch, shard: Shard) -> Self {
        Self { epoch, shard, waiting: FastMap::default(), queue: Vec::new(), writing: false }
    }

    /// Makes a place for the answer to `token`.
    pub(super) fn expect(&mut self, token: Token) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let before = self.waiting.insert(token.0, sender);
        assert!(before.is_none(), "a token is used once");
        receiver
    }

    /// Sends an answer. Whoever asked may be gone: a client that disconnects stays a member until its session ends,
    /// as it may come back.
    pub(super) fn answer(&mut self, token: Token, answer: Answer) {
        if let Some(sender) = self.waiting.remove(&token.0) {
            let _ = sender.send(answer);
        }
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
