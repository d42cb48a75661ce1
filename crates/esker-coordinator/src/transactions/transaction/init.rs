//! A producer begins with its id: it gets a producer id and an epoch, and everybody before it is fenced.

use esker_core::ProducerId;

use super::{
    Bump, Facts, LAST_EPOCH, Partitions, Producer, Step, Transaction, TransactionError, TransactionState,
};

impl Transaction {
    /// `expected`: what the producer was before, when it goes on after an error (KIP-360). `fresh`: an id that nobody has
    /// had, once one was found to be needed.
    pub(crate) fn init(
        &self,
        now_ms: i64,
        timeout_ms: i32,
        expected: Option<Producer>,
        fresh: Option<ProducerId>,
    ) -> Step {
        if self.is_pending() {
            return Step::refuse(TransactionError::Concurrent);
        }
        if !expected.is_none_or(|expected| self.may_go_on(expected)) {
            return Step::refuse(TransactionError::ProducerFenced);
        }
        match self.facts.state {
            TransactionState::Ongoing => self.take_over(expected, now_ms),
            TransactionState::PrepareCommit | TransactionState::PrepareAbort => {
                Step::refuse(TransactionError::Concurrent)
            }
            TransactionState::Dead | TransactionState::PrepareEpochFence => {
                unreachable!("{:?} is never durable", self.facts.state)
            }
            TransactionState::Empty | TransactionState::CompleteCommit | TransactionState::CompleteAbort => {
                self.begin(now_ms, timeout_ms, expected, fresh)
            }
        }
    }

    /// The producer has not been fenced as far as its id says: it is the current one, or the one before when its epochs
    /// were used up and the answer that said so was lost.
    fn may_go_on(&self, expected: Producer) -> bool {
        let facts = &self.facts;
        self.is_new()
            || expected.id == facts.producer.id
            || (expected.id == facts.previous && expected.epoch >= LAST_EPOCH)
    }

    /// The ongoing transaction is aborted first; the producer comes back for its epoch when that is done.
    fn take_over(&self, expected: Option<Producer>, now_ms: i64) -> Step {
        let facts = &self.facts;
        let last_epoch = match expected {
            None => -1,
            // It asks again with this epoch, and is not fenced by its own request.
            Some(expected) if expected == facts.producer => expected.epoch,
            Some(_) => return Step::refuse(TransactionError::ProducerFenced),
        };
        Step::write(facts.fenced(last_epoch, now_ms), Err(TransactionError::Concurrent))
    }

    fn begin(
        &self,
        now_ms: i64,
        timeout_ms: i32,
        expected: Option<Producer>,
        fresh: Option<ProducerId>,
    ) -> Step {
        let facts = &self.facts;
        let is_current = expected.is_some_and(|expected| expected == facts.producer);
        let is_last =
            expected.is_some_and(|expected| expected.epoch == facts.last_epoch && expected.epoch >= 0);
        let (producer, last_epoch) = if self.is_new() {
            (Producer { epoch: 0, ..facts.producer }, -1)
        } else if expected.is_some() && !is_current && !is_last {
            return Step::refuse(TransactionError::ProducerFenced);
        } else if facts.is_exhausted() {
            let Some(id) = fresh else { return Step::NeedsProducerId };
            (Producer { id, epoch: 0 }, if expected.is_some() { facts.producer.epoch } else { -1 })
        } else if is_last && !is_current {
            // It asks again for what it has been given.
            (facts.producer, facts.last_epoch)
        } else {
            let producer = Producer { epoch: facts.producer.epoch + 1, ..facts.producer };
            (producer, if is_current { facts.producer.epoch } else { -1 })
        };
        let next = Facts {
            state: TransactionState::Empty,
            producer,
            previous: if self.is_new() { ProducerId::NONE } else { facts.producer.id },
            next: ProducerId::NONE,
            last_epoch,
            timeout_ms,
            partitions: Partitions::default(),
            started_ms: -1,
            updated_ms: now_ms,
            bump: Bump::No,
        };
        Step::write(next, Ok(producer))
    }
}
