//! How far groups are behind: committed offsets here, ends of partitions here and with other brokers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::{FastMap, Offset, PartitionId};
use esker_env::TaskGuard;
use esker_kafka_wire::KString;
use esker_log::Log;
use futures::future::join_all;
use parking_lot::Mutex;

use crate::{
    Groups,
    transactions::{MAX_PARTITIONS, Place, Routes},
};

/// Between two times of asking other brokers for ends.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Partitions of other brokers that are asked for, at most.
const MOST_REMOTE: usize = 100_000;

/// What groups have not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLags {
    /// Records between what is committed and the high watermark, by group and topic.
    pub by_group: BTreeMap<(KString, KString), u64>,
    /// Those of all pairs beyond the bound.
    pub other: u64,
}

/// Knows the ends of the partitions that groups read.
pub struct GroupLag {
    groups: Groups,
    log: Log,
    routes: Routes,
    /// High watermarks of partitions that others lead, as they said last.
    remote: Mutex<Arc<FastMap<PartitionId, Offset>>>,
}

impl GroupLag {
    /// Of these groups.
    #[must_use]
    pub fn new(groups: Groups, log: Log, routes: Routes) -> Arc<Self> {
        Arc::new(Self { groups, log, routes, remote: Mutex::default() })
    }

    /// Asks the other brokers now and then, where there are others. Ends when the guard is dropped.
    #[must_use = "dropping it ends the asking"]
    pub fn start(self: &Arc<Self>) -> Option<TaskGuard> {
        self.routes.remote.as_ref()?;
        let (own, clock) = (Arc::clone(self), Arc::clone(&self.routes.env.clock));
        Some(self.routes.env.tasks.spawn_vital_guarded("groups' lag", async move {
            loop {
                clock.sleep(ASK_EVERY).await;
                own.ask().await;
            }
        }))
    }

    /// What groups have not read, for at most `pairs` of a group and a topic. A partition whose end is not known counts
    /// nothing.
    #[must_use]
    pub fn lags(&self, pairs: usize) -> GroupLags {
        let local: FastMap<PartitionId, Offset> = {
            let rows = self.log.partition_stats();
            rows.into_iter().map(|row| (row.id, row.high_watermark)).collect()
        };
        let remote = Arc::clone(&*self.remote.lock());
        let mut lags = GroupLags::default();
        self.each(|group, topic, id, committed| {
            let Some(end) = local.get(&id).or_else(|| remote.get(&id)) else { return };
            let lag = u64::try_from(end.0.saturating_sub(committed.0)).unwrap_or(0);
            let pair = (group.clone(), topic.clone());
            if lags.by_group.len() < pairs || lags.by_group.contains_key(&pair) {
                *lags.by_group.entry(pair).or_default() += lag;
            } else {
                lags.other += lag;
            }
        });
        lags
    }

    /// Every committed offset of a partition that exists.
    fn each(&self, mut look: impl FnMut(&KString, &KString, PartitionId, Offset)) {
        let mut last: Option<(KString, Option<(esker_core::TopicNumber, u32)>)> = None;
        self.groups.each_commit(|group, topic, index, committed| {
            let known = last.as_ref().filter(|(name, _)| name == topic).map(|(_, found)| *found);
            let found = known.unwrap_or_else(|| {
                let found = self.routes.catalog.by_name(topic).filter(|topic| !topic.record.deleting);
                let found = found.map(|topic| (topic.record.number, topic.record.partitions));
                last = Some((topic.clone(), found));
                found
            });
            let Some((number, partitions)) = found else { return };
            if let Some(index) = u32::try_from(index).ok().filter(|index| *index < partitions) {
                look(group, topic, PartitionId { topic: number, index }, committed);
            }
        });
    }

    /// Asks for the ends of what others lead.
    async fn ask(&self) {
        let Some(remote) = &self.routes.remote else { return };
        let mut wanted = BTreeSet::new();
        self.each(|_, _, id, _| {
            if wanted.len() < MOST_REMOTE {
                wanted.insert(id);
            }
        });
        let mut by_session: BTreeMap<_, Vec<PartitionId>> = BTreeMap::new();
        for id in wanted {
            if let Place::At(session) = self.routes.leaders.place(id) {
                by_session.entry(session).or_default().push(id);
            }
        }
        let chunks = by_session.iter().flat_map(|(session, ids)| {
            let asked = move |ids: &[PartitionId]| {
                let (ids, session) = (ids.to_vec(), *session);
                async move {
                    let answer = remote.ends(session, ids.clone()).await;
                    (ids, answer)
                }
            };
            ids.chunks(MAX_PARTITIONS).map(asked)
        });
        let mut ends = FastMap::default();
        for (ids, answer) in join_all(chunks).await {
            match answer {
                Ok(found) => {
                    let known = ids.iter().zip(found).filter_map(|(id, end)| Some((*id, end?)));
                    ends.extend(known);
                }
                Err(error) => tracing::debug!(%error, "the ends of partitions are not known for groups' lag"),
            }
        }
        *self.remote.lock() = Arc::new(ends);
    }
}
