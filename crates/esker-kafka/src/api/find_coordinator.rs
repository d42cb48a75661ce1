//! FindCoordinator: which broker keeps a group's state.

use std::collections::BTreeSet;

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
        let coordinators = keys.into_iter().map(|key| find(&context, request.key_type, key)).collect();
        return FindCoordinatorResponse { coordinators, ..FindCoordinatorResponse::default() };
    }
    let found = find(&context, request.key_type, request.key);
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

/// This broker is the coordinator of everything while it is the only one.
fn find(context: &Context, key_type: i8, key: KString) -> Coordinator {
    let refuse = |error: ErrorCode, message: &'static str| Coordinator {
        key: key.clone(),
        node_id: -1,
        host: KString::new(),
        port: -1,
        error_code: error.code(),
        error_message: Some(KString::from_static(message)),
    };
    match key_type {
        GROUP => {}
        // An error that clients do not retry: they fail at once instead of hanging.
        TRANSACTION => return refuse(ErrorCode::UnsupportedVersion, "transactions are not served yet"),
        _ => return refuse(ErrorCode::InvalidRequest, "this kind of coordinator is not served"),
    }
    let this = context.broker.cluster.this_broker();
    let nodes = context.broker.cluster.brokers(context.listener());
    let Some(node) = nodes.into_iter().find(|node| node.id == this) else {
        return refuse(ErrorCode::CoordinatorNotAvailable, "this listener has no advertised endpoint");
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
