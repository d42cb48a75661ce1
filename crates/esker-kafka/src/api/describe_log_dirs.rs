//! DescribeLogDirs: how large partitions are. Log and objects together count as one directory.

use esker_core::PartitionId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeLogDirsRequest, DescribeLogDirsResponse,
        describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic},
    },
};
use esker_meta::Topic;

use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DescribeLogDirs;

pub(crate) async fn handle(context: Context, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    let broker = &context.broker;
    let topics = match request.topics {
        None => {
            let all = broker.catalog.all();
            let partitions: usize = all.iter().map(|topic| topic.record.partitions as usize).sum();
            context.reserve(64 * partitions).await;
            let live = all.iter().filter(|topic| !topic.record.deleting);
            live.map(|topic| describe(broker, topic, 0..topic.record.partitions)).collect()
        }
        Some(wanted) => wanted
            .iter()
            .filter_map(|wanted| {
                let topic = broker.topic(&wanted.topic)?;
                let indexes = wanted.partitions.iter().filter_map(|&index| u32::try_from(index).ok());
                Some(describe(broker, &topic, indexes))
            })
            .collect(),
    };
    let usage = broker.log.stats();
    let result = DescribeLogDirsResult {
        error_code: ErrorCode::None.code(),
        log_dir: KString::from(broker.config.log_dir.as_str()),
        topics,
        total_bytes: i64::try_from(usage.wal_capacity).unwrap_or(i64::MAX),
        usable_bytes: i64::try_from(usage.wal_capacity.saturating_sub(usage.wal_used)).unwrap_or(i64::MAX),
        is_cordoned: false,
    };
    DescribeLogDirsResponse { results: vec![result], ..DescribeLogDirsResponse::default() }
}

fn describe(broker: &Broker, topic: &Topic, indexes: impl Iterator<Item = u32>) -> DescribeLogDirsTopic {
    let partitions = indexes.filter_map(|index| {
        // Partitions that are not here are left out, as Kafka does.
        let sizes = broker.log.sizes(PartitionId { topic: topic.record.number, index }).ok()?;
        Some(DescribeLogDirsPartition {
            partition_index: index.cast_signed(),
            partition_size: i64::try_from(sizes.local.saturating_add(sizes.archived)).unwrap_or(i64::MAX),
            offset_lag: 0,
            is_future_key: false,
        })
    });
    DescribeLogDirsTopic { name: topic.record.name.as_str().into(), partitions: partitions.collect() }
}
