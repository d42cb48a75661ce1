//! How clients find the coordinators of a simulated cluster, and what they wait for.

use std::{sync::Arc, time::Duration};

use esker_coordinator::{OFFSETS_TOPIC, TRANSACTIONS_TOPIC};
use esker_core::{PartitionId, shard_map::shard_of};
use esker_kafka_wire::KString;
use esker_node::Node;

use super::{
    clients::{Client, leader_of},
    coordination::Coordinators,
    machine::{Live, Machine},
};

/// A coordinator's partition: of a transactional id, or of a group.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Id(KString),
    Group(KString),
}

impl Client {
    /// Who coordinates it, as any one broker knows.
    pub(super) async fn coordinator_once(&self, of: Kept) -> Option<Machine> {
        let any = &self.machines[self.env.random.below(self.machines.len() as u64) as usize];
        let shards = self.shards;
        let asked = self.ask_coordinators(any, async move |node: Arc<Node>, asked: Arc<Coordinators>| {
            let (topic, index) = match of {
                Kept::Id(id) => (TRANSACTIONS_TOPIC, asked.here.transactions.find(&id).await.ok()?),
                Kept::Group(group) => (OFFSETS_TOPIC, asked.here.groups.find(&group).await.ok()?),
            };
            let topic = node.catalog.by_name(topic)?.record.number;
            leader_of(&node, shard_of(PartitionId { topic, index }, shards))
        });
        let leader = asked.await??;
        self.machine(leader.broker).cloned()
    }

    /// Asks a broker's coordinators; `None` when no answer comes in time.
    pub(super) async fn ask_coordinators<T, F>(
        &self,
        machine: &Machine,
        ask: impl FnOnce(Arc<Node>, Arc<Coordinators>) -> F + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.travel().await;
        let patience = Duration::from_millis(200 + self.env.random.below(4_000));
        let asked = machine.ask_live_from_afar(async move |live: Live| {
            let Live { node, coordinators, tasks } = live;
            drop(tasks);
            Some(ask(node, coordinators?).await)
        });
        let answer = self.env.timeout(patience, asked).await;
        answer.ok().flatten().flatten()
    }

    /// The coordinator of a group, once somebody knows it.
    pub(super) async fn group_coordinator(&self, group: &KString) -> Machine {
        loop {
            if let Some(machine) = self.coordinator_once(Kept::Group(group.clone())).await {
                return machine;
            }
            self.pause(Duration::from_millis(200)).await;
        }
    }
}
