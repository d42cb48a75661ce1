//! [`Meta`]: a store, the keys in it, and the one way to run a transaction to a known outcome.

use std::{sync::Arc, time::Duration};

use esker_core::{BrokerId, SessionId};
use esker_env::{Env, Rule};

use crate::{Authority, Expect, KeyValue, Keys, MetaError, MetaStore, Op, Revision, Txn, TxnAnswer};

/// Typed access to a cluster's metadata. Cheap to clone. The transactions are in one file per key family.
#[derive(Clone)]
pub struct Meta {
    store: Arc<dyn MetaStore>,
    keys: Arc<Keys>,
    env: Env,
}

/// One incarnation of a broker, named so that a transaction can be bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey {
    /// The broker.
    pub broker: BrokerId,
    /// Its incarnation.
    pub session: SessionId,
}

impl std::fmt::Display for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broker {} session {}", self.broker, self.session)
    }
}

/// How a settled transaction ended.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Its first branch was applied, at this revision.
    Done(Revision),
    /// A comparison failed; these are the reads of the second branch.
    Refused(Vec<Option<KeyValue>>),
}

/// Attempts before an unknown outcome is handed to the caller; about four seconds in all.
const ATTEMPTS: u32 = 12;

impl Meta {
    /// Metadata below the keys' prefix in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn MetaStore>, keys: Keys, env: Env) -> Self {
        Self { store, keys: Arc::new(keys), env }
    }

    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn MetaStore> {
        &self.store
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) const fn env(&self) -> &Env {
        &self.env
    }

    /// A transaction that does nothing unless the session's key still exists and, for a controller, nobody was
    /// elected after it. Its second branch reads the session's key first, then the controller's if it compares it.
    pub(crate) fn guarded(&self, by: impl Into<Authority>) -> Txn {
        let by = by.into();
        let key = self.keys.session(by.session.broker);
        let mut txn = Txn::new();
        if !Rule::SessionCompared.is_broken() {
            txn = txn.when(key.clone(), Expect::Created(Revision(by.session.session.0)));
        }
        let txn = txn.or_get(key);
        match by.controller {
            Some(elected) => {
                let key = self.keys.controller();
                txn.when(key.clone(), Expect::Modified(elected)).or_get(key)
            }
            None => txn,
        }
    }

    /// Why a transaction of [`Meta::guarded`] was refused: what it was bound to, else `changed`.
    pub(crate) fn refusal(
        &self,
        by: Authority,
        reads: &[Option<KeyValue>],
        changed: impl Into<String>,
    ) -> GuardedError {
        if !session_stands(by.session, reads) {
            return GuardedError::SessionLost(by.session);
        }
        let deposed = by
            .controller
            .is_some_and(|elected| !matches!(reads.get(1), Some(Some(found)) if found.modified == elected));
        GuardedError::Changed(if deposed { self.keys.controller() } else { changed.into() })
    }

    /// Runs `txn` until its outcome is known. After a lost answer it is sent again, which is safe only because its
    /// comparisons no longer hold once it has happened: every caller's must be so. When the repetition is refused,
    /// `witness`, a key that the first branch puts or deletes, tells whether the lost one was it: its present value
    /// must then be one that nobody else would have written.
    pub(crate) async fn settle(&self, txn: Txn, witness: Option<&str>) -> Result<Settled, MetaError> {
        let mut lost: Option<MetaError> = None;
        for attempt in 0..ATTEMPTS {
            match self.store.txn(txn.clone()).await {
                Ok(TxnAnswer { succeeded: true, revision, .. }) => return Ok(Settled::Done(revision)),
                Ok(TxnAnswer { reads, .. }) => {
                    if lost.is_some()
                        && let Some(revision) = self.was_ours(&txn, witness).await?
                    {
                        return Ok(Settled::Done(revision));
                    }
                    return Ok(Settled::Refused(reads));
                }
                Err(error @ MetaError::Unknown(_)) => lost = Some(error),
                // Before any answer was lost this is a plain failure; after, it leaves the outcome unknown.
                Err(error @ MetaError::Unavailable(_)) if lost.is_none() => return Err(error),
                Err(MetaError::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
            let pause = Duration::from_millis(20).saturating_mul(1 << attempt.min(5));
            self.env.clock.sleep(pause.min(Duration::from_millis(400))).await;
        }
        Err(lost.expect("only a lost answer leads to another attempt"))
    }

    /// Whether the witness is as the first branch of `txn` leaves it, and since when.
    async fn was_ours(&self, txn: &Txn, witness: Option<&str>) -> Result<Option<Revision>, MetaError> {
        let Some(witness) = witness else { return Ok(None) };
        let found = match self.store.get(witness.to_owned()).await {
            Ok(found) => found,
            Err(MetaError::Unavailable(why)) => return Err(MetaError::Unknown(why)),
            Err(error) => return Err(error),
        };
        Ok(txn.then.iter().find_map(|op| match (op, &found) {
            (Op::Put { key, value, lease }, Some(found))
                if key == witness && *value == found.value && *lease == found.lease =>
            {
                Some(found.modified)
            }
            (Op::Delete { key }, None) if key == witness => Some(Revision::NONE),
            _ => None,
        }))
    }
}

/// Why a transaction bound to a session did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardedError {
    /// The session is over: another incarnation, a recovery or the lease's end removed its key.
    #[error("{0} is over")]
    SessionLost(SessionKey),
    /// A record is no longer as the caller knew it.
    #[error("metadata key {0} has changed")]
    Changed(String),
    /// The store failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl esker_core::Classified for GuardedError {
    fn action(&self) -> esker_core::Action {
        match self {
            Self::SessionLost(_) | Self::Changed(_) => esker_core::Action::Refresh,
            Self::Meta(error) => error.action(),
        }
    }
}

/// Whether the first read shows the session's key as the session made it.
pub(crate) fn session_stands(session: SessionKey, reads: &[Option<KeyValue>]) -> bool {
    matches!(reads.first(), Some(Some(found)) if found.created.0 == session.session.0)
}
