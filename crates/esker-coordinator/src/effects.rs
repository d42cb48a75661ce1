//! What a state machine wants done: answers to be sent, records to be written. The machine itself does neither.

use bytes::Bytes;
use esker_core::ProducerId;
use esker_kafka_wire::KString;

pub(crate) use crate::runtime::{Now, Token};
use crate::{
    consumer::InFlight,
    error::GroupError,
    facts::{ClusterFacts, NoFacts},
    group::StaticSwap,
    offsets::CommittedOffset,
    records::Record,
    runtime,
    shard::Shard,
    share_group,
    types::{HeartbeatAnswer, JoinAnswer, SyncAnswer},
};

/// The answer to a waiting request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Join(JoinAnswer),
    Sync(Result<SyncAnswer, GroupError>),
    /// To a heartbeat of the consumer protocol.
    Heartbeat(Result<HeartbeatAnswer, GroupError>),
    /// What was asked is durable, or it is not known to be.
    Written(Result<(), GroupError>),
}

/// Records that belong together, and what happens once they are durable or are known not to be.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) group: KString,
    pub(crate) records: Vec<Record>,
    pub(crate) then: Then,
    /// Who waits for nothing but the write.
    pub(crate) waiter: Option<Token>,
}

/// What a write is for.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// The group became empty; nothing hangs on it.
    Nothing,
    /// The leader's assignments of a generation.
    Assign { generation: i32, assignments: Vec<(KString, Bytes)> },
    /// A static member came back under a new id.
    Replace(Box<StaticSwap>),
    /// Offsets were committed.
    Commit(Vec<(KString, i32, CommittedOffset)>),
    /// Offsets were deleted.
    Forget(Vec<(KString, i32)>),
    /// The group was deleted, its offsets too.
    Delete,
    /// A group of the consumer protocol has gone on.
    Consumer(Box<InFlight>),
    /// A share group has gone on.
    Share(Box<share_group::InFlight>),
    /// A share group was deleted.
    EndShare,
    /// Offsets were committed in a producer's transaction.
    Pend { producer: ProducerId, epoch: i16, offsets: Vec<(KString, i32, CommittedOffset)> },
    /// A producer's transaction has ended, in this partition with all its groups.
    End { producer: ProducerId, epoch: i16, commit: bool, coordinator_epoch: i32 },
}

/// What a state machine is given with each call, and where it leaves what it wants done.
pub(crate) type Cx<'a> = runtime::Cx<'a, Shard>;

impl Cx<'_> {
    /// What is known of the cluster.
    pub(crate) fn facts(&self) -> &dyn ClusterFacts {
        self.around.as_deref().unwrap_or(&NoFacts)
    }

    /// Whether anything is.
    pub(crate) fn has_facts(&self) -> bool {
        self.around.is_some()
    }

    pub(crate) fn answer_join(&mut self, token: Token, answer: JoinAnswer) {
        self.answers.push((token, Answer::Join(answer)));
    }

    pub(crate) fn answer_sync(&mut self, token: Token, answer: Result<SyncAnswer, GroupError>) {
        self.answers.push((token, Answer::Sync(answer)));
    }

    pub(crate) fn answer_written(&mut self, token: Token, answer: Result<(), GroupError>) {
        self.answers.push((token, Answer::Written(answer)));
    }
}
