//! FindCoordinator: which broker keeps the state of a group, or of a transactional id.

use std::collections::BTreeSet;

use esker_coordinator::{OFFSETS_TOPIC, TRANSACTIONS_TOPIC};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{FindCoordinatorRequest, FindCoordinatorResponse, find_coordinator_response::Coordinator},
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::FindCoordinator;

/// From here on a request asks for many keys.
const BATCHED_FROM: i16 = 4;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

pub(crate) async fn handle(context: Context, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    if context.version >= BATCHED_FROM {
        let keys = BTreeSet::from_iter(request.coordinator_keys);
        let mut coordinators = Vec::with_capacity(keys.len());
        for key in keys {
            coordinators.push(find(&context, request.key_type, key).await);
        }
        return FindCoordinatorResponse { coordinators, ..FindCoordinatorResponse::default() };
    }
    let found = find(&context, request.key_type, request.key).await;
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

/// The owner of the partition that has the key's state.
async fn find(context: &Context, key_type: i8, key: KString) -> Coordinator {
    let refuse = |error: ErrorCode, message: &'static str| Coordinator {
        key: key.clone(),
        node_id: -1,
        host: KString::new(),
        port: -1,
        error_code: error.code(),
        error_message: Some(KString::from_static(message)),
    };
    let broker = &context.broker;
    let found = match key_type {
        GROUP => broker.groups.find(&key).await.ok().map(|partition| (OFFSETS_TOPIC, partition)),
        TRANSACTION if key.is_empty() => {
            return refuse(ErrorCode::InvalidRequest, "a transactional id is needed");
        }
        TRANSACTION => {
            broker.transactions.find(&key).await.ok().map(|partition| (TRANSACTIONS_TOPIC, partition))
        }
        _ => return refuse(ErrorCode::InvalidRequest, "this kind of coordinator is not served"),
    };
    let Some((topic, partition)) = found else {
        return refuse(ErrorCode::CoordinatorNotAvailable, "the coordinator's topic cannot be created now");
    };
    // A topic that was just created may not have come round to the catalog.
    let leader = match broker.partition(topic, partition.cast_signed()) {
        Ok(id) => broker.cluster.leadership(id).leader,
        Err(_) => Some(broker.cluster.this_broker()),
    };
    let nodes = broker.cluster.brokers(context.listener());
    let Some(node) = nodes.into_iter().find(|node| Some(node.id) == leader) else {
        return refuse(ErrorCode::CoordinatorNotAvailable, "nobody owns the coordinator's partition now");
    };
    Coordinator {
        key,
        node_id: node.id.0,
        host: node.host.into(),
        port: i32::from(node.port),
        error_code: ErrorCode::None.code(),
        error_message: None,
    }
}
