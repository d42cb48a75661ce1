//! InitProducerId: a producer id; with a transactional id, one that fences whoever had it before.

use std::time::Duration;

use esker_coordinator::{Producer, TransactionError};
use esker_core::{Action, Classified};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{InitProducerIdRequest, InitProducerIdResponse},
};

use super::transactions::{code_before, producer};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::InitProducerId;

/// From here on clients know that they are fenced.
const FENCED_FROM: i16 = 4;

const NONE: i64 = -1;

pub(crate) async fn handle(context: Context, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let begun = match &request.transactional_id {
        None => idempotent(&context).await,
        Some(id) => transactional(&context, id, &request).await,
    };
    match begun {
        Ok(Producer { id, epoch }) => InitProducerIdResponse {
            producer_id: id.0,
            producer_epoch: epoch,
            ..InitProducerIdResponse::default()
        },
        Err(error_code) => InitProducerIdResponse {
            error_code,
            producer_id: NONE,
            producer_epoch: -1,
            ..InitProducerIdResponse::default()
        },
    }
}

async fn idempotent(context: &Context) -> Result<Producer, i16> {
    match context.broker.producer_ids.next().await {
        Ok(id) => Ok(Producer { id, epoch: 0 }),
        Err(error) => {
            tracing::warn!(%error, "no producer id");
            Err(match error.action() {
                Action::Retry | Action::Refresh => ErrorCode::CoordinatorLoadInProgress.code(),
                Action::GiveUp | Action::Operator => ErrorCode::UnknownServerError.code(),
            })
        }
    }
}

async fn transactional(
    context: &Context,
    id: &KString,
    request: &InitProducerIdRequest,
) -> Result<Producer, i16> {
    let refuse = |error| code_before(error, context.version, FENCED_FROM);
    let expected = match (request.producer_id, request.producer_epoch) {
        (NONE, -1) => None,
        (NONE, _) | (_, -1) => return Err(refuse(TransactionError::InvalidRequest)),
        (id, epoch) => Some(producer(id, epoch)),
    };
    let timeout = u64::try_from(request.transaction_timeout_ms)
        .map_err(|_| refuse(TransactionError::InvalidTimeout))
        .map(Duration::from_millis)?;
    context.broker.transactions.init(id, timeout, expected).await.map_err(refuse)
}
