//! What producers ask.

use esker_core::ProducerId;
use esker_kafka_wire::KString;

use super::{Answer, Cx, Shard, Token, TransactionError};
use crate::transactions::{
    transaction::{Step, Transaction},
    types::{EndProtocol, Producer},
};

impl Shard {
    /// A producer begins with an id. `fresh`: an id that nobody has had, once one was found to be needed.
    pub(crate) fn init(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        (timeout_ms, expected): (i32, Option<Producer>),
        fresh: Option<ProducerId>,
        token: Token,
    ) {
        if !self.ids.contains_key(id) {
            let Some(producer) = fresh else { return cx.answers.push((token, Answer::NeedsProducerId)) };
            if let Err(error) = self.ensure(cx, id, producer) {
                return cx.answers.push((token, Answer::Done(Err(error))));
            }
        }
        let now_ms = cx.now.wall_ms;
        self.step(cx, id, token, |transaction| transaction.init(now_ms, timeout_ms, expected, fresh));
    }

    /// Partitions come into a producer's transaction.
    pub(crate) fn add(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        producer: Producer,
        partitions: &[(KString, i32)],
        token: Token,
    ) {
        // Once in what is durable, and once on the way there.
        let growth: usize = partitions.iter().map(|(topic, _)| 2 * (topic.len() + 256)).sum();
        if growth > self.usage.room(cx.config.max_state) {
            return cx.answers.push((token, Answer::Done(Err(TransactionError::Limit))));
        }
        let (now_ms, most) = (cx.now.wall_ms, cx.config.max_partitions);
        self.step(cx, id, token, |transaction| transaction.add(now_ms, producer, partitions, most));
    }

    /// A producer ends its transaction. `fresh`: as for [`Shard::init`].
    pub(crate) fn end(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        producer: Producer,
        (commit, protocol): (bool, EndProtocol),
        fresh: Option<ProducerId>,
        token: Token,
    ) {
        let now_ms = cx.now.wall_ms;
        self.step(cx, id, token, |transaction| transaction.end(now_ms, producer, commit, protocol, fresh));
    }

    /// Whether partitions are in a producer's ongoing transaction.
    pub(crate) fn verify(
        &self,
        id: &KString,
        producer: Producer,
        partitions: &[(KString, i32)],
    ) -> Vec<Result<(), TransactionError>> {
        match self.ids.get(id) {
            Some(transaction) => transaction.verify(producer, partitions),
            None => vec![Err(TransactionError::InvalidProducerIdMapping); partitions.len()],
        }
    }

    fn step(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        token: Token,
        decide: impl FnOnce(&Transaction) -> Step,
    ) {
        let answer = match self.ids.get(id).map(decide) {
            None => Answer::Known(Err(TransactionError::InvalidProducerIdMapping)),
            Some(Step::Answer(answer)) => Answer::Known(answer),
            Some(Step::NeedsProducerId) => Answer::NeedsProducerId,
            Some(Step::Write { next, answer }) => match self.write(cx, id, *next, Some((token, answer))) {
                Ok(()) => return,
                Err(error) => Answer::Done(Err(error)),
            },
        };
        cx.answers.push((token, answer));
    }
}
