//! The real coordinators of a simulated broker, and what those of several brokers ask of each other over the simulated
//! network.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_coordinator::{
    AdmitRequest, Coordination, CoordinationGuard, CoordinationParts, GroupConfig, Leaders, MarkerError,
    MarkerOrder, RemoteCoordination, ShareAdmin, ShareConfig, ShareFound, ShareOrder, SharePeer,
    TransactionConfig, TransactionError, TransactionGate, TransactionPeers,
};
use esker_core::{BrokerId, PartitionId};
use esker_env::{BoxFuture, Env};
use esker_meta::{MetaError, SessionKey};
use esker_node::Node;

use super::network::{Network, Process};

/// As the client over gRPC waits.
const WRITE_MARKERS: Duration = Duration::from_secs(10);
const ADMIT: Duration = Duration::from_secs(5);
const SHARE: Duration = Duration::from_secs(10);

/// Settings of coordinators.
#[derive(Clone, Debug)]
pub(super) struct Coordinating {
    pub(super) groups: GroupConfig,
    pub(super) transactions: TransactionConfig,
    pub(super) shares: ShareConfig,
}

/// The coordinators of a running broker.
pub(super) struct Coordinators {
    pub(super) here: Coordination,
    pub(super) env: Env,
    _guard: CoordinationGuard,
}

impl Coordinators {
    /// What the binary does at its start.
    pub(super) async fn start(
        config: Coordinating,
        env: &Env,
        node: &Node,
        network: Network,
    ) -> Result<Self, MetaError> {
        let own = node.session.key();
        let membership = node.membership().expect("the node has joined a cluster");
        let parts = CoordinationParts {
            env: env.clone(),
            log: node.log.clone(),
            meta: node.meta.clone(),
            catalog: Arc::clone(&node.catalog),
            leaders: Leaders::Members {
                own,
                shards: node.cluster.shards,
                membership: Arc::clone(membership),
            },
            remote: Some(Arc::new(SimCoordination { network, here: own.broker })),
            replication_factor: 3,
            groups: config.groups,
            transactions: config.transactions,
            shares: config.shares,
        };
        let (here, guard) = Coordination::start(parts).await?;
        Ok(Self { here, env: env.clone(), _guard: guard })
    }
}

/// The other brokers' coordinators, as one broker reaches them.
struct SimCoordination {
    network: Network,
    here: BrokerId,
}

impl SimCoordination {
    async fn ask<T, F>(
        &self,
        at: SessionKey,
        limit: Duration,
        ask: impl FnOnce(Arc<Coordinators>) -> F + Send + 'static,
    ) -> Result<T, String>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let env = self.network.env().clone();
        let ask = async move |process: Arc<Process>| {
            let node = process.node().filter(|node| node.session.key() == at);
            node.ok_or("another session of the broker is here")?;
            let coordinators = process.coordinators().ok_or("the broker is starting or stopping")?;
            drop(process);
            let answered = env.timeout(limit, ask(coordinators)).await;
            answered.map_err(|_| "not done in time")
        };
        match self.network.call((self.here, at.broker), limit, ask).await {
            Ok(answer) => answer.map_err(str::to_owned),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl RemoteCoordination for SimCoordination {
    fn write_markers(
        &self,
        at: SessionKey,
        order: MarkerOrder,
    ) -> BoxFuture<'_, Result<Vec<Result<(), MarkerError>>, String>> {
        Box::pin(self.ask(at, WRITE_MARKERS, async move |asked: Arc<Coordinators>| {
            asked.here.markers.write_markers(order).await
        }))
    }

    fn admit(
        &self,
        at: SessionKey,
        request: AdmitRequest,
    ) -> BoxFuture<'_, Result<Vec<Result<(), TransactionError>>, String>> {
        Box::pin(self.ask(at, ADMIT, async move |asked: Arc<Coordinators>| {
            asked.here.transactions.admit(request).await
        }))
    }

    fn share(&self, at: SessionKey, order: ShareOrder) -> BoxFuture<'_, Result<Vec<ShareFound>, String>> {
        Box::pin(
            self.ask(at, SHARE, async move |asked: Arc<Coordinators>| {
                asked.here.local_shares.share(order).await
            }),
        )
    }

    fn append(&self, at: SessionKey, target: PartitionId, batch: Bytes) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let asked = self.ask(at, SHARE, async move |asked: Arc<Coordinators>| {
                asked.here.local_shares.append(target, batch).await
            });
            asked.await?
        })
    }
}
