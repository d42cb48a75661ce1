//! TxnOffsetCommit: a group's offsets move with a transaction, when it is committed.

use esker_coordinator::{
    Admission, CommitRequest, GroupError, OffsetToCommit, TransactionError, TransactionalCommit,
};
use esker_core::{Epoch, Offset};
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        TxnOffsetCommitRequest, TxnOffsetCommitResponse,
        txn_offset_commit_request::TxnOffsetCommitRequestPartition,
        txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic},
    },
};
use esker_meta::Topic;

use super::{groups::member, transactions::producer};
use crate::{context::Context, topics::partition};

pub(crate) const KEY: ApiKey = ApiKey::TxnOffsetCommit;

/// From here on clients cope with a coordinator that is being loaded.
const LOADING_FROM: i16 = 2;
/// From here on clients know that a transaction must be aborted.
const ABORTABLE_FROM: i16 = 4;
/// From here on the group's partition comes into the transaction by itself.
const ADDED_FROM: i16 = 5;

pub(crate) async fn handle(context: Context, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let broker = &context.broker;
    let mut offsets = Vec::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    // Which partitions of the response wait for the coordinator, in the order of `offsets`.
    let mut waiting = Vec::new();
    for asked in request.topics {
        let found = broker.topic(&asked.name);
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for wanted in asked.partitions {
            let known = found.as_ref().filter(|topic| partition(topic, wanted.partition_index).is_some());
            let error = match known {
                None => ErrorCode::UnknownTopicOrPartition,
                Some(topic) => {
                    waiting.push((topics.len(), partitions.len()));
                    offsets.push(to_commit(topic, &wanted));
                    ErrorCode::None
                }
            };
            partitions.push(TxnOffsetCommitResponsePartition {
                partition_index: wanted.partition_index,
                error_code: error.code(),
            });
        }
        topics.push(TxnOffsetCommitResponseTopic { name: asked.name, partitions });
    }
    if !offsets.is_empty() {
        let of = TransactionalCommit {
            transactional_id: request.transactional_id,
            producer: producer(request.producer_id, request.producer_epoch),
            admission: if context.version >= ADDED_FROM { Admission::Add } else { Admission::Verify },
        };
        let commit = CommitRequest {
            member: member(request.member_id, request.group_instance_id, request.generation_id),
            retention: None,
            knows_group_not_found: false,
            offsets,
        };
        let gate = &*broker.gate;
        let committed = broker.groups.commit_in_transaction(&request.group_id, &of, &commit, gate).await;
        for (position, (topic, partition)) in waiting.into_iter().enumerate() {
            let result = committed.as_ref().map_or_else(|error| Err(*error), |results| results[position]);
            let code = result.map_or_else(|error| code_of(error, context.version), |()| ErrorCode::None);
            topics[topic].partitions[partition].error_code = code.code();
        }
    }
    TxnOffsetCommitResponse { topics, ..TxnOffsetCommitResponse::default() }
}

fn to_commit(topic: &Topic, wanted: &TxnOffsetCommitRequestPartition) -> OffsetToCommit {
    let epoch = wanted.committed_leader_epoch;
    OffsetToCommit {
        topic: topic.record.name.as_str().into(),
        partition: wanted.partition_index,
        offset: Offset(wanted.committed_offset),
        leader_epoch: (epoch >= 0).then_some(Epoch(epoch)),
        metadata: wanted.committed_metadata.clone().unwrap_or_default(),
        topic_id: topic.record.id.0,
    }
}

/// The error in words of the version. What the coordinator of the transaction says about itself is not the group's
/// coordinator's: clients must not look for that one anew.
fn code_of(error: GroupError, version: i16) -> ErrorCode {
    use TransactionError::{Abortable, Concurrent, Loading, NotCoordinator, ProducerFenced, Unavailable};
    let code = match error {
        GroupError::Transaction(ProducerFenced) => ErrorCode::InvalidProducerEpoch,
        GroupError::Transaction(Abortable) if version < ABORTABLE_FROM => ErrorCode::InvalidTxnState,
        GroupError::Transaction(Concurrent) if version >= ADDED_FROM => ErrorCode::ConcurrentTransactions,
        GroupError::Transaction(Concurrent | Loading | NotCoordinator | Unavailable) => {
            ErrorCode::CoordinatorLoadInProgress
        }
        error => error.code(),
    };
    match code {
        ErrorCode::CoordinatorLoadInProgress if version < LOADING_FROM => ErrorCode::CoordinatorNotAvailable,
        code => code,
    }
}
