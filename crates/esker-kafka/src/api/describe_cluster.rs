//! DescribeCluster: the brokers and the controller.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeClusterRequest, DescribeClusterResponse, describe_cluster_response::DescribeClusterBroker,
    },
};

use crate::{api::acl, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DescribeCluster;

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) async fn handle(context: Context, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let refuse = |error: ErrorCode, message: &'static str| DescribeClusterResponse {
        error_code: error.code(),
        error_message: Some(KString::from_static(message)),
        ..DescribeClusterResponse::default()
    };
    match request.endpoint_type {
        BROKERS => {}
        CONTROLLERS => {
            return refuse(
                ErrorCode::MismatchedEndpointType,
                "this is a broker's listener, not a controller's",
            );
        }
        _ => return refuse(ErrorCode::UnsupportedEndpointType, "unknown endpoint type"),
    }
    let cluster = &context.broker.cluster;
    let brokers = cluster.brokers(context.listener()).into_iter().map(|node| DescribeClusterBroker {
        broker_id: node.id.0,
        host: node.host.into(),
        port: i32::from(node.port),
        rack: node.rack.map(Into::into),
        is_fenced: false,
    });
    let mut response = DescribeClusterResponse {
        cluster_id: cluster.id().into(),
        controller_id: cluster.controller().map_or(-1, |id| id.0),
        brokers: brokers.collect(),
        ..DescribeClusterResponse::default()
    };
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = acl::CLUSTER_OPERATIONS;
    }
    response
}
