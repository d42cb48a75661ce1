//! Partitions come into the transaction; the first ones begin it.

use esker_env::Rule;
use esker_kafka_wire::KString;

use super::{Bump, Facts, Producer, Step, Transaction, TransactionError, TransactionState};

impl Transaction {
    /// Additions may follow one another before the first is durable: each record has the partitions of those before it,
    /// and one partition too many costs a marker.
    pub(crate) fn add(
        &self,
        now_ms: i64,
        producer: Producer,
        partitions: &[(KString, i32)],
        max_partitions: usize,
    ) -> Step {
        // What is under way comes first: the producer of the next transaction may be here already.
        let base = match &self.pending {
            None => &self.facts,
            Some(pending) if pending.next.state == TransactionState::Ongoing => &pending.next,
            Some(_) => return Step::refuse(TransactionError::Concurrent),
        };
        if base.decision().is_some() {
            return Step::refuse(TransactionError::Concurrent);
        }
        if let Err(error) = self.check_producer(producer) {
            return Step::refuse(error);
        }
        if self.facts.state == TransactionState::Ongoing && self.facts.partitions.contains_all(partitions) {
            return Step::Answer(Ok(producer));
        }
        let begins = base.state != TransactionState::Ongoing;
        let mut next = Facts {
            state: TransactionState::Ongoing,
            previous: base.producer.id,
            started_ms: if begins { now_ms } else { base.started_ms },
            updated_ms: now_ms,
            bump: Bump::No,
            ..base.clone()
        };
        for (topic, partition) in partitions {
            next.partitions.insert(topic, *partition);
        }
        if next.partitions.len() > max_partitions {
            return Step::refuse(TransactionError::Limit);
        }
        Step::write(next, Ok(producer))
    }

    /// Whether partitions are in the ongoing transaction. What is on its way does not count: the partition's leader looks
    /// again when it appends.
    pub(crate) fn verify(
        &self,
        producer: Producer,
        partitions: &[(KString, i32)],
    ) -> Vec<Result<(), TransactionError>> {
        let refused = match self.facts.decision() {
            Some(_) => Err(TransactionError::Concurrent),
            None => self.check_producer(producer),
        };
        let known = |(topic, partition): &(KString, i32)| {
            refused?;
            match self.facts.partitions.contains(topic, *partition) {
                true => Ok(()),
                false => Err(TransactionError::Abortable),
            }
        };
        partitions.iter().map(known).collect()
    }

    pub(super) fn check_producer(&self, producer: Producer) -> Result<(), TransactionError> {
        let current = self.facts.producer;
        if current.id != producer.id {
            Err(TransactionError::InvalidProducerIdMapping)
        } else if current.epoch != producer.epoch && !Rule::OldEpochFenced.is_broken() {
            Err(TransactionError::ProducerFenced)
        } else {
            Ok(())
        }
    }
}
