//! What an administrator asks of a share group's partitions, wherever they are led.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use esker_core::{Offset, PartitionId, ShardId, TopicId};
use esker_env::{BoxFuture, Env};
use esker_kafka_wire::KString;
use esker_log::Log;
use futures::future::join_all;
use uuid::Uuid;

use super::{ShareError, ShareKey, SharePlace, ShareStates, dead_letters::append_here};
use crate::transactions::{MAX_PARTITIONS, Place, Routes};

/// How long this broker's own partitions are waited for. Others have their own limits.
const LOCAL: Duration = Duration::from_secs(5);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareWhat {
    /// Where the group stands.
    Describe,
    /// That it begins somewhere else.
    Reset,
    /// That it has never read.
    End,
}

/// A partition, and where the group is to begin in it: counts for [`ShareWhat::Reset`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareTarget {
    /// The topic.
    pub topic: Uuid,
    /// The partition.
    pub index: i32,
    /// An offset, 0 or more.
    pub start: i64,
}

/// What is asked of a broker for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareOrder {
    /// The group.
    pub group: KString,
    /// What.
    pub what: ShareWhat,
    /// Of which partitions; of all that the group has read and the broker leads, when there are none.
    pub partitions: Vec<ShareTarget>,
}

/// Where a group stands in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareStand {
    /// The first offset that it is not done with; `None` when it has not read from it.
    pub start: Option<i64>,
    /// Records that it is not done with.
    pub lag: i64,
    /// The leader epoch under which this was answered.
    pub leader_epoch: i32,
}

/// The answer for one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareFound {
    /// The topic.
    pub topic: Uuid,
    /// The partition.
    pub index: i32,
    /// What came of it.
    pub result: Result<ShareStand, ShareError>,
}

/// Who answers an administrator.
pub trait ShareAdmin: Send + Sync + 'static {
    /// Does what is asked, partition by partition, each by itself.
    fn share(&self, order: ShareOrder) -> BoxFuture<'_, Vec<ShareFound>>;
}

/// What brokers ask of one another for share groups.
pub trait SharePeer: ShareAdmin {
    /// Appends a batch of dead letters to a partition that this broker leads. Answers when it is durable.
    ///
    /// # Errors
    /// For people: it may have been appended.
    fn append(&self, target: PartitionId, batch: Bytes) -> BoxFuture<'_, Result<(), String>>;

    /// The high watermarks of these partitions; `None` for one that this broker does not lead.
    fn ends(&self, partitions: &[PartitionId]) -> Vec<Option<Offset>> {
        vec![None; partitions.len()]
    }
}

/// [`ShareAdmin`] for what this broker leads.
#[derive(Clone)]
pub struct LocalShares {
    shares: ShareStates,
    log: Log,
    env: Env,
}

impl LocalShares {
    /// Of these share partitions and this log.
    #[must_use]
    pub const fn new(shares: ShareStates, log: Log, env: Env) -> Self {
        Self { shares, log, env }
    }

    fn place(&self, group: &KString, target: &ShareTarget) -> Option<SharePlace> {
        let data = partition(&self.log, target)?;
        let key = ShareKey { group: group.clone(), topic: target.topic, partition: target.index };
        Some(SharePlace { key, data })
    }

    async fn one(
        &self,
        group: &KString,
        what: ShareWhat,
        target: &ShareTarget,
    ) -> Result<ShareStand, ShareError> {
        let place = self.place(group, target).ok_or(ShareError::Unknown)?;
        match what {
            ShareWhat::Describe => self.shares.confirm(place.data).await?,
            ShareWhat::Reset => self.shares.reset(&place, target.start).await?,
            ShareWhat::End => self.shares.end(&place).await?,
        }
        let offsets = self.log.offsets(place.data).map_err(|_| ShareError::NotLeader)?;
        let found = self.shares.describe(&place).await?;
        let left = |start: i64, done: u64| {
            let done = i64::try_from(done).unwrap_or(i64::MAX);
            (offsets.high_watermark.0 - start.max(offsets.log_start.0)).saturating_sub(done).max(0)
        };
        Ok(ShareStand {
            start: found.map(|found| found.start),
            lag: found.map_or(-1, |found| left(found.start, found.done)),
            leader_epoch: offsets.epoch.0,
        })
    }

