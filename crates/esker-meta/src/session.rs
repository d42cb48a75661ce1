//! `/sessions/<broker>`: which brokers live. Leased; the key's create-revision is the session's id.

use std::time::Duration;

use esker_core::{Action, BrokerId, Classified, SessionId, StoreId};

use crate::{
    Authority, Expect, GuardedError, KeyValue, LeaseId, Meta, MetaError, Revision, SessionKey, Txn,
    codec::{Source, encode, uuid_bytes},
    meta::{Settled, session_stands},
    proto,
};

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The listener's name (`kafka`, `grpc`, ...).
    pub listener: String,
    /// The host as clients resolve it.
    pub host: String,
    /// The port, not 0.
    pub port: u16,
}

/// A living broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id, not negative.
    pub broker: BrokerId,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// Its failure domain.
    pub rack: Option<String>,
    /// The store that it serves.
    pub store: StoreId,
}

impl SessionRecord {
    pub(crate) fn encode(&self) -> bytes::Bytes {
        encode(&proto::Session {
            broker: self.broker.0,
            endpoints: self
                .endpoints
                .iter()
                .map(|endpoint| proto::Endpoint {
                    listener: endpoint.listener.clone(),
                    host: endpoint.host.clone(),
                    port: u32::from(endpoint.port),
                })
                .collect(),
            rack: self.rack.clone().unwrap_or_default(),
            store: uuid_bytes(self.store.0),
        })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Self, MetaError> {
        let (source, message) = Source::message::<proto::Session>(entry)?;
        let name = entry.key.rsplit('/').next().unwrap_or_default();
        source.ensure(message.broker >= 0 && message.broker.to_string() == name, "broker")?;
        let endpoints = message.endpoints.into_iter().map(|endpoint| {
            let port = source.fit(endpoint.port, "endpoint port")?;
            source.ensure(port != 0, "endpoint port")?;
            Ok(Endpoint { listener: endpoint.listener, host: endpoint.host, port })
        });
        Ok(Self {
            broker: BrokerId(message.broker),
            endpoints: endpoints.collect::<Result<_, MetaError>>()?,
            rack: Some(message.rack).filter(|rack| !rack.is_empty()),
            store: StoreId(source.uuid(&message.store, "store")?),
        })
    }
}

/// A session that was opened: who it is, and what keeps it alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedSession {
    /// Who it is.
    pub key: SessionKey,
    /// The lease to keep alive.
    pub lease: LeaseId,
}

/// A session as found in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// Who it is.
    pub key: SessionKey,
    /// What it says about itself.
    pub record: SessionRecord,
}

/// Why a session was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenSessionError {
    /// The broker id has a session already. It ends with its lease, or by [`Meta::fence`].
    #[error("{} is alive (endpoints {:?})", .0.key, .0.record.endpoints)]
    Alive(Box<LiveSession>),
    /// The store failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl Classified for OpenSessionError {
    fn action(&self) -> Action {
        match self {
            Self::Alive(_) => Action::Retry,
            Self::Meta(error) => error.action(),
        }
    }
}

pub(crate) fn live(entry: &KeyValue) -> Result<LiveSession, MetaError> {
    let record = SessionRecord::decode(entry)?;
    let key = SessionKey { broker: record.broker, session: SessionId(entry.created.0) };
    Ok(LiveSession { key, record })
}

