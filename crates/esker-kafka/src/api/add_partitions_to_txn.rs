//! AddPartitionsToTxn: a client says what its transaction is going to write (up to version 3), or other brokers ask whether
//! it may (from version 4 on, many transactions at a time).

use std::collections::BTreeMap;

use esker_coordinator::{Admission, AdmitRequest, TransactionError, TransactionGate};
use esker_core::ProducerId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
        add_partitions_to_txn_request::{AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction},
        add_partitions_to_txn_response::{
            AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
        },
    },
};

use super::transactions::{code_before, producer};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::AddPartitionsToTxn;

/// From here on clients know that they are fenced.
const FENCED_FROM: i16 = 2;
/// From here on it is other brokers that ask.
const BATCHED_FROM: i16 = 4;
/// From here on they know that a transaction must be aborted.
const ABORTABLE_FROM: i16 = 5;

pub(crate) async fn handle(
    context: Context,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    if context.version < BATCHED_FROM {
        return AddPartitionsToTxnResponse {
            results_by_topic_v3_and_below: of_client(&context, &request).await,
            ..AddPartitionsToTxnResponse::default()
        };
    }
    let mut results = Vec::with_capacity(request.transactions.len());
    for transaction in request.transactions {
        results.push(of_broker(&context, transaction).await);
    }
    AddPartitionsToTxnResponse { results_by_transaction: results, ..AddPartitionsToTxnResponse::default() }
}

async fn of_client(
    context: &Context,
    request: &AddPartitionsToTxnRequest,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let partitions = flat(&request.v3_and_below_topics);
    let exists = |(topic, partition): &(KString, i32)| context.broker.partition(topic, *partition).is_ok();
    let codes: Vec<i16> = if partitions.iter().all(exists) {
        let added = context
            .broker
            .transactions
            .add(
                &request.v3_and_below_transactional_id,
                producer(request.v3_and_below_producer_id, request.v3_and_below_producer_epoch),
                &partitions,
            )
            .await;
        let code = added.map_or_else(|error| code_before(error, context.version, FENCED_FROM), |()| 0);
        vec![code; partitions.len()]
    } else {
        // All of them or none.
        let code = |known| match known {
            true => ErrorCode::OperationNotAttempted.code(),
            false => ErrorCode::UnknownTopicOrPartition.code(),
        };
        partitions.iter().map(exists).map(code).collect()
    };
    by_topic(partitions, codes)
}

async fn of_broker(
    context: &Context,
    transaction: AddPartitionsToTxnTransaction,
) -> AddPartitionsToTxnResult {
    let partitions = flat(&transaction.topics);
    let request = AdmitRequest {
        transactional_id: transaction.transactional_id.clone(),
        producer: ProducerId(transaction.producer_id),
        epoch: transaction.producer_epoch,
        partitions: partitions.clone(),
        admission: if transaction.verify_only { Admission::Verify } else { Admission::Add },
    };
    let admitted = context.broker.transactions.admit(request).await;
    let code = |result: Result<(), TransactionError>| match result {
        Ok(()) => 0,
        Err(TransactionError::Abortable) if context.version < ABORTABLE_FROM => {
            ErrorCode::InvalidTxnState.code()
        }
        Err(error) => error.code().code(),
    };
    AddPartitionsToTxnResult {
        transactional_id: transaction.transactional_id,
        topic_results: by_topic(partitions, admitted.into_iter().map(code).collect()),
    }
}

/// Each partition once.
fn flat(topics: &[AddPartitionsToTxnTopic]) -> Vec<(KString, i32)> {
    let each = |topic: &AddPartitionsToTxnTopic| {
        topic.partitions.iter().map(|partition| (topic.name.clone(), *partition)).collect::<Vec<_>>()
    };
    let mut partitions: Vec<(KString, i32)> = topics.iter().flat_map(each).collect();
    partitions.sort_unstable();
    partitions.dedup();
    partitions
}

fn by_topic(partitions: Vec<(KString, i32)>, codes: Vec<i16>) -> Vec<AddPartitionsToTxnTopicResult> {
    let mut topics: BTreeMap<KString, Vec<AddPartitionsToTxnPartitionResult>> = BTreeMap::new();
    for ((topic, partition_index), partition_error_code) in partitions.into_iter().zip(codes) {
        let result = AddPartitionsToTxnPartitionResult { partition_index, partition_error_code };
        topics.entry(topic).or_default().push(result);
    }
    let result = |(name, results_by_partition)| AddPartitionsToTxnTopicResult { name, results_by_partition };
    topics.into_iter().map(result).collect()
}