    async fn all(&self, order: ShareOrder) -> Vec<ShareFound> {
        let mut targets = order.partitions;
        if targets.is_empty() {
            let read = self.shares.of_group(&order.group).await.unwrap_or_default();
            let each =
                read.into_iter().flat_map(|(topic, all)| all.into_iter().map(move |index| (topic, index)));
            let each = each.map(|(topic, index)| ShareTarget { topic, index, start: 0 });
            targets = each.take(MAX_PARTITIONS).collect();
        }
        let group = &order.group;
        let each = targets.iter().map(|target| async move {
            ShareFound {
                topic: target.topic,
                index: target.index,
                result: self.one(group, order.what, target).await,
            }
        });
        join_all(each).await
    }
}

impl ShareAdmin for LocalShares {
    fn share(&self, order: ShareOrder) -> BoxFuture<'_, Vec<ShareFound>> {
        Box::pin(self.all(order))
    }
}

impl SharePeer for LocalShares {
    fn append(&self, target: PartitionId, batch: Bytes) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { append_here(&self.log, target, &batch, &self.env).await })
    }

    fn ends(&self, partitions: &[PartitionId]) -> Vec<Option<Offset>> {
        let end = |id: &PartitionId| self.log.offsets(*id).ok().map(|offsets| offsets.high_watermark);
        partitions.iter().map(end).collect()
    }
}

fn partition(log: &Log, target: &ShareTarget) -> Option<PartitionId> {
    let topic = log.catalog().by_id(TopicId(target.topic)).filter(|topic| !topic.record.deleting)?;
    let index = u32::try_from(target.index).ok().filter(|index| *index < topic.record.partitions)?;
    Some(PartitionId { topic: topic.record.number, index })
}

/// [`ShareAdmin`] over all brokers.
pub struct ShareRouter {
    routes: Routes,
    local: LocalShares,
}

impl ShareRouter {
    /// `local` answers for what this broker leads.
    #[must_use]
    pub const fn new(routes: Routes, local: LocalShares) -> Self {
        Self { routes, local }
    }

    async fn ask(&self, place: Place, order: ShareOrder) -> Vec<ShareFound> {
        let refused = |targets: &[ShareTarget]| -> Vec<ShareFound> {
            let found = |target: &ShareTarget| ShareFound {
                topic: target.topic,
                index: target.index,
                result: Err(ShareError::Unavailable),
            };
            targets.iter().map(found).collect()
        };
        let targets = order.partitions.clone();
        match (place, &self.routes.remote) {
            (Place::Here, _) => {
                let answered = self.routes.env.timeout(LOCAL, self.local.share(order)).await;
                answered.unwrap_or_else(|_| refused(&targets))
            }
            (Place::At(session), Some(remote)) => match remote.share(session, order).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::info!(%session, error, "a leader of share partitions cannot be asked");
                    refused(&targets)
                }
            },
            (Place::At(_) | Place::Nowhere, _) => refused(&targets),
        }
    }

    async fn everywhere(&self, order: ShareOrder) -> Vec<ShareFound> {
        let mut places: BTreeSet<Place> = BTreeSet::new();
        for shard in 0..self.local.log.shard_count() {
            places.insert(self.routes.leaders.place_of(ShardId(shard)));
        }
        let asked = places.into_iter().map(|place| self.ask(place, order.clone()));
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn each(&self, order: ShareOrder) -> Vec<ShareFound> {
        if order.partitions.is_empty() {
            return self.everywhere(order).await;
        }
        let mut by_place: BTreeMap<Place, Vec<ShareTarget>> = BTreeMap::new();
        let mut all = Vec::with_capacity(order.partitions.len());
        for target in &order.partitions {
            match partition(&self.local.log, target) {
                Some(id) => by_place.entry(self.routes.leaders.place(id)).or_default().push(*target),
                None => all.push(ShareFound {
                    topic: target.topic,
                    index: target.index,
                    result: Err(ShareError::Unknown),
                }),
            }
        }
        let asked = by_place.iter().flat_map(|(place, targets)| {
            targets
                .chunks(MAX_PARTITIONS)
                .map(|part| self.ask(*place, ShareOrder { partitions: part.to_vec(), ..order.clone() }))
        });
        all.extend(join_all(asked).await.into_iter().flatten());
        all
    }
}

impl ShareAdmin for ShareRouter {
    fn share(&self, order: ShareOrder) -> BoxFuture<'_, Vec<ShareFound>> {
        Box::pin(self.each(order))
    }
}
