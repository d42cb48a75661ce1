//! ApiVersions: what is served. The first request of almost every client.

use bytes::Bytes;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString, Rope, encode_response,
    messages::{
        ApiVersionsRequest, ApiVersionsResponse,
        api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey},
    },
    peek_header,
};

use crate::{
    context::Context,
    dispatch::{Refusal, keys, served_versions},
};

pub(crate) const KEY: ApiKey = ApiKey::ApiVersions;

pub(crate) async fn handle(context: Context, request: ApiVersionsRequest) -> ApiVersionsResponse {
    if context.version >= 3 {
        let (name, version) = (&request.client_software_name, &request.client_software_version);
        if !is_software_name(name) || !is_software_name(version) {
            return ApiVersionsResponse {
                error_code: ErrorCode::InvalidRequest.code(),
                ..Default::default()
            };
        }
        *context.connection.software.lock() = Some((name.compact(), version.compact()));
    }
    let supported = FEATURES.iter().filter(|feature| feature.lowest > 0 || context.version >= ZERO_FROM);
    ApiVersionsResponse {
        api_keys: keys().map(advertised).collect(),
        supported_features: supported.map(Feature::supported).collect(),
        finalized_features: FEATURES.iter().map(Feature::finalized).collect(),
        finalized_features_epoch: FEATURES_EPOCH,
        ..ApiVersionsResponse::default()
    }
}

/// Something that all brokers of a cluster do, or none, with the versions that there are of it.
struct Feature {
    name: &'static str,
    lowest: i16,
    highest: i16,
    /// The version in force.
    level: i16,
}

/// What this broker does. None of it can be switched off, so all of it is in force.
const FEATURES: &[Feature] = &[Feature { name: "group.version", lowest: 0, highest: 1, level: 1 }];
/// It never changes.
const FEATURES_EPOCH: i64 = 0;
/// Clients of earlier versions take a lowest version of 0 for an error.
const ZERO_FROM: i16 = 4;

impl Feature {
    fn supported(&self) -> SupportedFeatureKey {
        let name = KString::from_static(self.name);
        SupportedFeatureKey { name, min_version: self.lowest, max_version: self.highest }
    }

    fn finalized(&self) -> FinalizedFeatureKey {
        let name = KString::from_static(self.name);
        FinalizedFeatureKey { name, min_version_level: self.level, max_version_level: self.level }
    }
}

/// The answer to a version that is not served: in version 0, which every client reads, with the versions to use.
pub(crate) fn refuse_version(frame: &Bytes) -> Result<Rope, Refusal> {
    let header = peek_header(frame)?;
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UnsupportedVersion.code(),
        api_keys: vec![advertised(KEY)],
        ..ApiVersionsResponse::default()
    };
    Ok(encode_response(header.correlation_id, 0, &response)?)
}

fn advertised(key: ApiKey) -> ApiVersion {
    let range = served_versions(key);
    // librdkafka before 2.11.1 takes compression to be unavailable when Produce does not start at 0.
    let min_version = if key == ApiKey::Produce { 0 } else { range.min };
    ApiVersion { api_key: key.code(), min_version, max_version: range.max }
}

/// Letters and digits, with `-` and `.` between them.
fn is_software_name(text: &KString) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
