//! EndTxn: a transaction is committed or aborted. Answered once that is decided; its partitions are told afterwards.

use esker_coordinator::EndProtocol;
use esker_kafka_wire::{
    ApiKey,
    messages::{EndTxnRequest, EndTxnResponse},
};

use super::transactions::{code_before, producer};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::EndTxn;

/// From here on clients know that they are fenced.
const FENCED_FROM: i16 = 2;
/// From here on each transaction has an epoch of its own.
const BUMPED_FROM: i16 = 5;

pub(crate) async fn handle(context: Context, request: EndTxnRequest) -> EndTxnResponse {
    let bumps = context.version >= BUMPED_FROM;
    let protocol = if bumps { EndProtocol::BumpEpoch } else { EndProtocol::KeepEpoch };
    let producer = producer(request.producer_id, request.producer_epoch);
    let ended = context
        .broker
        .transactions
        .end(&request.transactional_id, producer, request.committed, protocol)
        .await;
    match ended {
        Ok(next) if bumps => {
            EndTxnResponse { producer_id: next.id.0, producer_epoch: next.epoch, ..EndTxnResponse::default() }
        }
        Ok(_) => EndTxnResponse::default(),
        Err(error) => EndTxnResponse {
            error_code: code_before(error, context.version, FENCED_FROM),
            ..EndTxnResponse::default()
        },
    }
}
