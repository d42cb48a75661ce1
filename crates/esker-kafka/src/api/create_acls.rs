//! CreateAcls: there is no authorizer to take them.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{CreateAclsRequest, CreateAclsResponse, create_acls_response::AclCreationResult},
};

use crate::{api::acl, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::CreateAcls;

pub(crate) async fn handle(_: Context, request: CreateAclsRequest) -> CreateAclsResponse {
    let refused = AclCreationResult {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: Some(KString::from_static(acl::NO_AUTHORIZER)),
    };
    CreateAclsResponse { results: vec![refused; request.creations.len()], ..CreateAclsResponse::default() }
}
