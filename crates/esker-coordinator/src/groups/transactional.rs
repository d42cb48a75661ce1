//! Offsets that are committed in transactions.

use esker_kafka_wire::KString;

use super::{Groups, Results, api::written};
use crate::{
    effects::Answer,
    error::GroupError,
    offsets::CommittedOffset,
    topic::OFFSETS_TOPIC,
    transactions::{
        Admission, AdmitRequest, MarkerError, MarkerOrder, Producer, TransactionError, TransactionGate,
    },
    types::CommitRequest,
};

/// In whose transaction offsets are committed.
#[derive(Clone, Debug)]
pub struct TransactionalCommit {
    /// The transaction's id.
    pub transactional_id: KString,
    /// The producer.
    pub producer: Producer,
    /// How the coordinator of the transaction comes to know that there are offsets in it.
    pub admission: Admission,
}

/// An offset, `None` where there is none, or [`GroupError::UnstableOffset`].
pub type StableOffset = Result<Option<CommittedOffset>, GroupError>;

impl Groups {
    /// Commits offsets in a transaction, in the order asked: they count once it is committed. The transaction's
    /// coordinator is asked first, through `gate`, unless the transaction has offsets here already.
    ///
    /// # Errors
    /// When nothing was committed; of a transaction that does not allow it, [`GroupError::Transaction`].
    pub async fn commit_in_transaction(
        &self,
        group: &KString,
        of: &TransactionalCommit,
        request: &CommitRequest,
        gate: &dyn TransactionGate,
    ) -> Result<Results, GroupError> {
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let partition = self.0.find(group).await?;
        let producer = of.producer;
        let guard = self.0.on(group, |active, _| active.machine.guard(producer)).await?;
        if guard.is_some() {
            let asked = AdmitRequest {
                transactional_id: of.transactional_id.clone(),
                producer: producer.id,
                epoch: producer.epoch,
                partitions: vec![(KString::from_static(OFFSETS_TOPIC), partition.cast_signed())],
                admission: of.admission,
            };
            gate.admit(asked).await.into_iter().try_for_each(|admitted| admitted)?;
        }
        let asked = self.0.ask(
            group,
            |shard, cx, token| shard.commit_in_transaction(cx, group, (producer, guard), request, token),
            || (),
        );
        written(asked.await?)
    }

    /// Ends a producer's transaction in a partition of `__consumer_offsets`: appends its marker there, in order with
    /// everything else that is written to it. Once that is durable, the transaction's offsets count, or are dropped. The
    /// order's own partitions are not looked at.
    ///
    /// # Errors
    /// See [`MarkerError`].
    pub async fn end_transaction(
        &self,
        offsets_partition: u32,
        order: &MarkerOrder,
    ) -> Result<(), MarkerError> {
        let Some(row) = self.0.row(offsets_partition) else {
            return Err(match self.0.topic.partitions() {
                Some(count) if offsets_partition >= count => MarkerError::UnknownPartition,
                _ => MarkerError::Unavailable("the offsets topic is not known yet".to_owned()),
            });
        };
        let asked = self.0.ask_row(&row, |shard, cx, token| shard.end_transaction(cx, order, token), || ());
        let answer = asked.await.map(|((), answer)| answer);
        match answer {
            Ok(Answer::Written(Ok(()))) => Ok(()),
            Ok(Answer::Written(Err(error))) | Err(error) => Err(marker_error(error)),
            Ok(other) => unreachable!("a write is answered by {other:?}"),
        }
    }

    /// As [`Groups::fetch`], but an offset that a transaction may still change is [`GroupError::UnstableOffset`].
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn fetch_stable(
        &self,
        group: &KString,
        partitions: &[(KString, i32)],
    ) -> Result<Vec<StableOffset>, GroupError> {
        self.0.confirm(group).await?;
        self.0
            .on(group, |active, _| {
                let shard = &active.machine;
                let found = shard.fetch(group, partitions).into_iter().zip(partitions);
                let stable = |(commit, (topic, partition)): (_, &(KString, i32))| match shard
                    .transactional
                    .is_unstable(group, topic, *partition)
                {
                    true => Err(GroupError::UnstableOffset),
                    false => Ok(commit),
                };
                found.map(stable).collect()
            })
            .await
    }

    /// The partitions of a group whose offsets a transaction may still change, and all that are durable: both as of one
    /// moment.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn fetch_all_stable(
        &self,
        group: &KString,
    ) -> Result<(Vec<crate::types::TopicOffsets>, Vec<(KString, i32)>), GroupError> {
        self.0.confirm(group).await?;
        self.0
            .on(group, |active, _| {
                let shard = &active.machine;
                (shard.fetch_all(group), shard.transactional.unstable(group).cloned().collect())
            })
            .await
    }
}

fn marker_error(error: GroupError) -> MarkerError {
    match error {
        GroupError::Transaction(TransactionError::ProducerFenced) => MarkerError::Fenced,
        error => MarkerError::Unavailable(error.to_string()),
    }
}