impl Meta {
    /// Opens a session under a new lease of `ttl`, which the caller keeps alive.
    ///
    /// # Errors
    /// [`OpenSessionError::Alive`] when the broker id has one.
    pub async fn open_session(
        &self,
        record: &SessionRecord,
        ttl: Duration,
    ) -> Result<OpenedSession, OpenSessionError> {
        let key = self.keys().session(record.broker);
        let lease = self.store().grant(ttl).await?;
        let txn = Txn::new().when(&key, Expect::Absent).put_leased(&key, record.encode(), lease).or_get(&key);
        let refusal = match self.settle(txn, Some(&key)).await {
            Ok(Settled::Done(revision)) => {
                let key = SessionKey { broker: record.broker, session: SessionId(revision.0) };
                return Ok(OpenedSession { key, lease });
            }
            Ok(Settled::Refused(reads)) => match reads.into_iter().next().flatten() {
                Some(found) => live(&found).map(Box::new).map(OpenSessionError::Alive),
                None => Err(MetaError::Unavailable("the former session is just ending".to_owned())),
            },
            Err(error) => Err(error),
        };
        // With its lease gone, a transaction that is still on its way cannot open a session that nobody holds.
        if let Err(error) = self.store().revoke(lease).await {
            tracing::warn!(%error, %lease, "could not revoke the lease of a session that was not opened");
        }
        Err(refusal.unwrap_or_else(OpenSessionError::Meta))
    }

    /// The broker's session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session(&self, broker: BrokerId) -> Result<Option<LiveSession>, MetaError> {
        self.store().get(self.keys().session(broker)).await?.as_ref().map(live).transpose()
    }

    /// All living brokers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions(&self) -> Result<Vec<LiveSession>, MetaError> {
        self.store().list(self.keys().sessions()).await?.entries.iter().map(live).collect()
    }

    /// All living brokers, and the revision at which they were: a session whose id is not larger and that is not among
    /// them was over by then, for ever.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions_at(&self) -> Result<(Revision, Vec<LiveSession>), MetaError> {
        let listing = self.store().list(self.keys().sessions()).await?;
        let sessions = listing.entries.iter().map(live).collect::<Result<_, _>>()?;
        Ok((listing.revision, sessions))
    }

    /// Whether the session's key still exists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session_stands(&self, session: SessionKey) -> Result<bool, MetaError> {
        let found = self.store().get(self.keys().session(session.broker)).await?;
        Ok(found.is_some_and(|found| found.created.0 == session.session.0))
    }

    /// Ends a session by deleting its key: from here on none of its transactions can happen. The same whether it was
    /// there or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fence(&self, session: SessionKey) -> Result<(), MetaError> {
        let key = self.keys().session(session.broker);
        let txn = Txn::new().when(&key, Expect::Created(Revision(session.session.0))).delete(&key);
        // Refused means that it is gone: create-revisions are never repeated.
        self.settle(txn, None).await?;
        Ok(())
    }

    /// As [`Meta::fence`], if `by` still has the authority to.
    ///
    /// # Errors
    /// [`GuardedError`]; whether the session was ended is open after [`MetaError::Unknown`].
    pub async fn fence_by(&self, by: impl Into<Authority>, session: SessionKey) -> Result<(), GuardedError> {
        let by = by.into();
        let key = self.keys().session(session.broker);
        if by.session.broker == session.broker {
            // Of one broker at most one session stands: the other is over, or it is oneself.
            return Err(GuardedError::Changed(key));
        }
        let txn = self
            .guarded(by)
            .when(&key, Expect::Created(Revision(session.session.0)))
            .delete(&key)
            .or_get(&key);
        let Settled::Refused(reads) = self.settle(txn, None).await? else { return Ok(()) };
        if session_stands(session, &reads[reads.len() - 1..]) {
            return Err(self.refusal(by, &reads, key));
        }
        Ok(())
    }

    /// Keeps the session alive for another time to live.
    ///
    /// # Errors
    /// [`MetaError::LeaseGone`] is definite: the session is over. Any other error says nothing about it.
    pub async fn keep_alive(&self, session: &OpenedSession) -> Result<(), MetaError> {
        self.store().keep_alive(session.lease).await?;
        // The lease outlives the key when somebody fenced the session.
        if self.session_stands(session.key).await? {
            Ok(())
        } else {
            Err(MetaError::LeaseGone(session.lease))
        }
    }

    /// Ends one's own session.
    ///
    /// # Errors
    /// When the store fails; the session then ends with its lease.
    pub async fn close_session(&self, session: &OpenedSession) -> Result<(), MetaError> {
        self.store().revoke(session.lease).await
    }
}
