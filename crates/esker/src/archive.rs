//! The archive as an operator sees it: what is in the object store, under the names of topics. The HTTP port answers
//! with these documents, and the command line prints them.

use std::sync::Arc;

use esker_archive::{Archive, ArchiveError, BlockDescription, ObjectSummary, Problem};
use esker_core::{ShardId, TopicNumber, object::ObjectId};
use esker_meta::Catalog;
use serde::{Deserialize, Serialize};

/// What it takes to look into an archive.
pub(crate) struct ArchiveAccess {
    pub(crate) archive: Arc<Archive>,
    pub(crate) catalog: Arc<Catalog>,
    /// Shards of the cluster.
    pub(crate) shards: u32,
}

/// Every live object and every partition.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) objects: Vec<ListedObject>,
    pub(crate) partitions: Vec<ListedPartition>,
    /// Removed objects that are still there.
    pub(crate) garbage: usize,
}

/// A live object.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListedObject {
    pub(crate) shard: u32,
    #[serde(flatten)]
    pub(crate) object: ObjectSummary,
}

/// What a shard's manifest says of a partition.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListedPartition {
    /// `None` when the topic was deleted and the archive is still to follow.
    pub(crate) topic: Option<String>,
    pub(crate) topic_number: u32,
    pub(crate) partition: u32,
    pub(crate) shard: u32,
    pub(crate) log_start: i64,
    pub(crate) next_offset: i64,
    /// Objects that hold something of it.
    pub(crate) objects: usize,
    pub(crate) bytes: u64,
}

/// An object, read from the store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Inspected {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) shard: u32,
    pub(crate) epoch: i32,
    pub(crate) partitions: Vec<InspectedPartition>,
}

/// What an object holds of a partition.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InspectedPartition {
    pub(crate) topic: Option<String>,
    pub(crate) topic_number: u32,
    pub(crate) partition: u32,
    pub(crate) first_offset: i64,
    /// The offset after the last one.
    pub(crate) next_offset: i64,
    /// Milliseconds since the Unix epoch; -1 when no batch has one.
    pub(crate) max_timestamp: i64,
    /// As of the object.
    pub(crate) log_start: i64,
    /// (epoch, first offset).
    pub(crate) epochs: Vec<(i32, i64)>,
    /// Idempotent producers in the snapshot.
    pub(crate) producers: usize,
    /// Transactions aborted in the object.
    pub(crate) aborted: usize,
    pub(crate) blocks: Vec<BlockDescription>,
}

/// What a check of everything found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verified {
    pub(crate) errors: Vec<VerifyError>,
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) batches: u64,
    pub(crate) partitions: Vec<VerifiedPartition>,
}

/// Something wrong.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyError {
    pub(crate) shard: u32,
    #[serde(flatten)]
    pub(crate) problem: Problem,
}

/// What was read back whole of a partition.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifiedPartition {
    pub(crate) topic: Option<String>,
    pub(crate) topic_number: u32,
    pub(crate) partition: u32,
    pub(crate) log_start: i64,
    pub(crate) first_offset: i64,
    pub(crate) next_offset: i64,
    pub(crate) records: u64,
    pub(crate) batches: u64,
    pub(crate) bytes: u64,
}

/// Which object: `<ulid>`, or a path that ends in `<shard>/data/<ulid>`, as the list names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectName {
    pub(crate) shard: Option<ShardId>,
    pub(crate) id: ObjectId,
}

