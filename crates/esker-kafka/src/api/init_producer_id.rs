//! InitProducerId: a producer id for idempotent producers. Transactions are not served yet.

use esker_core::{Action, Classified};
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{InitProducerIdRequest, InitProducerIdResponse},
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::InitProducerId;

pub(crate) async fn handle(context: Context, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let refuse = |error: ErrorCode| InitProducerIdResponse {
        error_code: error.code(),
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdResponse::default()
    };
    match &request.transactional_id {
        None => {}
        Some(id) if id.is_empty() => return refuse(ErrorCode::InvalidRequest),
        // Fatal to clients, at once: an error that they retry would hang them.
        Some(_) => return refuse(ErrorCode::UnsupportedVersion),
    }
    match context.broker.producer_ids.next().await {
        Ok(id) => InitProducerIdResponse {
            producer_id: id.0,
            producer_epoch: 0,
            ..InitProducerIdResponse::default()
        },
        Err(error) => {
            tracing::warn!(%error, "no producer id");
            match error.action() {
                Action::Retry | Action::Refresh => refuse(ErrorCode::CoordinatorLoadInProgress),
                Action::GiveUp | Action::Operator => refuse(ErrorCode::UnknownServerError),
            }
        }
    }
}
