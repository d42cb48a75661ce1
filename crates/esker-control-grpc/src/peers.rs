//! The other brokers.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use esker_control::{PeerError, Peers, Probe, grpc_endpoint};
use esker_core::{Action, ShardId};
use esker_env::{BoxFuture, Env};
use esker_meta::{Endpoint, Membership, SessionKey};
use esker_wal_grpc::{ClientOptions, Connection, Connector};
use parking_lot::Mutex;
use tonic::Status;

use crate::{
    ControlApi, MOVE_SHARD, OTHERS,
    client::{Calls, overdue},
    error::{is_answer, peer_error, refused},
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

/// [`Peers`] over gRPC: sessions are found in the membership, at their `grpc` endpoints. One connection for each, made
/// when there is something to ask; it is left, for calls that are under way on it, as soon as it failed once.
pub struct GrpcPeers {
    own: SessionKey,
    local: OnceLock<Weak<dyn ControlApi>>,
    membership: Arc<Membership>,
    peers: Mutex<BTreeMap<SessionKey, Arc<Peer>>>,
    env: Env,
    connector: Connector,
    options: PeerOptions,
}

/// Held while a connection is made, so that there is one.
#[derive(Default)]
struct Peer(tokio::sync::Mutex<Option<Arc<Used>>>);

struct Used {
    connection: Connection,
    /// The next call makes another one.
    failed: AtomicBool,
}

impl Used {
    fn is_usable(&self) -> bool {
        !self.failed.load(Ordering::Relaxed) && !self.connection.is_closed()
    }
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
        let (local, peers) = (OnceLock::new(), Mutex::default());
        Self { own, local, membership, peers, env: env.clone(), connector, options }
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

    /// A session's connection slot and its address.
    fn peer(&self, session: SessionKey) -> Result<(Arc<Peer>, String), PeerError> {
        let view = self.membership.view();
        let mut peers = self.peers.lock();
        peers.retain(|known, _| view.session(*known).is_some());
        let Some(live) = view.session(session) else {
            return Err(peer_error(format!("{session} is over, or not known yet"), Action::Refresh));
        };
        let Some(at) = grpc_endpoint(live) else {
            return Err(peer_error(format!("{session} serves no other brokers"), Action::GiveUp));
        };
        Ok((Arc::clone(peers.entry(session).or_default()), endpoint_text(at)))
    }

    async fn ask<F>(
        &self,
        session: SessionKey,
        limit: Duration,
        ask: impl FnOnce(Calls) -> F + Send,
    ) -> Result<(), PeerError>
    where
        F: Future<Output = Result<(), Status>> + Send,
    {
        let (peer, address) = self.peer(session)?;
        let mut used = None;
        let asked = async {
            let using = used.insert(peer.connection(&address, self).await?);
            Ok(ask(Calls(using.connection.channel().clone())).await)
        };
        let (error, keep) = match self.env.timeout(limit, asked).await {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(status))) => (refused(&status), is_answer(&status)),
            Ok(Err(error)) => (error, true),
            Err(_) => (overdue(limit), false),
        };
        if let (false, Some(used)) = (keep, used) {
            used.failed.store(true, Ordering::Relaxed);
        }
        Err(PeerError { why: format!("{session} at {address}: {}", error.why), ..error })
    }
}

impl Peer {
    async fn connection(&self, address: &str, peers: &GrpcPeers) -> Result<Arc<Used>, PeerError> {
        let mut slot = self.0.lock().await;
        if let Some(used) = slot.as_ref().filter(|used| used.is_usable()) {
            return Ok(Arc::clone(used));
        }
        let PeerOptions { connect_timeout, ping_interval, ping_timeout, .. } = peers.options;
        let options =
            ClientOptions { connect_timeout, ping_interval, ping_timeout, ..ClientOptions::default() };
        *slot = None;
        let opened = Connection::open(address.to_owned(), &peers.connector, &peers.env, &options).await;
        let connection = opened.map_err(|why| peer_error(why, Action::Retry))?;
        let used = Used { connection, failed: AtomicBool::new(false) };
        Ok(Arc::clone(slot.insert(Arc::new(used))))
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
            self.ask(owner, limit, |calls| async move { calls.move_shard(owner, shard, to).await }).await
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
            self.ask(controller, limit, |calls| async move { calls.report(controller, suspect, &why).await })
                .await
        })
    }
}
