//! AlterReplicaLogDirs: there is one directory, so everything is already where it can go.

use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse,
        alter_replica_log_dirs_response::{AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::AlterReplicaLogDirs;

pub(crate) async fn handle(
    context: Context,
    request: AlterReplicaLogDirsRequest,
) -> AlterReplicaLogDirsResponse {
    let broker = &context.broker;
    let topics = request.dirs.into_iter().flat_map(|dir| {
        let exists = *dir.path == broker.config.log_dir;
        dir.topics.into_iter().map(move |topic| (exists, topic))
    });
    let results = topics.map(|(exists, topic)| {
        let result = |index: i32| match broker.partition(&topic.name, index) {
            _ if !exists => ErrorCode::LogDirNotFound,
            Ok(_) => ErrorCode::None,
            Err(error) => error,
        };
        let partitions = topic.partitions.iter().map(|&index| AlterReplicaLogDirPartitionResult {
            partition_index: index,
            error_code: result(index).code(),
        });
        AlterReplicaLogDirTopicResult { partitions: partitions.collect(), topic_name: topic.name.clone() }
    });
    AlterReplicaLogDirsResponse { results: results.collect(), ..AlterReplicaLogDirsResponse::default() }
}
