//! `ApiVersionsResponse`: versions 0-4, flexible 3-4. Generated from `proto/kafka/ApiVersionsResponse.json`, not to be edited.

use crate::codec::*;

/// `ApiVersionsResponse`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiVersionsResponse {
    /// Versions 0-4.
    pub error_code: i16,
    /// Versions 0-4.
    pub api_keys: Vec<ApiVersion>,
    /// Versions 1-4, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 3-4, tag 0, ignorable.
    pub supported_features: Vec<SupportedFeatureKey>,
    /// Versions 3-4, tag 1, default -1, ignorable.
    pub finalized_features_epoch: i64,
    /// Versions 3-4, tag 2, ignorable.
    pub finalized_features: Vec<FinalizedFeatureKey>,
    /// Versions 3-4, tag 3, default false, ignorable.
    pub zk_migration_ready: bool,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl Wire for ApiVersionsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "ApiVersionsResponse.ErrorCode")?;
        m.api_keys = Wire::read(r, "ApiVersionsResponse.ApiKeys")?;
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "ApiVersionsResponse.ThrottleTimeMs")?; }
        r.tagged("ApiVersionsResponse", &mut |r, tag| {
            match tag {
                0 => m.supported_features = Wire::read(r, "ApiVersionsResponse.SupportedFeatures")?,
                1 => m.finalized_features_epoch = Wire::read(r, "ApiVersionsResponse.FinalizedFeaturesEpoch")?,
                2 => m.finalized_features = Wire::read(r, "ApiVersionsResponse.FinalizedFeatures")?,
                3 => m.zk_migration_ready = Wire::read(r, "ApiVersionsResponse.ZkMigrationReady")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "ApiVersionsResponse.ErrorCode")?;
        self.api_keys.write(w, "ApiVersionsResponse.ApiKeys")?;
        if v >= 1 { self.throttle_time_ms.write(w, "ApiVersionsResponse.ThrottleTimeMs")?; }
        let tag0 = v >= 3 && !self.supported_features.is_empty();
        let tag1 = v >= 3 && self.finalized_features_epoch != -1;
        let tag2 = v >= 3 && !self.finalized_features.is_empty();
        let tag3 = v >= 3 && self.zk_migration_ready;
        w.tag_count(u32::from(tag0) + u32::from(tag1) + u32::from(tag2) + u32::from(tag3));
        if tag0 {
            let start = w.begin_tag(0);
            self.supported_features.write(w, "ApiVersionsResponse.SupportedFeatures")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            self.finalized_features_epoch.write(w, "ApiVersionsResponse.FinalizedFeaturesEpoch")?;
            w.end_tag(start);
        }
        if tag2 {
            let start = w.begin_tag(2);
            self.finalized_features.write(w, "ApiVersionsResponse.FinalizedFeatures")?;
            w.end_tag(start);
        }
        if tag3 {
            let start = w.begin_tag(3);
            self.zk_migration_ready.write(w, "ApiVersionsResponse.ZkMigrationReady")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ApiVersionsResponse.ApiKeys`: a structure of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApiVersion {
    /// Versions 0-4.
    pub api_key: i16,
    /// Versions 0-4.
    pub min_version: i16,
    /// Versions 0-4.
    pub max_version: i16,
}

impl Wire for ApiVersion {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.api_key = Wire::read(r, "ApiVersionsResponse.ApiKeys.ApiKey")?;
        m.min_version = Wire::read(r, "ApiVersionsResponse.ApiKeys.MinVersion")?;
        m.max_version = Wire::read(r, "ApiVersionsResponse.ApiKeys.MaxVersion")?;
        r.skip_tagged("ApiVersionsResponse.ApiKeys")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.api_key.write(w, "ApiVersionsResponse.ApiKeys.ApiKey")?;
        self.min_version.write(w, "ApiVersionsResponse.ApiKeys.MinVersion")?;
        self.max_version.write(w, "ApiVersionsResponse.ApiKeys.MaxVersion")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ApiVersionsResponse.SupportedFeatures`: a structure of versions 3-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SupportedFeatureKey {
    /// Versions 3-4.
    pub name: KString,
    /// Versions 3-4.
    pub min_version: i16,
    /// Versions 3-4.
    pub max_version: i16,
}

impl Wire for SupportedFeatureKey {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ApiVersionsResponse.SupportedFeatures.Name")?;
        m.min_version = Wire::read(r, "ApiVersionsResponse.SupportedFeatures.MinVersion")?;
        m.max_version = Wire::read(r, "ApiVersionsResponse.SupportedFeatures.MaxVersion")?;
        r.skip_tagged("ApiVersionsResponse.SupportedFeatures")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ApiVersionsResponse.SupportedFeatures.Name")?;
        self.min_version.write(w, "ApiVersionsResponse.SupportedFeatures.MinVersion")?;
        self.max_version.write(w, "ApiVersionsResponse.SupportedFeatures.MaxVersion")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ApiVersionsResponse.FinalizedFeatures`: a structure of versions 3-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FinalizedFeatureKey {
    /// Versions 3-4.
    pub name: KString,
    /// Versions 3-4.
    pub max_version_level: i16,
    /// Versions 3-4.
    pub min_version_level: i16,
}

impl Wire for FinalizedFeatureKey {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ApiVersionsResponse.FinalizedFeatures.Name")?;
        m.max_version_level = Wire::read(r, "ApiVersionsResponse.FinalizedFeatures.MaxVersionLevel")?;
        m.min_version_level = Wire::read(r, "ApiVersionsResponse.FinalizedFeatures.MinVersionLevel")?;
        r.skip_tagged("ApiVersionsResponse.FinalizedFeatures")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ApiVersionsResponse.FinalizedFeatures.Name")?;
        self.max_version_level.write(w, "ApiVersionsResponse.FinalizedFeatures.MaxVersionLevel")?;
        self.min_version_level.write(w, "ApiVersionsResponse.FinalizedFeatures.MinVersionLevel")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ApiVersionsResponse {
    const NAME: &'static str = "ApiVersionsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for ApiVersionsResponse {
    const KEY: ApiKey = ApiKey::ApiVersions;
}
