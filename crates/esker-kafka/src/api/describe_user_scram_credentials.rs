//! DescribeUserScramCredentials: there are no users yet.

use std::collections::BTreeSet;

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
        describe_user_scram_credentials_response::DescribeUserScramCredentialsResult,
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;

pub(crate) async fn handle(
    _: Context,
    request: DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse {
    let unknown = |user: KString| DescribeUserScramCredentialsResult {
        error_message: Some(
            format!("Attempt to describe a user credential that does not exist: {user}").into(),
        ),
        user,
        error_code: ErrorCode::ResourceNotFound.code(),
        credential_infos: Vec::new(),
    };
    let users: BTreeSet<KString> =
        request.users.unwrap_or_default().into_iter().map(|user| user.name).collect();
    DescribeUserScramCredentialsResponse {
        results: users.into_iter().map(unknown).collect(),
        ..DescribeUserScramCredentialsResponse::default()
    }
}
