//! A producer ends its transaction.

use esker_core::ProducerId;
use esker_env::Rule;

use super::{
    Bump, EndProtocol, Facts, LAST_EPOCH, Producer, Step, Transaction, TransactionError, TransactionState,
};

impl Transaction {
    /// `fresh`: an id that nobody has had, once one was found to be needed.
    pub(crate) fn end(
        &self,
        now_ms: i64,
        producer: Producer,
        commit: bool,
        protocol: EndProtocol,
        fresh: Option<ProducerId>,
    ) -> Step {
        match protocol {
            EndProtocol::KeepEpoch => self.end_keeping(now_ms, producer, commit),
            EndProtocol::BumpEpoch => self.end_bumping(now_ms, producer, commit, fresh),
        }
    }

    fn end_keeping(&self, now_ms: i64, producer: Producer, commit: bool) -> Step {
        use TransactionState::{CompleteAbort, CompleteCommit, Ongoing, PrepareAbort, PrepareCommit};
        if let Err(error) = self.check_producer(producer) {
            return Step::refuse(error);
        }
        if self.is_pending() {
            return Step::refuse(TransactionError::Concurrent);
        }
        match (self.facts.state, commit) {
            (Ongoing, _) => {
                let next = Facts {
                    state: prepare(commit),
                    previous: producer.id,
                    next: ProducerId::NONE,
                    updated_ms: now_ms,
                    bump: Bump::No,
                    ..self.facts.clone()
                };
                Step::write(next, Ok(producer))
            }
            (CompleteCommit, true) | (CompleteAbort, false) => Step::Answer(Ok(producer)),
            (PrepareCommit, true) | (PrepareAbort, false) => Step::refuse(TransactionError::Concurrent),
            _ => Step::refuse(TransactionError::InvalidState),
        }
    }

    /// With an epoch for each transaction, a repeated end is told from the end of the next transaction by its epoch:
    ///
    /// | state | abort again | abort | commit again | commit |
    /// |---|---|---|---|---|
    /// | Empty | fenced | aborts nothing, new epoch | fenced | invalid |
    /// | CompleteAbort | done | aborts nothing, new epoch | invalid | invalid |
    /// | CompleteCommit | invalid | aborts nothing, new epoch | done | invalid |
    fn end_bumping(&self, now_ms: i64, producer: Producer, commit: bool, fresh: Option<ProducerId>) -> Step {
        use TransactionState::{CompleteAbort, CompleteCommit, Empty, Ongoing};
        // What is under way comes first: the producer of the next transaction may be here already.
        if self.is_pending() || self.facts.decision().is_some() {
            return Step::refuse(TransactionError::Concurrent);
        }
        let current = self.facts.producer;
        let again = self.ended_before(producer);
        if current.id != producer.id && !again {
            return Step::refuse(TransactionError::InvalidProducerIdMapping);
        }
        let fits = match self.facts.state {
            CompleteCommit | CompleteAbort => again || producer.epoch == current.epoch,
            _ => producer.epoch == current.epoch,
        };
        if !fits && !Rule::OldEpochFenced.is_broken() {
            return Step::refuse(TransactionError::ProducerFenced);
        }
        match (self.facts.state, commit, again) {
            (Ongoing, _, _) => self.prepare_bumped(now_ms, commit, fresh),
            (Empty, false, _) | (CompleteCommit | CompleteAbort, false, false) => {
                self.prepare_bumped(now_ms, false, fresh)
            }
            (CompleteCommit, true, true) | (CompleteAbort, false, true) => Step::Answer(Ok(current)),
            _ => Step::refuse(TransactionError::InvalidState),
        }
    }

    /// The producer itself has ended the last transaction in this epoch, and got another one for it.
    fn ended_before(&self, producer: Producer) -> bool {
        let Facts { producer: current, previous, bump, .. } = self.facts;
        if bump != Bump::End {
            return false;
        }
        let bumped = current.id == producer.id && producer.epoch.checked_add(1) == Some(current.epoch);
        let renewed = previous == producer.id
            && current.id != producer.id
            && producer.epoch == LAST_EPOCH
            && current.epoch == 0;
        bumped || renewed
    }

    fn prepare_bumped(&self, now_ms: i64, commit: bool, fresh: Option<ProducerId>) -> Step {
        let facts = &self.facts;
        let next_id = match (facts.is_exhausted(), fresh) {
            (false, _) => ProducerId::NONE,
            (true, Some(id)) => id,
            (true, None) => return Step::NeedsProducerId,
        };
        let begun = facts.state == TransactionState::Ongoing;
        let next = Facts {
            state: prepare(commit),
            producer: Producer { epoch: facts.producer.epoch.saturating_add(1), ..facts.producer },
            previous: facts.producer.id,
            next: next_id,
            last_epoch: facts.producer.epoch,
            started_ms: if begun { facts.started_ms } else { now_ms },
            updated_ms: now_ms,
            bump: Bump::End,
            ..facts.clone()
        };
        let answer = match next_id {
            ProducerId::NONE => next.producer,
            id => Producer { id, epoch: 0 },
        };
        Step::write(next, Ok(answer))
    }
}

const fn prepare(commit: bool) -> TransactionState {
    if commit { TransactionState::PrepareCommit } else { TransactionState::PrepareAbort }
}
