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

/// From here on clients cope with features that may be off (KIP-1022).
const ZERO_FROM: i16 = 4;

/// Grows with every change of [`FEATURES`]: clients keep to the newest that they have seen.
const FEATURES_EPOCH: i64 = 2;

/// What clients may rely on, from 0 on, and is always on.
const FEATURES: &[Feature] = &[
    // Groups of the consumer protocol (KIP-848).
    Feature { name: "group.version", level: 1 },
    // Share groups (KIP-932).
    Feature { name: "share.version", level: 1 },
    // Each transaction has an epoch of its own, and partitions come into it by themselves (KIP-890).
    Feature { name: "transaction.version", level: 2 },
];

struct Feature {
    name: &'static str,
    level: i16,
}

impl Feature {
    fn supported(&self, version: i16) -> SupportedFeatureKey {
        SupportedFeatureKey {
            name: KString::from_static(self.name),
            min_version: i16::from(version < ZERO_FROM),
            max_version: self.level,
        }
    }

    fn finalized(&self) -> FinalizedFeatureKey {
        FinalizedFeatureKey {
            name: KString::from_static(self.name),
            max_version_level: self.level,
            min_version_level: self.level,
        }
    }
}

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
    ApiVersionsResponse {
        api_keys: keys().map(advertised).collect(),
        supported_features: FEATURES.iter().map(|feature| feature.supported(context.version)).collect(),
        finalized_features_epoch: FEATURES_EPOCH,
        finalized_features: FEATURES.iter().map(Feature::finalized).collect(),
        ..ApiVersionsResponse::default()
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
