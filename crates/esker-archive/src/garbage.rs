//! Deleting what nobody can reach any more.
//!
//! Two kinds. *Garbage* was in the manifest and left it: the root lists it with the time, and after the grace it goes.
//! *Orphans* were uploaded but never committed: they are found by listing the store and reading the manifest
//! **afterwards**, so that whatever was committed before the listing is seen as reachable. An upload that is still on
//! its way to its commit is protected by its age: no writer commits an object older than `max_commit_age`, and no
//! orphan younger than the grace (at least twice that) is deleted. Ages of orphans are measured by the store's own
//! clock, against the newest object in the listing, so that a broker with a wrong clock deletes nothing too early.

use std::{collections::BTreeSet, sync::Arc};

use esker_core::{
    manifest::{Garbage, GarbageKind, Pointer},
    object::ObjectId,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{ArchiveError, ShardArchive, view::View};

/// Deletions at the same time.
const AT_ONCE: usize = 8;
/// Most deletions of one call; the next call goes on.
const MOST: usize = 1000;

impl ShardArchive {
    /// Deletes removed objects whose grace is over, at most 1000 of them. Returns how many.
    ///
    /// # Errors
    /// [`ArchiveError::Conflict`] when the pointer is not the one this handle knows (nothing is deleted then); others
    /// as [`ArchiveError`] says. Repeating a call is safe.
    pub async fn collect_garbage(&self) -> Result<usize, ArchiveError> {
        let due = {
            let mut commit = self.commit.lock().await;
            self.resolve(&mut commit).await?;
            let view = self.view();
            self.check_current(&view).await?;
            let now = self.parts.env.clock.wall_ms();
            let grace = i64::try_from(self.parts.config.garbage_grace.as_millis()).unwrap_or(i64::MAX);
            let over = |garbage: &&Garbage| {
                garbage.removed_ms.saturating_add(grace) <= now && !view.reaches(garbage.kind, garbage.id)
            };
            view.garbage.iter().filter(over).take(MOST).copied().collect::<Vec<_>>()
        };
        // Without the lock: what is garbage never becomes reachable again.
        self.delete(due.iter().map(|garbage| (garbage.kind, garbage.id)).collect()).await?;
        if !due.is_empty() {
            let _commit = self.commit.lock().await;
            let mut view = View::clone(&self.view());
            view.garbage.retain(|garbage| !due.contains(garbage));
            // The next root persists it; until then a new owner deletes these once more, which does no harm.
            *self.view.write() = Arc::new(view);
        }
        Ok(due.len())
    }

    /// Finds objects that were uploaded but never committed, and deletes those older than the grace, at most 1000.
    /// Returns how many. Lists the shard's whole prefix: meant for once an hour or less.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. Repeating a call is safe.
    pub async fn collect_orphans(&self) -> Result<usize, ArchiveError> {
        let parts = &self.parts;
        let listing = parts.requests.list(&parts.names.shard(self.shard)).await?;
        // After the listing: this order is what makes a committed object look reachable.
        let reachable = self.reachable().await?;
        let grace = i64::try_from(parts.config.garbage_grace.as_millis()).unwrap_or(i64::MAX);
        let newest = listing.iter().map(|object| object.last_modified.timestamp_millis()).max().unwrap_or(0);
        let now = newest.min(parts.env.clock.wall_ms());
        let orphans = listing.iter().filter_map(|object| {
            let (kind, id) = parts.names.parse(self.shard, &object.location)?;
            let born = object.last_modified.timestamp_millis().max(id.created_ms());
            (!reachable.contains(&(kind, id)) && born.saturating_add(grace) <= now).then_some((kind, id))
        });
        let orphans: Vec<_> = orphans.take(MOST).collect();
        for (kind, id) in &orphans {
            tracing::info!(shard = %self.shard, ?kind, %id, "deleting an object that was never committed");
        }
        let count = orphans.len();
        self.delete(orphans).await?;
        Ok(count)
    }

    async fn delete(&self, objects: Vec<(GarbageKind, ObjectId)>) -> Result<(), ArchiveError> {
        if objects.is_empty() {
            return Ok(());
        }
        // What is deleted is gone, so not by what was true once.
        self.parts.mark().await?;
        let delete = |(kind, id)| async move {
            let path = self.parts.names.of(self.shard, kind, id);
            self.parts.requests.delete(&path).await
        };
        stream::iter(objects).map(delete).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn check_current(&self, view: &View) -> Result<(), ArchiveError> {
        let end = self.parts.env.clock.now() + self.parts.config.commit_deadline;
        let (_, revision) = self.parts.read_pointer(self.shard, end).await?.unwrap_or_default();
        if revision == view.revision {
            return Ok(());
        }
        Err(ArchiveError::Conflict(format!("revision {revision}")))
    }

    /// Everything that the pointer, as it is now, reaches or lists as garbage.
    async fn reachable(&self) -> Result<BTreeSet<(GarbageKind, ObjectId)>, ArchiveError> {
        let end = self.parts.env.clock.now() + self.parts.config.commit_deadline;
        let mut reachable = BTreeSet::new();
        let Some((value, _)) = self.parts.read_pointer(self.shard, end).await? else { return Ok(reachable) };
        let bad = |source| ArchiveError::BadPointer { shard: self.shard.0, source };
        let pointer = Pointer::decode(&value).map_err(bad)?;
        reachable.extend(pointer.recent.iter().map(|object| (GarbageKind::Data, object.id)));
        if let Some(reference) = &pointer.root {
            reachable.insert((GarbageKind::Root, reference.id));
            let root = self.parts.root(self.shard, reference).await?;
            reachable.extend(root.objects.iter().map(|object| (GarbageKind::Data, object.id)));
            reachable.extend(root.garbage.iter().map(|garbage| (garbage.kind, garbage.id)));
        }
        Ok(reachable)
    }
}
