//! Where objects live in the store: the shard comes first, so that shards spread over the store's partitions.

use esker_core::{ShardId, manifest::GarbageKind, object::ObjectId};
use object_store::path::Path;

/// Paths below a prefix: `<prefix>/<shard>/data/<ulid>`, `<prefix>/<shard>/root/<ulid>` and `<prefix>/cluster`.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: Path,
}

const fn folder(kind: GarbageKind) -> &'static str {
    match kind {
        GarbageKind::Data => "data",
        GarbageKind::Root => "root",
    }
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: Path::from(prefix) }
    }

    /// Where all of it is.
    pub(crate) fn top(&self) -> Path {
        self.prefix.clone()
    }

    /// Says whose the prefix is.
    pub(crate) fn marker(&self) -> Path {
        self.prefix.clone().join("cluster")
    }

    pub(crate) fn shard(&self, shard: ShardId) -> Path {
        self.prefix.clone().join(shard.to_string())
    }

    pub(crate) fn of(&self, shard: ShardId, kind: GarbageKind, id: ObjectId) -> Path {
        self.shard(shard).join(folder(kind)).join(id.to_string())
    }

    pub(crate) fn data(&self, shard: ShardId, id: ObjectId) -> Path {
        self.of(shard, GarbageKind::Data, id)
    }

    pub(crate) fn root(&self, shard: ShardId, id: ObjectId) -> Path {
        self.of(shard, GarbageKind::Root, id)
    }

    /// What a path of a shard names; `None` for anything that is not ours.
    pub(crate) fn parse(&self, shard: ShardId, path: &Path) -> Option<(GarbageKind, ObjectId)> {
        let shard = self.shard(shard);
        let mut parts = path.prefix_match(&shard)?;
        let kind = match parts.next()?.as_ref() {
            "data" => GarbageKind::Data,
            "root" => GarbageKind::Root,
            _ => return None,
        };
        let id = parts.next()?.as_ref().parse().ok()?;
        parts.next().is_none().then_some((kind, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_as_they_are_made_and_foreign_ones_are_not_ours() {
        for prefix in ["", "a/b"] {
            let names = Names::new(prefix);
            let id = ObjectId(77);
            for kind in [GarbageKind::Data, GarbageKind::Root] {
                let path = names.of(ShardId(12), kind, id);
                assert_eq!(names.parse(ShardId(12), &path), Some((kind, id)));
                assert_eq!(names.parse(ShardId(1), &path), None);
                assert_eq!(names.parse(ShardId(12), &path.clone().join("x")), None);
            }
            assert_eq!(names.parse(ShardId(1), &names.shard(ShardId(1)).join("data").join("readme")), None);
        }
    }
}
