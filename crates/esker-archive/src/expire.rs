//! Retention: log starts move up, objects that nobody needs any more leave the manifest.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_core::{
    Offset, PartitionId, TopicNumber,
    manifest::{Garbage, GarbageKind},
};

use crate::{ArchiveError, ShardArchive, view::View};

/// What an expiry did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Partitions whose log start moved.
    pub moved: usize,
    /// Partitions that were dropped with their topics.
    pub dropped: usize,
    /// Objects that left the manifest; they are deleted once their grace is over.
    pub objects: usize,
}

impl ShardArchive {
    /// Moves log starts up and forgets the partitions of dropped topics, in one commit. Log starts that would move
    /// down, and partitions that have nothing archived, are left alone; without any change nothing is committed.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. Repeating a call is safe.
    pub async fn expire(
        &self,
        log_starts: &BTreeMap<PartitionId, Offset>,
        dropped: &BTreeSet<TopicNumber>,
    ) -> Result<Expired, ArchiveError> {
        let mut commit = self.commit.lock().await;
        self.resolve(&mut commit).await?;
        let born = self.parts.env.clock.now();
        let mut next = View::clone(&self.view());
        let expired = next.expire(log_starts, dropped, self.parts.env.clock.wall_ms());
        if expired != Expired::default() {
            self.fold(&mut next).await?;
            self.commit_view(&mut commit, next, None, Vec::new(), born).await?;
        }
        Ok(expired)
    }
}

impl View {
    fn expire(
        &mut self,
        log_starts: &BTreeMap<PartitionId, Offset>,
        dropped: &BTreeSet<TopicNumber>,
        now_ms: i64,
    ) -> Expired {
        let before = self.partitions.len();
        self.partitions.retain(|id, _| !dropped.contains(&id.topic));
        let mut expired = Expired { dropped: before - self.partitions.len(), ..Expired::default() };
        for (id, &log_start) in log_starts {
            let Some(partition) = self.partitions.get_mut(id).filter(|found| found.log_start < log_start)
            else {
                continue;
            };
            partition.log_start = log_start;
            let gone = partition.range_at(log_start);
            if gone > 0 {
                Arc::make_mut(&mut partition.ranges).drain(..gone);
            }
            expired.moved += 1;
        }
        let ranges = self.partitions.values().flat_map(|partition| partition.ranges.iter());
        let live: BTreeSet<_> = ranges.map(|range| range.object.id).collect();
        let gone: Vec<_> = self.objects.keys().filter(|id| !live.contains(id)).copied().collect();
        for id in gone {
            self.objects.remove(&id);
            self.garbage.push(Garbage { kind: GarbageKind::Data, id, removed_ms: now_ms });
            expired.objects += 1;
        }
        expired
    }
}
