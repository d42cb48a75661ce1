//! The way to a partition: its owner, wherever that is, and the next one when it is not there any more.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{BrokerId, PartitionId, shard_map::shard_of};
use esker_env::{Env, Monotonic};
use esker_meta::{Catalog, Membership, SessionKey, Topic};
use tonic::Code;

use crate::{
    OWNER_WAIT, StreamsParts,
    fault::{Fault, Kind},
    forward::{Remote, RemoteAppends},
    owner::{Owner, Page, Placed, Rules, Written},
    proto::esker::forward::v1::{DepthResponse, Offsets},
    queues::{Admin, Leader, Router},
};

/// How long a topic that this broker has not heard of is waited for: another one may have created it a moment ago.
const NEW_TOPIC: Duration = Duration::from_secs(1);
/// How long the answer to one long poll of another broker takes at most.
pub(crate) const LONG_POLL: Duration = Duration::from_secs(10);
/// The pause before an owner is looked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Here,
    At(SessionKey),
    Nowhere,
}

/// The partitions of all brokers.
pub(crate) struct Targets {
    pub(crate) env: Env,
    owner: Owner,
    pub(crate) catalog: Arc<Catalog>,
    /// This broker's queues.
    pub(crate) leader: Leader,
    pub(crate) admin: Admin,
    pub(crate) router: Router,
    others: Option<Cluster>,
}

struct Cluster {
    own: SessionKey,
    shards: u32,
    membership: Arc<Membership>,
    remote: Arc<Remote>,
}

/// Which way an append took: what takes one road keeps its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    /// Into this broker's log.
    Here,
    /// By a stream to another broker: its number among those of the client's stream.
    There(u64),
}

/// An append on its way.
pub(crate) enum Flight {
    /// It has its place in this broker's log.
    Here(Placed),
    /// It was given to the stream of this number, to its owner.
    There(u64, tokio::sync::oneshot::Receiver<Result<Written, Fault>>),
}

/// Why an append does not take a road yet.
pub(crate) fn not_yet() -> Fault {
    Fault::not_here("what was sent before another way is not answered")
}

impl Flight {
    /// Completes when it is durable.
    pub(crate) async fn land(self) -> Result<Written, Fault> {
        match self {
            Self::Here(placed) => Owner::durable(placed).await,
            Self::There(_, answer) => {
                answer.await.unwrap_or_else(|_| Err(Fault::unknown("the way to its owner ended")))
            }
        }
    }

    /// How long the next append should wait, as this broker's log fills up.
    pub(crate) fn throttle(&self) -> Duration {
        match self {
            Self::Here(placed) => placed.throttle(),
            Self::There(..) => Duration::ZERO,
        }
    }

    pub(crate) const fn road(&self) -> Road {
        match self {
            Self::Here(_) => Road::Here,
            Self::There(number, _) => Road::There(*number),
        }
    }
}

/// Evaluates a question, a `Result<_, Fault>`, until an owner has answered it, for [`OWNER_WAIT`] at most. (A macro, as a
/// closure that returns futures would make those of its callers impossible to spawn.)
macro_rules! until_answered {
    ($targets:ident, $id:ident, $question:expr) => {{
        let give_up: Monotonic = $targets.env.clock.now() + OWNER_WAIT;
        loop {
            let answered: Result<_, Fault> = $question;
            match answered {
                // A question that may have been asked can be asked again.
                Err(fault) if fault.kind != Kind::Refused && $targets.env.clock.now() < give_up => {
                    tracing::debug!(%fault, partition = %$id, "asking for a partition again");
                    $targets.pause().await;
                }
                Err(fault) if fault.kind == Kind::Unknown => break Err(Fault::not_here(fault.message)),
                answered => break answered,
            }
        }
    }};
}

impl Targets {
    pub(crate) fn new(parts: StreamsParts) -> Self {
        let StreamsParts { env, log, catalog, others, queues, ids, .. } = parts;
        let others = others.map(|others| Cluster {
            own: others.own,
            shards: others.shards,
            membership: others.membership,
            remote: Arc::new(Remote::new(others.sessions, &env)),
        });
        let admin = Admin::new(&env, &log, &queues);
        let router = Router::new(&env, queues.exchanges, Arc::clone(&catalog));
        let leader = Leader::new(log.clone(), queues.shares, env.clone());
        Self { owner: Owner::new(log, &env, ids), env, catalog, leader, admin, router, others }
    }

