//! AddOffsetsToTxn: a transaction is going to commit offsets of a group: the partition with the group's state comes into it.

use esker_coordinator::OFFSETS_TOPIC;
use esker_kafka_wire::{
    ApiKey, KString,
    messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse},
};

use super::transactions::{code_before, producer};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::AddOffsetsToTxn;

/// From here on clients know that they are fenced.
const FENCED_FROM: i16 = 2;

pub(crate) async fn handle(context: Context, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let error_code = match add(&context, &request).await {
        Ok(()) => 0,
        Err(code) => code,
    };
    AddOffsetsToTxnResponse { error_code, ..AddOffsetsToTxnResponse::default() }
}

async fn add(context: &Context, request: &AddOffsetsToTxnRequest) -> Result<(), i16> {
    let broker = &context.broker;
    let partition = broker.groups.find(&request.group_id).await.map_err(|error| error.code().code())?;
    let partitions = [(KString::from_static(OFFSETS_TOPIC), partition.cast_signed())];
    broker
        .transactions
        .add(&request.transactional_id, producer(request.producer_id, request.producer_epoch), &partitions)
        .await
        .map_err(|error| code_before(error, context.version, FENCED_FROM))
}
