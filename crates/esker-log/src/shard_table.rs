//! The shards that this broker owns now. Moves change it while it is read.

use std::sync::Arc;

use esker_core::ShardId;
use parking_lot::RwLock;

use crate::shard::Shard;

/// A slot for each shard of the cluster, empty where another broker is the owner.
pub(crate) struct ShardTable(Box<[RwLock<Option<Arc<Shard>>>]>);

impl ShardTable {
    /// No shard is owned yet.
    pub(crate) fn new(shard_count: u32) -> Self {
        Self((0..shard_count).map(|_| RwLock::default()).collect())
    }

    pub(crate) fn len(&self) -> u32 {
        self.0.len() as u32
    }

    pub(crate) fn get(&self, id: ShardId) -> Option<Arc<Shard>> {
        self.0.get(id.0 as usize)?.read().clone()
    }

    /// Every owned shard, by number.
    pub(crate) fn all(&self) -> Vec<Arc<Shard>> {
        self.0.iter().filter_map(|slot| slot.read().clone()).collect()
    }

    /// # Panics
    /// When the shard is there already: whoever opens it again has not given it up.
    pub(crate) fn insert(&self, shard: Arc<Shard>) {
        let slot = self.0.get(shard.id.0 as usize).expect("shard ids are below the shard count");
        let before = slot.write().replace(shard);
        assert!(before.is_none(), "a shard is opened once");
    }

    pub(crate) fn remove(&self, id: ShardId) -> Option<Arc<Shard>> {
        self.0.get(id.0 as usize)?.write().take()
    }
}