impl ObjectName {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.trim_matches('/').rsplit('/');
        let id = parts.next().unwrap_or_default();
        let id = id.parse().map_err(|_| {
            format!("{text:?} names no object: use a name or a path as `esker archive list` shows it")
        })?;
        let shard = match (parts.next(), parts.next().map(str::parse)) {
            (None, _) => None,
            (Some("data"), Some(Ok(shard))) => Some(ShardId(shard)),
            (Some("root"), _) => return Err(format!("{text} is a manifest root, not a data object")),
            _ => return Err(format!("{text:?} does not end in SHARD/data/NAME")),
        };
        Ok(Self { shard, id })
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.shard {
            Some(shard) => write!(f, "{shard}/data/{}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

impl ArchiveAccess {
    /// Reads every shard's manifest.
    pub(crate) async fn list(&self) -> Result<Listed, ArchiveError> {
        let mut listed = Listed::default();
        for shard in (0..self.shards).map(ShardId) {
            let found = self.archive.list(shard).await?;
            listed.garbage += found.garbage;
            let objects = found.objects.into_iter();
            listed.objects.extend(objects.map(|object| ListedObject { shard: shard.0, object }));
            listed.partitions.extend(found.partitions.into_iter().map(|found| ListedPartition {
                topic: self.topic(found.topic),
                topic_number: found.topic,
                partition: found.index,
                shard: shard.0,
                log_start: found.log_start,
                next_offset: found.next_offset,
                objects: found.ranges,
                bytes: found.bytes,
            }));
        }
        listed.partitions.sort_by(|a, b| order(a).cmp(&order(b)));
        Ok(listed)
    }

    /// Reads one object's own description. `None` when only its name was given and no manifest refers to it.
    pub(crate) async fn inspect(&self, name: ObjectName) -> Result<Option<Inspected>, ArchiveError> {
        let shard = match name.shard {
            Some(shard) => shard,
            None => match self.shard_of(name.id).await? {
                Some(shard) => shard,
                None => return Ok(None),
            },
        };
        let found = self.archive.inspect(shard, name.id).await?;
        let partition = |section: esker_archive::SectionDescription| InspectedPartition {
            topic: self.topic(section.topic),
            topic_number: section.topic,
            partition: section.index,
            first_offset: section.first_offset,
            next_offset: section.last_offset + 1,
            max_timestamp: section.max_timestamp,
            log_start: section.log_start,
            epochs: section.epochs,
            producers: section.producers,
            aborted: section.aborted,
            blocks: section.blocks,
        };
        Ok(Some(Inspected {
            path: found.path,
            bytes: found.length,
            shard: found.shard,
            epoch: found.epoch,
            partitions: found.partitions.into_iter().map(partition).collect(),
        }))
    }

    async fn shard_of(&self, id: ObjectId) -> Result<Option<ShardId>, ArchiveError> {
        let name = id.to_string();
        for shard in (0..self.shards).map(ShardId) {
            if self.archive.list(shard).await?.objects.iter().any(|object| object.id == name) {
                return Ok(Some(shard));
            }
        }
        Ok(None)
    }

    /// Reads everything that the manifests refer to, one shard after another. `progress` hears of the shard and of
    /// its objects, done and in all.
    pub(crate) async fn verify(
        &self,
        progress: &(dyn Fn(ShardId, u64, u64) + Send + Sync),
    ) -> Result<Verified, ArchiveError> {
        let mut verified = Verified::default();
        for shard in (0..self.shards).map(ShardId) {
            let found = self.archive.verify(shard, &|done, total| progress(shard, done, total)).await?;
            verified.objects += found.objects;
            verified.bytes += found.bytes;
            verified.records += found.records;
            verified.batches += found.batches;
            let problems = found.problems.into_iter();
            verified.errors.extend(problems.map(|problem| VerifyError { shard: shard.0, problem }));
            verified.partitions.extend(found.partitions.into_iter().map(|found| VerifiedPartition {
                topic: self.topic(found.topic),
                topic_number: found.topic,
                partition: found.index,
                log_start: found.log_start,
                first_offset: found.first_offset,
                next_offset: found.next_offset,
                records: found.records,
                batches: found.batches,
                bytes: found.bytes,
            }));
        }
        verified.partitions.sort_by(|a, b| order(a).cmp(&order(b)));
        Ok(verified)
    }

    fn topic(&self, number: u32) -> Option<String> {
        self.catalog.by_number(TopicNumber(number)).map(|topic| topic.record.name.clone())
    }
}

/// A row about a partition.
pub(crate) trait OfPartition {
    /// Topic, its number, partition.
    fn key(&self) -> (Option<&str>, u32, u32);

    /// The topic as people read it.
    fn topic_text(&self) -> String {
        match self.key() {
            (Some(name), ..) => name.to_owned(),
            (None, number, _) => format!("(deleted, number {number})"),
        }
    }
}

macro_rules! of_partition {
    ($($row:ident),*) => {$(
        impl OfPartition for $row {
            fn key(&self) -> (Option<&str>, u32, u32) {
                (self.topic.as_deref(), self.topic_number, self.partition)
            }
        }
    )*};
}

of_partition!(ListedPartition, InspectedPartition, VerifiedPartition);

fn order(row: &impl OfPartition) -> (Option<&str>, u32, u32) {
    row.key()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_by_themselves_or_by_their_path() {
        let id = ObjectId(77);
        let name = ObjectName { shard: None, id };
        assert_eq!(ObjectName::parse(&id.to_string()), Ok(name));
        let in_shard = ObjectName { shard: Some(ShardId(12)), id };
        for path in [format!("12/data/{id}"), format!("a b/c/12/data/{id}"), format!("/12/data/{id}/")] {
            assert_eq!(ObjectName::parse(&path), Ok(in_shard), "{path}");
        }
        for known in [name, in_shard] {
            assert_eq!(ObjectName::parse(&known.to_string()), Ok(known));
        }
        assert!(ObjectName::parse(&format!("12/root/{id}")).unwrap_err().contains("manifest root"));
        for bad in ["", "x", "12/data/x"] {
            assert!(ObjectName::parse(bad).unwrap_err().contains("names no object"), "{bad:?}");
        }
        for bad in [format!("data/{id}"), format!("-1/data/{id}"), format!("x/{id}")] {
            assert!(ObjectName::parse(&bad).unwrap_err().contains("SHARD/data/NAME"), "{bad}");
        }
    }
}
