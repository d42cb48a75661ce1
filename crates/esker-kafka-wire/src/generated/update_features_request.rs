//! `UpdateFeaturesRequest`: versions 0-2, flexible 0-2. Generated from `proto/kafka/UpdateFeaturesRequest.json`, not to be edited.

use crate::codec::*;

/// `UpdateFeaturesRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateFeaturesRequest {
    /// Versions 0-2, default 60000.
    pub timeout_ms: i32,
    /// Versions 0-2.
    pub feature_updates: Vec<FeatureUpdateKey>,
    /// Versions 1-2, default false.
    pub validate_only: bool,
}

impl Default for UpdateFeaturesRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            feature_updates: Vec::new(),
            validate_only: false,
        }
    }
}

impl Wire for UpdateFeaturesRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.timeout_ms = Wire::read(r, "UpdateFeaturesRequest.TimeoutMs")?;
        m.feature_updates = Wire::read(r, "UpdateFeaturesRequest.FeatureUpdates")?;
        if v >= 1 { m.validate_only = Wire::read(r, "UpdateFeaturesRequest.ValidateOnly")?; }
        r.skip_tagged("UpdateFeaturesRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.timeout_ms.write(w, "UpdateFeaturesRequest.TimeoutMs")?;
        self.feature_updates.write(w, "UpdateFeaturesRequest.FeatureUpdates")?;
        if v >= 1 { self.validate_only.write(w, "UpdateFeaturesRequest.ValidateOnly")?; } else if self.validate_only { return w.lacks("UpdateFeaturesRequest.ValidateOnly"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `UpdateFeaturesRequest.FeatureUpdates`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureUpdateKey {
    /// Versions 0-2.
    pub feature: KString,
    /// Versions 0-2.
    pub max_version_level: i16,
    /// Versions 0.
    pub allow_downgrade: bool,
    /// Versions 1-2, default 1.
    pub upgrade_type: i8,
}

impl Default for FeatureUpdateKey {
    fn default() -> Self {
        Self {
            feature: KString::default(),
            max_version_level: 0,
            allow_downgrade: false,
            upgrade_type: 1,
        }
    }
}

impl Wire for FeatureUpdateKey {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.feature = Wire::read(r, "UpdateFeaturesRequest.FeatureUpdates.Feature")?;
        m.max_version_level = Wire::read(r, "UpdateFeaturesRequest.FeatureUpdates.MaxVersionLevel")?;
        if v <= 0 { m.allow_downgrade = Wire::read(r, "UpdateFeaturesRequest.FeatureUpdates.AllowDowngrade")?; }
        if v >= 1 { m.upgrade_type = Wire::read(r, "UpdateFeaturesRequest.FeatureUpdates.UpgradeType")?; }
        r.skip_tagged("UpdateFeaturesRequest.FeatureUpdates")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.feature.write(w, "UpdateFeaturesRequest.FeatureUpdates.Feature")?;
        self.max_version_level.write(w, "UpdateFeaturesRequest.FeatureUpdates.MaxVersionLevel")?;
        if v <= 0 { self.allow_downgrade.write(w, "UpdateFeaturesRequest.FeatureUpdates.AllowDowngrade")?; } else if self.allow_downgrade { return w.lacks("UpdateFeaturesRequest.FeatureUpdates.AllowDowngrade"); }
        if v >= 1 { self.upgrade_type.write(w, "UpdateFeaturesRequest.FeatureUpdates.UpgradeType")?; } else if self.upgrade_type != 1 { return w.lacks("UpdateFeaturesRequest.FeatureUpdates.UpgradeType"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for UpdateFeaturesRequest {
    const NAME: &'static str = "UpdateFeaturesRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for UpdateFeaturesRequest {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
    type Response = super::update_features_response::UpdateFeaturesResponse;
}
