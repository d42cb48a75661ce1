//! Connections to the other brokers' sessions.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use esker_control::{PeerError, grpc_endpoint};
use esker_core::Action;
use esker_env::Env;
use esker_meta::{Membership, SessionKey};
use esker_wal_grpc::{Channel, ClientOptions, Connection, Connector};
use parking_lot::Mutex;
use tonic::Status;

use crate::{
    client::overdue,
    error::{is_answer, peer_error, refused},
    stores::endpoint_text,
};

/// Connections to sessions, found in the membership at their `grpc` endpoints. One for each, made when there is something
/// to ask; it is left, for calls that are under way on it, as soon as it failed once.
pub struct Sessions {
    membership: Arc<Membership>,
    peers: Mutex<BTreeMap<SessionKey, Arc<Peer>>>,
    env: Env,
    connector: Connector,
    options: ClientOptions,
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

impl Sessions {
    /// Of the options, those about connections count.
    #[must_use]
    pub fn new(membership: Arc<Membership>, env: &Env, connector: Connector, options: ClientOptions) -> Self {
        Self { membership, peers: Mutex::default(), env: env.clone(), connector, options }
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

    /// A connection to a session, made if there is none, within `limit`.
    ///
    /// # Errors
    /// That there is none: nothing was asked.
    pub async fn hold(&self, session: SessionKey, limit: Duration) -> Result<HeldChannel, PeerError> {
        let (peer, address) = self.peer(session)?;
        let opened = self.env.timeout(limit, peer.connection(&address, self)).await;
        let opened = opened.unwrap_or_else(|_| Err(overdue(limit)));
        opened
            .map(HeldChannel)
            .map_err(|error| PeerError { why: format!("{session} at {address}: {}", error.why), ..error })
    }

    /// Asks a session, for `limit` at most with the connection.
    ///
    /// # Errors
    /// What it says, or that it cannot be asked: it may have done then what it was asked for.
    pub async fn ask<T, F>(
        &self,
        session: SessionKey,
        limit: Duration,
        ask: impl FnOnce(Channel) -> F + Send,
    ) -> Result<T, PeerError>
    where
        F: Future<Output = Result<T, Status>> + Send,
    {
        let (peer, address) = self.peer(session)?;
        let mut used = None;
        let asked = async {
            let using = used.insert(peer.connection(&address, self).await?);
            Ok(ask(using.connection.channel().clone()).await)
        };
        let (error, keep) = match self.env.timeout(limit, asked).await {
            Ok(Ok(Ok(answer))) => return Ok(answer),
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

/// A connection for what goes on for longer than one call. It lives at least as long as this.
pub struct HeldChannel(Arc<Used>);

impl HeldChannel {
    /// Where requests go.
    #[must_use]
    pub fn channel(&self) -> &Channel {
        self.0.connection.channel()
    }

    /// It has failed: the next call makes another one.
    pub fn failed(&self) {
        self.0.failed.store(true, Ordering::Relaxed);
    }
}

impl Peer {
    async fn connection(&self, address: &str, sessions: &Sessions) -> Result<Arc<Used>, PeerError> {
        let mut slot = self.0.lock().await;
        if let Some(used) = slot.as_ref().filter(|used| used.is_usable()) {
            return Ok(Arc::clone(used));
        }
        *slot = None;
        let Sessions { connector, env, options, .. } = sessions;
        let opened = Connection::open(address.to_owned(), connector, env, options).await;
        let connection = opened.map_err(|why| peer_error(why, Action::Retry))?;
        let used = Used { connection, failed: AtomicBool::new(false) };
        Ok(Arc::clone(slot.insert(Arc::new(used))))
    }
}
