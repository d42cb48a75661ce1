//! The APIs and their versions.

pub use crate::messages::api_key::ApiKey;

/// Versions of a message, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRange {
    /// First version.
    pub min: i16,
    /// Last version.
    pub max: i16,
}

impl VersionRange {
    /// Whether `version` is one of them.
    pub fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}

impl std::fmt::Display for VersionRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.min, self.max)
    }
}

/// What the descriptors say about an API.
pub(crate) struct ApiInfo {
    name: &'static str,
    versions: VersionRange,
    stable_max: i16,
    flexible_from: i16,
}

impl ApiInfo {
    pub(crate) const fn new(
        name: &'static str,
        min: i16,
        max: i16,
        stable_max: i16,
        flexible_from: i16,
    ) -> Self {
        Self { name, versions: VersionRange { min, max }, stable_max, flexible_from }
    }
}

impl ApiKey {
    /// The key on the wire.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The API's name in the protocol.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The versions that the codec reads and writes.
    pub fn versions(self) -> VersionRange {
        self.info().versions
    }

    /// [`ApiKey::versions`] without a last one that the protocol marks as unstable: what a broker may advertise.
    /// (Produce alone is advertised from 0 on, for the sake of old librdkafka, though lower versions are refused.)
    pub fn stable_versions(self) -> VersionRange {
        let info = self.info();
        VersionRange { min: info.versions.min, max: info.stable_max }
    }

    /// Whether the version has compact lengths and tagged fields.
    pub fn is_flexible(self, version: i16) -> bool {
        version >= self.info().flexible_from
    }

    /// The version of the header in front of a request, also for versions out of range.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// The version of the header in front of a response. ApiVersions always has 0: its client does not know yet what
    /// the broker can do.
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self != ApiKey::ApiVersions && self.is_flexible(version))
    }
}

impl std::fmt::Display for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
