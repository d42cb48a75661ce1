//! DescribeProducers: the producers that partitions know, and which of them have begun a transaction there. An operator
//! finds hanging transactions with it.

use esker_core::producer::ProducerState;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeProducersRequest, DescribeProducersResponse,
        describe_producers_response::{PartitionResponse, ProducerState as Described, TopicResponse},
    },
};

use crate::{context::Context, errors::KafkaError};

pub(crate) const KEY: ApiKey = ApiKey::DescribeProducers;

pub(crate) async fn handle(context: Context, request: DescribeProducersRequest) -> DescribeProducersResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions =
            topic.partition_indexes.iter().map(|index| match producers(&context, &topic.name, *index) {
                Ok(active_producers) => PartitionResponse {
                    partition_index: *index,
                    active_producers,
                    ..PartitionResponse::default()
                },
                Err((error, message)) => PartitionResponse {
                    partition_index: *index,
                    error_code: error.code(),
                    error_message: message,
                    ..PartitionResponse::default()
                },
            });
        let partitions = partitions.collect();
        TopicResponse { name: topic.name, partitions }
    });
    DescribeProducersResponse { topics: topics.collect(), ..DescribeProducersResponse::default() }
}

fn producers(
    context: &Context,
    topic: &str,
    index: i32,
) -> Result<Vec<Described>, (ErrorCode, Option<KString>)> {
    let id = context.broker.partition(topic, index).map_err(|error| (error, None))?;
    let known = context.broker.log.producers(id);
    let known = known.map_err(|error| (error.code(), Some(error.to_string().into())))?;
    Ok(known.iter().map(described).collect())
}

fn described(state: &ProducerState) -> Described {
    Described {
        producer_id: state.producer.0,
        producer_epoch: state.epoch.into(),
        last_sequence: state.batches.last().map_or(-1, |batch| batch.last_sequence),
        last_timestamp: state.last_timestamp,
        coordinator_epoch: state.coordinator_epoch,
        current_txn_start_offset: state.current_txn_first_offset.map_or(-1, |first| first.0),
    }
}
