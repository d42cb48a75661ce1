//! An operator's decision to go on without stores that do not come back (`esker cluster unclean-recover`).
//!
//! First [`BrokerSession::assess_loss`] says what would be lost; only [`BrokerSession::accept_loss`] with that answer does
//! anything, and only if nothing has changed since. It writes the ledger's end; the controller then goes on by itself.

use std::fmt::Write as _;

use esker_core::{Action, Classified, FrameIndex, LedgerId, ShardId, StoreId};
use esker_meta::{GuardedError, LedgerRecord, MetaError, Versioned};

use crate::{BrokerSession, Holding, cleanup::Needed};

/// What an unclean recovery of a ledger would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The ledger, open, of a session that is over.
    pub ledger: Versioned<LedgerRecord>,
    /// Stores that nobody serves, or that do not answer.
    pub missing: Vec<StoreId>,
    /// What the others hold.
    pub answers: Vec<(StoreId, Holding)>,
    /// Authoritative answers that a clean recovery needs.
    pub needed: usize,
    /// The end that the ledger would get. Frames at and above it, if there were any, are lost: they may have been
    /// acknowledged, and only missing stores know.
    pub end: FrameIndex,
    /// Shards with bytes in it.
    pub shards: Vec<ShardId>,
}

impl Loss {
    /// Authoritative answers there are. As many as needed: nothing is lost, and the recovery will go on by itself.
    #[must_use]
    pub fn authoritative(&self) -> usize {
        self.answers.iter().filter(|(_, holding)| holding.authoritative).count()
    }

    /// A short name for all that it says, so that an operator can accept this and nothing else. Not a secret.
    #[must_use]
    pub fn token(&self) -> String {
        let mut said = format!("{} {} {}", self.ledger.record.id, self.ledger.modified.0, self.end);
        for store in &self.missing {
            let _ = write!(said, " -{store}");
        }
        for (store, Holding { tail, trim, authoritative }) in &self.answers {
            let _ = write!(said, " {store}:{tail}:{trim}:{authoritative}");
        }
        for shard in &self.shards {
            let _ = write!(said, " {shard}");
        }
        format!("{:08x}", crc32c::crc32c(said.as_bytes()))
    }
}

/// Why nothing was recovered uncleanly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LossError {
    /// There is no such ledger.
    #[error("there is no ledger {0}: it was offloaded and forgotten")]
    Unknown(LedgerId),
    /// Its end is known already.
    #[error("ledger {0} is sealed: nothing waits for its end")]
    Sealed(LedgerId),
    /// Its writer may still be alive.
    #[error("ledger {0} is being written: its broker's session is not over")]
    Alive(LedgerId),
    /// Stores came or went since the loss was assessed.
    #[error("ledger {0}: what its stores say has changed since the loss was assessed; look again")]
    Changed(LedgerId),
    /// The metadata.
    #[error(transparent)]
    Guarded(#[from] GuardedError),
}

impl From<MetaError> for LossError {
    fn from(error: MetaError) -> Self {
        Self::Guarded(error.into())
    }
}

impl Classified for LossError {
    fn action(&self) -> Action {
        match self {
            Self::Unknown(_) | Self::Sealed(_) | Self::Alive(_) => Action::GiveUp,
            Self::Changed(_) => Action::Refresh,
            Self::Guarded(error) => error.action(),
        }
    }
}

impl BrokerSession {
    /// What would be lost if a dead session's ledger were ended by what its stores that answer hold. Changes nothing but
    /// that these stores seal it.
    ///
    /// # Errors
    /// [`LossError`].
    pub async fn assess_loss(&self, ledger: LedgerId) -> Result<Loss, LossError> {
        let meta = self.meta();
        let all = meta.list_ledgers(ledger.broker).await?;
        let found = all.into_iter().find(|found| found.record.id == ledger);
        let found = found.ok_or(LossError::Unknown(ledger))?;
        if found.record.end().is_some() {
            return Err(LossError::Sealed(ledger));
        }
        if meta.session_stands(found.record.writer()).await? {
            return Err(LossError::Alive(ledger));
        }
        let survey = self.ledgers().survey(found.record.clone()).await;
        let answers: Vec<_> = survey.into_iter().filter_map(|(id, said)| Some((id, said.ok()?))).collect();
        let answered = |store: &StoreId| answers.iter().any(|(id, _)| id == store);
        let missing = found.record.copyset.iter().filter(|store| !answered(store)).copied().collect();
        let shards = meta.list_shards().await?;
        let needs = |record| Needed::by(std::iter::once(record)).needs(&found.record);
        let shards = shards.iter().filter(|(_, shard)| needs(&shard.record)).map(|(id, _)| *id).collect();
        Ok(Loss {
            missing,
            needed: found.record.read_quorum(),
            end: answers.iter().map(|(_, holding)| holding.tail).max().unwrap_or_default(),
            answers,
            shards,
            ledger: found,
        })
    }

    /// Ends the ledger as assessed. Returns its end, which is that of another recovery when one was faster.
    ///
    /// # Errors
    /// [`LossError`]; [`LossError::Changed`] when an assessment would now say something else.
    pub async fn accept_loss(&self, loss: &Loss) -> Result<FrameIndex, LossError> {
        let id = loss.ledger.record.id;
        if self.assess_loss(id).await? != *loss {
            return Err(LossError::Changed(id));
        }
        tracing::error!(
            ledger = %id, end = %loss.end, missing = ?loss.missing, shards = loss.shards.len(),
            "unclean recovery, as an operator decided: what only the missing stores held is lost"
        );
        // Copies what there is to as many stores as there are.
        let end = match self.ledgers().recover(loss.ledger.record.clone(), true).await {
            // Where nobody can read what a store says it held, that is less than was assessed.
            Ok(end) => end,
            Err(error) => {
                tracing::error!(%error, ledger = %id, "some of what is left could not be copied");
                loss.end
            }
        };
        let sealed = self.meta().seal_ledger(self.key(), &loss.ledger, end).await?;
        Ok(sealed.record.end().unwrap_or(end))
    }
}
