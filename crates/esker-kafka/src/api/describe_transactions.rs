//! DescribeTransactions: transactional ids in full.

use std::collections::BTreeSet;

use esker_coordinator::TransactionDescription;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeTransactionsRequest, DescribeTransactionsResponse,
        describe_transactions_response::{TopicData, TransactionState},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DescribeTransactions;

pub(crate) async fn handle(
    context: Context,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let mut states = Vec::with_capacity(request.transactional_ids.len());
    let mut seen = BTreeSet::new();
    for id in request.transactional_ids {
        let refused = |error: ErrorCode| TransactionState {
            error_code: error.code(),
            transactional_id: id.clone(),
            ..TransactionState::default()
        };
        // An id asked for a thousand times would make a small request a large answer.
        states.push(if !seen.insert(id.clone()) {
            refused(ErrorCode::InvalidRequest)
        } else {
            match context.broker.transactions.describe(&id).await {
                Ok(found) => encode(id, found),
                Err(error) => refused(error.code()),
            }
        });
    }
    DescribeTransactionsResponse { transaction_states: states, ..DescribeTransactionsResponse::default() }
}

fn encode(transactional_id: KString, found: TransactionDescription) -> TransactionState {
    let mut topics: Vec<TopicData> = Vec::new();
    for (topic, partition) in found.partitions {
        match topics.last_mut() {
            Some(last) if last.topic == topic => last.partitions.push(partition),
            _ => topics.push(TopicData { topic, partitions: vec![partition] }),
        }
    }
    TransactionState {
        error_code: 0,
        transactional_id,
        transaction_state: KString::from_static(found.state.as_str()),
        transaction_timeout_ms: i32::try_from(found.timeout.as_millis()).unwrap_or(i32::MAX),
        transaction_start_time_ms: found.started_ms,
        producer_id: found.producer.id.0,
        producer_epoch: found.producer.epoch,
        topics,
    }
}
