//! The coordinator of every group on this broker: what front ends call, on machines that the [`runtime`](crate::runtime)
//! keeps.

mod api;
mod machine;
mod stats;
mod transactional;

#[cfg(test)]
mod tests;

pub use self::stats::GroupStats;
pub use self::{
    api::Results,
    transactional::{StableOffset, TransactionalCommit},
};

use std::sync::Arc;

use esker_env::{Env, TaskGuard};

use crate::{
    error::GroupError,
    facts::{ClusterFacts, NoFacts},
    runtime::Runtime,
    settings::GroupConfig,
    shard::Shard,
    topic::InternalTopic,
};

/// The consumer groups of this broker. Cheap to clone.
#[derive(Clone)]
pub struct Groups(Arc<Runtime<Shard>>);

/// Ends the coordinator's timing when dropped.
#[must_use = "dropping it ends session timeouts and retention"]
pub struct GroupsGuard(#[expect(dead_code, reason = "held for its drop")] TaskGuard);

impl Groups {
    /// The coordinator. Call [`Groups::start`] once.
    #[must_use]
    pub fn new(config: GroupConfig, env: Env, topic: Arc<dyn InternalTopic>) -> Self {
        Self::in_cluster(config, env, topic, Arc::new(NoFacts))
    }

    /// The coordinator in a cluster whose topics it knows, which groups of the consumer protocol need. Call
    /// [`Groups::start`] once.
    #[must_use]
    pub fn in_cluster(
        config: GroupConfig,
        env: Env,
        topic: Arc<dyn InternalTopic>,
        around: Arc<dyn ClusterFacts>,
    ) -> Self {
        Self(Runtime::new(config, env, topic, around))
    }

    /// Loads every partition in the background, and begins to watch deadlines.
    pub fn start(&self) -> GroupsGuard {
        GroupsGuard(self.0.start())
    }

    /// Looks at every partition again, because shards have come or gone: what is no longer owned is let go, and its
    /// waiting requests are told; what is new is loaded in the background.
    pub fn ownership_changed(&self) {
        self.0.ownership_changed();
    }

    /// Where a group's offsets are: the owner of this partition of `__consumer_offsets` is the group's coordinator.
    /// Creates the topic when it is missing.
    ///
    /// # Errors
    /// [`GroupError::Unavailable`] when the topic cannot be created now.
    pub async fn find(&self, group: &str) -> Result<u32, GroupError> {
        self.0.find(group).await
    }
}
