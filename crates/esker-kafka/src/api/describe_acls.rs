//! DescribeAcls: there is no authorizer, which is what the answer says.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{DescribeAclsRequest, DescribeAclsResponse},
};

use crate::{api::acl, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DescribeAcls;

pub(crate) async fn handle(_: Context, _: DescribeAclsRequest) -> DescribeAclsResponse {
    DescribeAclsResponse {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: Some(KString::from_static(acl::NO_AUTHORIZER)),
        ..DescribeAclsResponse::default()
    }
}
