//! `UpdateFeaturesResponse`: versions 0-2, flexible 0-2. Generated from `proto/kafka/UpdateFeaturesResponse.json`, not to be edited.

use crate::codec::*;

/// `UpdateFeaturesResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateFeaturesResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2, null in 0-2.
    pub error_message: Option<KString>,
    /// Versions 0-1, ignorable.
    pub results: Vec<UpdatableFeatureResult>,
}

impl Default for UpdateFeaturesResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            results: Vec::new(),
        }
    }
}

impl Wire for UpdateFeaturesResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "UpdateFeaturesResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "UpdateFeaturesResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "UpdateFeaturesResponse.ErrorMessage")?;
        if v <= 1 { m.results = Wire::read(r, "UpdateFeaturesResponse.Results")?; }
        r.skip_tagged("UpdateFeaturesResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "UpdateFeaturesResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "UpdateFeaturesResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "UpdateFeaturesResponse.ErrorMessage")?;
        if v <= 1 { self.results.write(w, "UpdateFeaturesResponse.Results")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `UpdateFeaturesResponse.Results`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdatableFeatureResult {
    /// Versions 0-1.
    pub feature: KString,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
}

impl Default for UpdatableFeatureResult {
    fn default() -> Self {
        Self {
            feature: KString::default(),
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for UpdatableFeatureResult {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.feature = Wire::read(r, "UpdateFeaturesResponse.Results.Feature")?;
        m.error_code = Wire::read(r, "UpdateFeaturesResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "UpdateFeaturesResponse.Results.ErrorMessage")?;
        r.skip_tagged("UpdateFeaturesResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.feature.write(w, "UpdateFeaturesResponse.Results.Feature")?;
        self.error_code.write(w, "UpdateFeaturesResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "UpdateFeaturesResponse.Results.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for UpdateFeaturesResponse {
    const NAME: &'static str = "UpdateFeaturesResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for UpdateFeaturesResponse {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
}