    /// A topic that clients may use.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) async fn topic(&self, name: &str) -> Result<Arc<Topic>, Fault> {
        let known = || self.catalog.by_name(name).filter(|topic| is_served(topic));
        if let Some(topic) = known() {
            return Ok(topic);
        }
        let missing = || {
            let shown: String = name.chars().take(249).collect();
            Fault::refused(Code::NotFound, "TOPIC_NOT_FOUND", format!("topic {shown:?} does not exist"))
        };
        // None that could be created has such a name.
        if name.starts_with("__") || name.is_empty() || name.len() > 249 {
            return Err(missing());
        }
        let mut changed = self.catalog.changed();
        let appears = async {
            loop {
                if let Some(topic) = known() {
                    return Some(topic);
                }
                changed.changed().await.ok()?;
            }
        };
        self.env.timeout(NEW_TOPIC, appears).await.ok().flatten().ok_or_else(missing)
    }

    /// As [`Owner::window_ms`].
    pub(crate) fn window_ms(&self, topic: &Topic) -> u64 {
        self.owner.window_ms(topic)
    }

    pub(crate) fn place(&self, id: PartitionId) -> Place {
        let Some(Cluster { own, shards, membership, .. }) = &self.others else { return Place::Here };
        match membership.view().owner(shard_of(id, *shards)) {
            Some(live) if live.key == *own => Place::Here,
            Some(live) => Place::At(live.key),
            None => Place::Nowhere,
        }
    }

    /// Gives a batch to its owner. `ways` are the stream's own to other brokers; `attempt` counts, for each partition, how
    /// often its batches have come back together. It goes nowhere but `behind` those that are not answered, if there are any.
    ///
    /// # Errors
    /// It was not appended.
    pub(crate) async fn append(
        &self,
        ways: &RemoteAppends,
        id: PartitionId,
        batch: &Bytes,
        rules: Rules,
        attempt: u32,
        behind: Option<Road>,
    ) -> Result<Flight, Fault> {
        match (self.place(id), &self.others) {
            (Place::Here, _) if behind.is_some_and(|road| road != Road::Here) => Err(not_yet()),
            (Place::Here, _) => self.owner.append(id, batch, rules).await.map(Flight::Here),
            (Place::At(at), Some(Cluster { remote, .. })) => {
                let (number, answer) = ways.send(remote, at, id, batch.clone(), rules, attempt, behind)?;
                Ok(Flight::There(number, answer))
            }
            _ => Err(Fault::not_here(format!("nobody has partition {id} for now"))),
        }
    }

    /// Waits before a partition's owner is looked for again: a little, or until something changes.
    pub(crate) async fn pause(&self) {
        let Some(Cluster { membership, .. }) = &self.others else {
            return self.env.clock.sleep(PAUSE).await;
        };
        let mut changed = membership.changed();
        let _ = changed.borrow_and_update();
        let _ = self.env.timeout(PAUSE, changed.changed()).await;
    }

    fn remote(&self) -> Option<&Remote> {
        self.others.as_ref().map(|others| &*others.remote)
    }

    /// Another broker, if it is there now.
    pub(crate) fn broker(&self, id: BrokerId) -> Option<(SessionKey, &Remote)> {
        let Cluster { membership, remote, .. } = self.others.as_ref()?;
        membership.view().sessions.get(&id).map(|live| (live.key, &**remote))
    }

    /// The way to other brokers, if there are any.
    pub(crate) fn shared_remote(&self) -> Option<Arc<Remote>> {
        self.others.as_ref().map(|others| Arc::clone(&others.remote))
    }

    /// As [`Owner::read`], wherever the owner is.
    pub(crate) async fn read(
        &self,
        id: PartitionId,
        from: i64,
        max_bytes: usize,
        committed: bool,
    ) -> Result<Page, Fault> {
        until_answered!(
            self,
            id,
            match (self.place(id), self.remote()) {
                (Place::Here, _) => self.owner.read(id, from, max_bytes, committed).await,
                (Place::At(at), Some(remote)) => remote.read(at, id, from, max_bytes, committed).await,
                _ => Err(Fault::not_here(format!("nobody has partition {id} for now"))),
            }
        )
    }

    /// Completes when there is something to read at `from`, or after a while.
    pub(crate) async fn await_end(
        &self,
        id: PartitionId,
        from: i64,
        committed: bool,
    ) -> Result<Offsets, Fault> {
        until_answered!(
            self,
            id,
            match (self.place(id), self.remote()) {
                (Place::Here, _) => self.owner.await_end(id, from, committed, LONG_POLL).await,
                (Place::At(at), Some(remote)) => remote.await_end(at, id, from, committed).await,
                _ => Err(Fault::not_here(format!("nobody has partition {id} for now"))),
            }
        )
    }

    /// As [`Owner::locate`], wherever the owner is.
    pub(crate) async fn locate(
        &self,
        id: PartitionId,
        timestamp: Option<i64>,
    ) -> Result<(Offsets, Option<i64>), Fault> {
        until_answered!(
            self,
            id,
            match (self.place(id), self.remote()) {
                (Place::Here, _) => self.owner.locate(id, timestamp).await,
                (Place::At(at), Some(remote)) => remote.locate(at, id, timestamp).await,
                _ => Err(Fault::not_here(format!("nobody has partition {id} for now"))),
            }
        )
    }

    /// As [`Leader::depth`], wherever the leader is.
    pub(crate) async fn depth(&self, group: &str, id: PartitionId) -> Result<DepthResponse, Fault> {
        until_answered!(
            self,
            id,
            match (self.place(id), self.remote()) {
                (Place::Here, _) => self.leader.depth(group, id).await,
                (Place::At(at), Some(remote)) => remote.depth(at, group, id).await,
                _ => Err(Fault::not_here(format!("nobody has partition {id} for now"))),
            }
        )
    }
}

/// Topics of the brokers' own are not for clients of this API.
pub(crate) fn is_served(topic: &Topic) -> bool {
    !topic.record.deleting && !topic.record.name.starts_with("__")
}

/// A partition of a topic.
///
/// # Errors
/// The topic has fewer.
pub(crate) fn partition(topic: &Topic, index: u32) -> Result<PartitionId, Fault> {
    let count = topic.record.partitions;
    if index < count {
        return Ok(PartitionId { topic: topic.record.number, index });
    }
    let message = format!("topic {:?} has {count} partitions, numbered from 0", topic.record.name);
    Err(Fault::refused(Code::NotFound, "PARTITION_NOT_FOUND", message).with("partitions", &count))
}
