//! `/controller`: which session is the controller. Leased under that session, so that it ends with it.

use esker_core::{BrokerId, SessionId};

use crate::{
    Expect, KeyValue, Meta, MetaError, OpenedSession, Revision, SessionKey,
    codec::{Source, encode},
    meta::Settled,
    proto,
};

/// Who is the controller, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The session.
    pub session: SessionKey,
    /// The election: the revision that put the key. Every transaction of a controller compares it.
    pub elected: Revision,
}

impl Controller {
    pub(crate) fn encode(session: SessionKey) -> bytes::Bytes {
        encode(&proto::Controller { broker: session.broker.0, session: session.session.0 })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Self, MetaError> {
        let (source, message) = Source::message::<proto::Controller>(entry)?;
        source.ensure(message.broker >= 0, "broker")?;
        source.ensure(message.session > 0, "session")?;
        let session = SessionKey { broker: BrokerId(message.broker), session: SessionId(message.session) };
        Ok(Self { session, elected: entry.modified })
    }
}

/// Who makes a change, and as what. A transaction bound to it does nothing unless the session stands and, for a
/// controller, its election is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The session.
    pub session: SessionKey,
    /// Its election, when it acts as the controller.
    pub controller: Option<Revision>,
}

impl From<SessionKey> for Authority {
    fn from(session: SessionKey) -> Self {
        Self { session, controller: None }
    }
}

impl From<Controller> for Authority {
    fn from(controller: Controller) -> Self {
        Self { session: controller.session, controller: Some(controller.elected) }
    }
}

impl Meta {
    /// Who is the controller. The holder may be fenced: its lease then has not run out yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn controller(&self) -> Result<Option<Controller>, MetaError> {
        self.store().get(self.keys().controller()).await?.as_ref().map(Controller::decode).transpose()
    }

    /// Becomes the controller, if nobody is, or if the one that is has been fenced. Returns who is the controller
    /// afterwards; `None` when that changed under the attempt.
    ///
    /// # Errors
    /// When the store fails; [`MetaError::LeaseGone`] when the session's lease is gone.
    pub async fn campaign(&self, session: &OpenedSession) -> Result<Option<Controller>, MetaError> {
        let key = self.keys().controller();
        let holder = self.controller().await?;
        let mut txn = self.guarded(session.key);
        match holder {
            Some(holder) if holder.session == session.key => return Ok(Some(holder)),
            Some(holder) => {
                // The fence took its session's key; its lease, and with it this key, may last a while longer.
                let holder_key = self.keys().session(holder.session.broker);
                let found = self.store().get(holder_key.clone()).await?;
                if found.as_ref().is_some_and(|found| found.created.0 == holder.session.session.0) {
                    return Ok(Some(holder));
                }
                txn = txn.when(&key, Expect::Modified(holder.elected));
                if holder.session.broker != session.key.broker {
                    let since = found.map_or(Expect::Absent, |found| Expect::Created(found.created));
                    txn = txn.when(holder_key, since);
                }
            }
            None => txn = txn.when(&key, Expect::Absent),
        }
        let txn = txn.put_leased(&key, Controller::encode(session.key), session.lease);
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(elected) => Ok(Some(Controller { session: session.key, elected })),
            Settled::Refused(_) => Ok(None),
        }
    }
}
