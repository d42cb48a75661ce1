//! WriteTxnMarkers: ends transactions in partitions that this broker leads. Brokers have their own way to do that; this is
//! for operators, who end a transaction of which no coordinator knows any more (`kafka-transactions.sh abort`).

use esker_coordinator::{MarkerError, MarkerOrder};
use esker_core::ProducerId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        WriteTxnMarkersRequest, WriteTxnMarkersResponse,
        write_txn_markers_request::WritableTxnMarker,
        write_txn_markers_response::{
            WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
        },
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::WriteTxnMarkers;

/// The protocol of transactions in which a marker has a newer epoch than its transaction.
const BUMPS: i8 = 2;

pub(crate) async fn handle(context: Context, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse {
    let mut markers = Vec::with_capacity(request.markers.len());
    // One after the other: a later marker of the same producer finds what the earlier one left.
    for marker in request.markers {
        markers.push(write(&context, marker).await);
    }
    WriteTxnMarkersResponse { markers }
}

async fn write(context: &Context, marker: WritableTxnMarker) -> WritableTxnMarkerResult {
    let each = |topic: &KString, indexes: &[i32]| {
        indexes.iter().map(|index| (topic.clone(), *index)).collect::<Vec<_>>()
    };
    let order = MarkerOrder {
        producer: ProducerId(marker.producer_id),
        epoch: marker.producer_epoch,
        bumped: marker.transaction_version >= BUMPS,
        commit: marker.transaction_result,
        coordinator_epoch: marker.coordinator_epoch,
        partitions: marker
            .topics
            .iter()
            .flat_map(|topic| each(&topic.name, &topic.partition_indexes))
            .collect(),
    };
    let is_valid = order.producer.0 >= 0 && order.epoch >= 0 && order.coordinator_epoch >= -1;
    let results = if is_valid {
        context.broker.markers.write(&order).await.iter().map(code).collect()
    } else {
        vec![ErrorCode::InvalidRequest; order.partitions.len()]
    };
    let mut results = results.into_iter();
    let topics = marker.topics.into_iter().map(|topic| {
        let partitions = topic.partition_indexes.iter().zip(&mut results);
        let partitions = partitions.map(|(index, error)| WritableTxnMarkerPartitionResult {
            partition_index: *index,
            error_code: error.code(),
        });
        let partitions = partitions.collect();
        WritableTxnMarkerTopicResult { name: topic.name, partitions }
    });
    WritableTxnMarkerResult { producer_id: marker.producer_id, topics: topics.collect() }
}

fn code(result: &Result<(), MarkerError>) -> ErrorCode {
    match result {
        Ok(()) => ErrorCode::None,
        // Clients look for the leader again.
        Err(MarkerError::Unavailable(_)) => ErrorCode::NotLeaderOrFollower,
        Err(MarkerError::UnknownPartition) => ErrorCode::UnknownTopicOrPartition,
        Err(MarkerError::Fenced) => ErrorCode::InvalidProducerEpoch,
        Err(MarkerError::FencedCoordinator) => ErrorCode::TransactionCoordinatorFenced,
    }
}
