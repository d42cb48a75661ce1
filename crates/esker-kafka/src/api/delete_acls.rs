//! DeleteAcls: there is no authorizer that has any.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{DeleteAclsRequest, DeleteAclsResponse, delete_acls_response::DeleteAclsFilterResult},
};

use crate::{api::acl, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DeleteAcls;

pub(crate) async fn handle(_: Context, request: DeleteAclsRequest) -> DeleteAclsResponse {
    let refused = DeleteAclsFilterResult {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: Some(KString::from_static(acl::NO_AUTHORIZER)),
        matching_acls: Vec::new(),
    };
    DeleteAclsResponse {
        filter_results: vec![refused; request.filters.len()],
        ..DeleteAclsResponse::default()
    }
}
