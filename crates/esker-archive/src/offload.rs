//! Offload: batches from the log become an object, and the object becomes visible.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_core::{
    BatchHeader, LedgerId, Offset, PartitionId,
    manifest::{GarbageKind, ObjectRef},
    object::{BuiltObject, ObjectBuilder, ObjectId, PartitionSection},
};

use crate::{ArchiveError, ShardArchive, view::View};

/// A partition's share of an upload.
#[derive(Clone, Debug)]
pub struct PartitionUpload {
    /// The partition.
    pub id: PartitionId,
    /// Batches in offset order without gaps; bytes exactly as readers will get them.
    pub batches: Vec<(BatchHeader, Bytes)>,
    /// The partition's state as of the last batch.
    pub section: PartitionSection,
}

/// One upload of a shard.
#[derive(Clone, Debug, Default)]
pub struct Offload {
    /// What to upload, each partition once, in any order.
    pub partitions: Vec<PartitionUpload>,
    /// Ledgers of former owners that are wholly archived once this is: the same transaction takes them out of the
    /// shard's pending set.
    pub clear_pending: Vec<LedgerId>,
}

impl ShardArchive {
    /// Uploads batches as one object and commits it. When this returns `Ok`, the batches are readable from the
    /// archive by every later owner, and the log may be trimmed.
    ///
    /// Repeating a call is safe: batches that are archived already are left out, and a partition of which nothing is
    /// left is skipped with its section. A call that was cancelled or failed with [`esker_core::Action::Retry`] is
    /// simply made again.
    ///
    /// # Errors
    /// See [`ArchiveError`]; [`ArchiveError::NotContiguous`] when a partition's batches do not begin at its archived
    /// end, unless the section's log start says that what lies between is not wanted any more.
    #[tracing::instrument(parent = None, skip_all, fields(shard = %self.shard, partitions = offload.partitions.len()))]
    pub async fn offload(&self, offload: Offload) -> Result<(), ArchiveError> {
        let mut commit = self.commit.lock().await;
        self.resolve(&mut commit).await?;
        let born = self.parts.env.clock.now();
        let mut next = View::clone(&self.view());
        let uploads = left_to_upload(&next, offload.partitions)?;
        if uploads.is_empty() && offload.clear_pending.is_empty() {
            return Ok(());
        }
        let mut object = None;
        if !uploads.is_empty() {
            let built = self.build(&uploads)?;
            let id = ObjectId::new(self.parts.env.clock.wall_ms(), self.parts.env.random.bytes16());
            let reference = ObjectRef::new(id, &built.footer);
            next.add_object(reference, &built.index).expect("uploads were checked against the same view");
            let BuiltObject { pieces, index, blocks, .. } = built;
            self.put(GarbageKind::Data, id, pieces).await?;
            for ((entry, blocks), (&partition, upload)) in index.iter().zip(blocks).zip(&uploads) {
                let section = &upload.section;
                self.parts.blocks.remember(id, entry.section, section, blocks);
                next.set_state(partition, section.log_start, Bytes::from(section.encode_state()));
            }
            object = Some(reference);
        }
        let uploaded = object.map(|object| u64::from(object.length));
        self.commit_view(&mut commit, next, object, offload.clear_pending, born).await?;
        if let Some(bytes) = uploaded {
            self.parts.config.metrics.uploads.inc();
            self.parts.config.metrics.uploaded_bytes.add(bytes);
        }
        Ok(())
    }

    /// Uploads an object of this shard.
    pub(crate) async fn put(
        &self,
        kind: GarbageKind,
        id: ObjectId,
        pieces: Vec<Bytes>,
    ) -> Result<(), ArchiveError> {
        self.parts.claim().await?;
        self.parts.requests.put(&self.parts.names.of(self.shard, kind, id), pieces).await
    }

    fn build(&self, uploads: &BTreeMap<PartitionId, PartitionUpload>) -> Result<BuiltObject, ArchiveError> {
        let mut builder = ObjectBuilder::new(self.shard, self.epoch);
        for (&id, upload) in uploads {
            builder.add(id, &upload.batches, &upload.section)?;
        }
        Ok(builder.finish()?)
    }
}

/// Leaves out what is archived already and checks that the rest continues it.
fn left_to_upload(
    view: &View,
    uploads: Vec<PartitionUpload>,
) -> Result<BTreeMap<PartitionId, PartitionUpload>, ArchiveError> {
    let mut left = BTreeMap::new();
    for mut upload in uploads {
        let known = view.partitions.get(&upload.id);
        let expected = known.map_or(Offset(0), |partition| partition.next_offset);
        let log_start =
            known.map_or(Offset(0), |partition| partition.log_start).max(upload.section.log_start);
        upload.batches.retain(|(header, _)| header.next_offset() > expected);
        let Some((first, _)) = upload.batches.first() else { continue };
        let found = first.base_offset;
        // A gap is allowed only below the log start: nobody may read there.
        if found < expected || (found > expected && log_start < found) {
            return Err(ArchiveError::NotContiguous { partition: upload.id, expected, found });
        }
        #[cfg(feature = "mutations")]
        if crate::mutations::NO_PRODUCER_SNAPSHOT.load(std::sync::atomic::Ordering::Relaxed) {
            upload.section.producers.clear();
        }
        let partition = upload.id;
        if left.insert(partition, upload).is_some() {
            return Err(ArchiveError::Config(format!("partition {partition} is uploaded twice in one call")));
        }
    }
    Ok(left)
}
