//! The other brokers.

use std::{
    io,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use esker_control::{PeerError, Peers, Probe};
use esker_core::{Action, ShardId};
use esker_env::{BoxFuture, Env};
use esker_meta::{Endpoint, Membership, SessionKey};
use esker_wal_grpc::{ClientOptions, Connector};

use crate::{
    ControlApi, MOVE_SHARD, OTHERS, Sessions,
    client::{Calls, overdue},
    error::peer_error,
    stores::endpoint_text,
};

/// How long the other brokers may take.
#[derive(Clone, Debug)]
pub struct PeerOptions {
    /// To a connection.
    pub connect_timeout: Duration,
    /// To the end of a shard's move, with the connection.
    pub move_shard: Duration,
    /// To any other answer, with the connection.
    pub others: Duration,
    /// To the end of a probe.
    pub probe: Duration,
    /// A silent peer is pinged after so long.
    pub ping_interval: Duration,
    /// And its connection ends when that is not answered.
    pub ping_timeout: Duration,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            move_shard: MOVE_SHARD,
            others: OTHERS,
            probe: Duration::from_millis(300),
            ping_interval: Duration::from_secs(1),
            ping_timeout: Duration::from_secs(2),
        }
    }
}

/// [`Peers`] over gRPC.
pub struct GrpcPeers {
    own: SessionKey,
    local: OnceLock<Weak<dyn ControlApi>>,
    sessions: Sessions,
    env: Env,
    connector: Connector,
    options: PeerOptions,
}

impl GrpcPeers {
    /// The peers of the session `own`.
    #[must_use]
    pub fn new(
        own: SessionKey,
        membership: Arc<Membership>,
        env: &Env,
        connector: Connector,
        options: PeerOptions,
    ) -> Self {
        let PeerOptions { connect_timeout, ping_interval, ping_timeout, .. } = options;
        let of_connections =
            ClientOptions { connect_timeout, ping_interval, ping_timeout, ..ClientOptions::default() };
        let sessions = Sessions::new(membership, env, Connector::clone(&connector), of_connections);
        Self { own, local: OnceLock::new(), sessions, env: env.clone(), connector, options }
    }

    /// Who answers what is asked of `own`, without the network. Until then, and once it is gone, that fails. Weak: what
    /// answers has a controller that has these peers.
    ///
    /// # Panics
    /// When that was told already.
    pub fn answer_own(&self, api: Weak<dyn ControlApi>) {
        assert!(self.local.set(api).is_ok(), "there is one answer to what is asked of oneself");
    }

    /// What answers for this session, when that is `meant`.
    fn local(&self, meant: SessionKey) -> Option<Result<Arc<dyn ControlApi>, PeerError>> {
        (meant == self.own).then(|| {
            let api = self.local.get().and_then(Weak::upgrade);
            api.ok_or_else(|| peer_error("this broker is starting or stopping", Action::Retry))
        })
    }
}

impl Peers for GrpcPeers {
    fn move_shard(
        &self,
        owner: SessionKey,
        shard: ShardId,
        to: SessionKey,
    ) -> BoxFuture<'_, Result<(), PeerError>> {
        Box::pin(async move {
            let limit = self.options.move_shard;
            if let Some(api) = self.local(owner) {
                let api = api?;
                let moved = self.env.timeout(limit, api.move_shard(shard, to)).await;
                return moved.unwrap_or_else(|_| Err(overdue(limit)));
            }
            let ask = |channel| async move { Calls(channel).move_shard(owner, shard, to).await };
            self.sessions.ask(owner, limit, ask).await
        })
    }

    fn probe(&self, at: &Endpoint) -> BoxFuture<'_, Probe> {
        let address = endpoint_text(at);
        Box::pin(async move {
            match self.env.timeout(self.options.probe, (self.connector)(address)).await {
                Ok(Ok(_)) => Probe::Alive,
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Probe::Refused,
                Ok(Err(_)) | Err(_) => Probe::Silent,
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
            let limit = self.options.others;
            if let Some(api) = self.local(controller) {
                let api = api?;
                let reported = self.env.timeout(limit, api.report(suspect, &why)).await;
                return reported.unwrap_or_else(|_| Err(overdue(limit)));
            }
            let ask = |channel| async move { Calls(channel).report(controller, suspect, &why).await };
            self.sessions.ask(controller, limit, ask).await
        })
    }
}
