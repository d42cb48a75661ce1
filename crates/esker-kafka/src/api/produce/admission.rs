//! Batches that may be the first of a transaction in their partition: the transaction's coordinator is asked about them
//! (KIP-890), and what it says holds only while no end of that transaction arrives here.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use esker_coordinator::{Admission, AdmitRequest, TransactionError};
use esker_core::{PartitionId, ProducerId, batch::BatchFields};
use esker_kafka_wire::{ErrorCode, KString, messages::ProduceRequest};
use esker_log::{LogError, TxnGuard, TxnWrite};

use super::{IDS_FROM, Refused, refused};
use crate::{
    context::Context,
    errors::KafkaError,
    topics::{TopicRef, is_internal, partition},
};

/// From here on partitions are added to a transaction by writing to them; before, clients have added them.
const ADDS_FROM: i16 = 12;
/// From here on clients know that a transaction can only be aborted.
const ABORTABLE_FROM: i16 = 11;
/// While the transaction before is being ended, the coordinator is asked again after this
/// (`add.partitions.to.txn.retry.backoff.ms`) ...
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// ... for so long (`add.partitions.to.txn.retry.backoff.max.ms`).
const ASK_FOR: Duration = Duration::from_millis(100);

/// A partition whose transaction is to be looked up.
struct Question {
    id: PartitionId,
    name: (KString, i32),
    guard: TxnGuard,
}

/// What has to be asked before a request's batches are appended.
pub(super) struct Questions {
    transactional_id: KString,
    by_producer: BTreeMap<(ProducerId, i16), Vec<Question>>,
    answered: Admitted,
}

/// Under which guard each partition's batch may be appended, or why not. Partitions that are not here need none.
#[derive(Default)]
pub(super) struct Admitted {
    partitions: BTreeMap<PartitionId, Result<TxnGuard, Why>>,
    /// Nothing of the request is taken.
    without_id: bool,
    version: i16,
}

/// Why a partition's batch may not be appended.
enum Why {
    /// The partition was not served here when its transaction was to be looked up. It may have come here since, but then
    /// nobody has asked about it.
    NotHere(LogError),
    /// What the transaction's coordinator says.
    Coordinator(TransactionError),
}

impl Questions {
    pub(super) fn of(context: &Context, request: &ProduceRequest) -> Self {
        let answered = Admitted { version: context.version, ..Admitted::default() };
        let mut questions = Self { transactional_id: KString::new(), by_producer: BTreeMap::new(), answered };
        for data in &request.topic_data {
            let topic = TopicRef::of(context.version, IDS_FROM, &data.name, data.topic_id);
            let mut found = None;
            for part in &data.partition_data {
                // A decoded request has its records in one chunk.
                let Some(first) = part.records.as_ref().and_then(|records| records.chunks().first()) else {
                    continue;
                };
                let Ok(fields) = BatchFields::read(first) else { continue };
                if !fields.attributes.is_transactional() {
                    continue;
                }
                if request.transactional_id.is_none() {
                    questions.answered.without_id = true;
                    return questions;
                }
                // Whatever is wrong with the partition comes up when its batch is appended.
                let topic = found.get_or_insert_with(|| topic.find(&context.broker));
                let Ok(topic) = topic else { break };
                let Some(id) = partition(topic, part.index).filter(|_| !is_internal(&topic.record.name))
                else {
                    continue;
                };
                questions.add(context, id, (topic.record.name.as_str().into(), part.index), &fields);
            }
        }
        if !questions.is_empty() {
            questions.transactional_id = request.transactional_id.clone().unwrap_or_default();
        }
        questions
    }

    fn add(&mut self, context: &Context, id: PartitionId, name: (KString, i32), fields: &BatchFields) {
        let write = TxnWrite {
            producer: ProducerId(fields.producer_id),
            epoch: fields.producer_epoch,
            sequence: fields.base_sequence,
            bumps: context.version >= ADDS_FROM,
        };
        // A batch that makes no sense is refused as such.
        if write.producer.0 < 0 || write.epoch < 0 {
            return;
        }
        match context.broker.log.guard(id, write) {
            Ok(None) => {}
            Ok(Some(guard)) => {
                let question = Question { id, name, guard };
                self.by_producer.entry((write.producer, write.epoch)).or_default().push(question);
            }
            Err(error) => {
                self.answered.partitions.insert(id, Err(Why::NotHere(error)));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_producer.is_empty()
    }

    /// When there was nothing to ask.
    pub(super) fn answered(self) -> Admitted {
        self.answered
    }

    pub(super) async fn ask(self, context: &Context) -> Admitted {
        let env = &context.broker.env;
        let give_up = env.clock.now() + ASK_FOR;
        let Self { transactional_id, mut by_producer, mut answered } = self;
        loop {
            for ((producer, epoch), questions) in std::mem::take(&mut by_producer) {
                let request = AdmitRequest {
                    transactional_id: transactional_id.clone(),
                    producer,
                    epoch,
                    partitions: questions.iter().map(|question| question.name.clone()).collect(),
                    admission: if context.version >= ADDS_FROM { Admission::Add } else { Admission::Verify },
                };
                let results = context.broker.gate.admit(request).await;
                assert_eq!(results.len(), questions.len(), "a result for each partition");
                for (question, result) in questions.into_iter().zip(results) {
                    let again = result == Err(TransactionError::Concurrent) && context.version >= ADDS_FROM;
                    if again && env.clock.now() < give_up {
                        by_producer.entry((producer, epoch)).or_default().push(question);
                    } else {
                        let admitted = result.map(|()| question.guard).map_err(Why::Coordinator);
                        answered.partitions.insert(question.id, admitted);
                    }
                }
            }
            if by_producer.is_empty() {
                return answered;
            }
            env.clock.sleep(ASK_AGAIN).await;
        }
    }
}

impl Admitted {
    /// The guard of a partition's batch, if it needs one.
    pub(super) fn guard(&self, id: PartitionId) -> Result<Option<TxnGuard>, Refused> {
        if self.without_id {
            let message = "a transactional batch needs a transactional id";
            return Err(refused(ErrorCode::TransactionalIdAuthorizationFailed, message));
        }
        match self.partitions.get(&id) {
            None => Ok(None),
            Some(Ok(guard)) => Ok(Some(*guard)),
            Some(Err(why)) => {
                let (error, message) = match why {
                    Why::NotHere(error) => (error.code(), error.to_string()),
                    Why::Coordinator(error) => (code(*error, self.version), error.to_string()),
                };
                Err(Refused { error, message: Some(message.into()), records: Vec::new() })
            }
        }
    }
}

/// The code that producers of a version handle as it is meant.
fn code(error: TransactionError, version: i16) -> ErrorCode {
    match error {
        // Producers send it again, and do not ask for other leaders.
        TransactionError::NotCoordinator | TransactionError::Loading | TransactionError::Unavailable => {
            ErrorCode::NotEnoughReplicas
        }
        TransactionError::Concurrent if version < ADDS_FROM => ErrorCode::NotEnoughReplicas,
        TransactionError::ProducerFenced => ErrorCode::InvalidProducerEpoch,
        TransactionError::Abortable if version < ABORTABLE_FROM => ErrorCode::InvalidTxnState,
        error => error.code(),
    }
}
