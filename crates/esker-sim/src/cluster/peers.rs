//! What brokers ask of each other, over the simulated network.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use esker_control::{PeerError, Peers, Probe};
use esker_core::{Action, BrokerId, ShardId};
use esker_env::BoxFuture;
use esker_meta::{Endpoint, SessionKey};
use esker_node::Node;

use super::network::{CallError, Network, Process};

const MOVE: Duration = Duration::from_secs(30);
const OTHERS: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_millis(300);

/// The other brokers, as one broker reaches them.
pub(super) struct SimPeers {
    pub(super) network: Network,
    pub(super) session: SessionKey,
    /// The process that asks, once it is there.
    pub(super) own: Arc<OnceLock<Arc<Process>>>,
}

fn refused(why: impl Into<String>, action: Action) -> PeerError {
    PeerError { why: why.into(), action }
}

fn lost(error: CallError) -> PeerError {
    refused(error.to_string(), Action::Retry)
}

/// The node of a process, if it is the session that is meant.
fn meant(process: &Process, session: SessionKey) -> Result<Arc<Node>, PeerError> {
    let node = process.node().ok_or_else(|| refused("the broker is starting or stopping", Action::Retry))?;
    if node.session.key() != session {
        return Err(refused("another session of the broker is here", Action::Refresh));
    }
    Ok(node)
}

impl SimPeers {
    const fn here(&self) -> BrokerId {
        self.session.broker
    }

    fn local(&self) -> Result<Arc<Process>, PeerError> {
        self.own.get().cloned().ok_or_else(|| refused("this broker is starting", Action::Retry))
    }
}

impl Peers for SimPeers {
    fn move_shard(
        &self,
        owner: SessionKey,
        shard: ShardId,
        to: SessionKey,
    ) -> BoxFuture<'_, Result<(), PeerError>> {
        Box::pin(async move {
            let ask = async move |process: Arc<Process>| meant(&process, owner)?.move_shard(shard, to).await;
            if owner == self.session {
                let moved = self.network.env().timeout(MOVE, ask(self.local()?)).await;
                return moved.unwrap_or_else(|_| Err(lost(CallError::Silent)));
            }
            let asked = self.network.call((self.here(), owner.broker), MOVE, ask).await;
            asked.unwrap_or_else(|error| Err(lost(error)))
        })
    }

    fn probe(&self, at: &Endpoint) -> BoxFuture<'_, Probe> {
        let to = BrokerId(at.host.parse().expect("hosts are named by their brokers' ids"));
        Box::pin(async move {
            match self.network.connect(self.here(), to, PROBE).await {
                Ok(_) => Probe::Alive,
                Err(CallError::Refused) => Probe::Refused,
                Err(_) => Probe::Silent,
            }
        })
    }

    fn report(
        &self,
        controller: SessionKey,
        suspect: SessionKey,
        why: &str,
    ) -> BoxFuture<'_, Result<(), PeerError>> {
        let why = why.to_owned();
        Box::pin(async move {
            let ask = async move |process: Arc<Process>| {
                let node = meant(&process, controller)?;
                if let Some(controller) = node.controller() {
                    controller.suspect_reported(suspect.broker, &why);
                }
                Ok(())
            };
            if controller == self.session {
                return ask(self.local()?).await;
            }
            let asked = self.network.call((self.here(), controller.broker), OTHERS, ask).await;
            asked.unwrap_or_else(|error| Err(lost(error)))
        })
    }
}
