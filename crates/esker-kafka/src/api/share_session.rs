//! Share sessions (KIP-932): which partitions a member of a share group fetches from this broker.
//!
//! A session belongs to the connection that opened it. When that ends, or the member closes its session, what the member
//! still has is given back. Sessions are bounded in number and in partitions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use esker_coordinator::{ShareKey, SharePlace};
use esker_kafka_wire::{ErrorCode, KString};
use esker_share::{Member, Release};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    broker::Broker,
    config::KafkaConfig,
    context::Connection,
    topics::{TopicRef, partition},
};

/// The epoch of a request that opens a session.
pub(crate) const INITIAL: i32 = 0;
/// The epoch of a request that closes one.
pub(crate) const FINAL: i32 = -1;

/// The longest member id, bytes. Clients make them from UUIDs.
const MAX_MEMBER_ID: usize = 256;

/// A partition of a topic, as requests name it.
pub(crate) type Named = (Uuid, i32);

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Holder {
    pub(crate) group: KString,
    pub(crate) member: Member,
}

/// What a request does to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Opens,
    GoesOn,
    Closes,
}

struct Session {
    /// The epoch that the next request must have.
    next_epoch: i32,
    connection: Weak<Connection>,
    partitions: BTreeSet<Named>,
    /// Where the next fetch begins, so that each partition gets its turn.
    turn: usize,
}

/// The sessions of a broker.
pub(crate) struct ShareSessions {
    max_sessions: usize,
    max_partitions: usize,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    sessions: BTreeMap<Holder, Session>,
    /// Partitions of all sessions.
    partitions: usize,
}

impl Cache {
    fn remove(&mut self, holder: &Holder) -> Option<Session> {
        let session = self.sessions.remove(holder)?;
        self.partitions -= session.partitions.len();
        Some(session)
    }
}

impl Holder {
    /// The member that a request speaks for.
    ///
    /// # Errors
    /// When it names none.
    pub(crate) fn of(group: Option<&KString>, member: Option<&KString>) -> Result<Self, ErrorCode> {
        let group = group.filter(|group| !group.is_empty()).ok_or(ErrorCode::InvalidGroupId)?;
        let member = member.filter(|member| !member.is_empty() && member.len() <= MAX_MEMBER_ID);
        let member = member.ok_or(ErrorCode::InvalidRequest)?;
        Ok(Self { group: group.compact(), member: Arc::from(member.as_str()) })
    }

    /// The share partition of this name, if the topic has such a partition.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn place(&self, broker: &Broker, (topic, index): Named) -> Result<SharePlace, ErrorCode> {
        let found = TopicRef::Id(topic).find(broker)?;
        let data = partition(&found, index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        Ok(SharePlace { key: ShareKey { group: self.group.clone(), topic, partition: index }, data })
    }
}

impl ShareSessions {
    pub(crate) fn new(config: &KafkaConfig) -> Self {
        Self {
            max_sessions: config.share_sessions,
            max_partitions: config.share_session_partitions,
            cache: Mutex::default(),
        }
    }

    /// Takes a request with this epoch. A session that it closes is there until [`ShareSessions::close`].
    ///
    /// # Errors
    /// When there is no such session, it stands elsewhere, or there is no room for it.
    pub(crate) fn step(
        &self,
        holder: &Holder,
        connection: &Arc<Connection>,
        epoch: i32,
    ) -> Result<Step, ErrorCode> {
        let mut cache = self.cache.lock();
        if epoch == INITIAL {
            cache.remove(holder);
            if cache.sessions.len() >= self.max_sessions {
                return Err(ErrorCode::ShareSessionLimitReached);
            }
            let session = Session {
                next_epoch: 1,
                connection: Arc::downgrade(connection),
                partitions: BTreeSet::new(),
                turn: 0,
            };
            cache.sessions.insert(holder.clone(), session);
            connection.share_sessions.lock().insert(holder.clone());
            return Ok(Step::Opens);
        }
        let session = cache.sessions.get_mut(holder).ok_or(ErrorCode::ShareSessionNotFound)?;
        if !std::ptr::eq(session.connection.as_ptr(), Arc::as_ptr(connection)) {
            // Of a connection that has ended without our having heard of it, or of somebody else.
            return Err(ErrorCode::ShareSessionNotFound);
        }
        if epoch == FINAL {
            return Ok(Step::Closes);
        }
        if epoch != session.next_epoch {
            return Err(ErrorCode::InvalidShareSessionEpoch);
        }
        // 0 and -1 have meanings of their own.
        session.next_epoch = epoch.checked_add(1).unwrap_or(1);
        Ok(Step::GoesOn)
    }

    /// Adds and forgets partitions. All that are fetched now, in the order of their turn.
    ///
    /// # Errors
    /// When the session is gone or there is no room for so many; it is closed then.
    pub(crate) fn change(
        &self,
        holder: &Holder,
        add: &[Named],
        forget: &[Named],
    ) -> Result<Vec<Named>, ErrorCode> {
        let mut cache = self.cache.lock();
        let session = cache.sessions.get_mut(holder).ok_or(ErrorCode::ShareSessionNotFound)?;
        let before = session.partitions.len();
        session.partitions.extend(add);
        for named in forget {
            session.partitions.remove(named);
        }
        let count = session.partitions.len();
        let mut all: Vec<Named> = session.partitions.iter().copied().collect();
        session.turn = session.turn.wrapping_add(1);
        if count > 0 {
            all.rotate_left(session.turn % count);
        }
        cache.partitions = cache.partitions - before + count;
        if cache.partitions > self.max_partitions && count > before {
            cache.remove(holder);
            return Err(ErrorCode::ShareSessionLimitReached);
        }
        Ok(all)
    }

    /// Ends a session; its partitions.
    pub(crate) fn close(&self, holder: &Holder, connection: &Connection) -> Vec<Named> {
        connection.share_sessions.lock().remove(holder);
        let session = self.cache.lock().remove(holder);
        session.map(|session| session.partitions.into_iter().collect()).unwrap_or_default()
    }

    /// A connection has ended: what its members have is given back, in the background.
    pub(crate) fn disconnected(broker: &Arc<Broker>, connection: &Arc<Connection>) {
        let holders = std::mem::take(&mut *connection.share_sessions.lock());
        for holder in holders {
            let session = {
                let mut cache = broker.share_sessions.cache.lock();
                let known = cache.sessions.get(&holder);
                let own = known.is_some_and(|session| {
                    std::ptr::eq(session.connection.as_ptr(), Arc::as_ptr(connection))
                });
                if own { cache.remove(&holder) } else { None }
            };
            let Some(session) = session else { continue };
            let broker_too = Arc::clone(broker);
            broker.env.tasks.spawn(async move {
                let partitions: Vec<Named> = session.partitions.into_iter().collect();
                // What it had may be why it is gone.
                release(&broker_too, &holder, &partitions, Release::Counted).await;
            });
        }
    }
}

/// Gives back what a member has of partitions.
pub(crate) async fn release(broker: &Broker, holder: &Holder, partitions: &[Named], how: Release) {
    for named in partitions {
        if let Ok(place) = holder.place(broker, *named) {
            broker.shares.release(&place, &holder.member, how).await;
        }
    }
}
