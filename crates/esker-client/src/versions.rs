//! Which version of each API to speak with a broker.

use std::collections::BTreeMap;

use esker_kafka_wire::messages::ApiVersionsResponse;
use esker_kafka_wire::{ApiKey, VersionRange};

/// The versions that a broker offers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions(BTreeMap<i16, VersionRange>);

impl Versions {
    pub(crate) fn new(response: &ApiVersionsResponse) -> Self {
        let ranges = response.api_keys.iter().map(|api| {
            let range = VersionRange { min: api.min_version, max: api.max_version };
            (api.api_key, range)
        });
        Self(ranges.collect())
    }

    /// The highest version that both sides speak and that is at most `cap`.
    pub(crate) fn pick(&self, api: ApiKey, cap: i16) -> Option<i16> {
        let theirs = self.0.get(&api.code())?;
        let ours = api.stable_versions();
        let version = theirs.max.min(ours.max).min(cap);
        (version >= theirs.min && version >= ours.min).then_some(version)
    }
}
