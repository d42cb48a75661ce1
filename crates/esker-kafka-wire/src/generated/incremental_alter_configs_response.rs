//! `IncrementalAlterConfigsResponse`: versions 0-1, flexible 1. Generated from `proto/kafka/IncrementalAlterConfigsResponse.json`, not to be edited.

use crate::codec::*;

/// `IncrementalAlterConfigsResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncrementalAlterConfigsResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub responses: Vec<AlterConfigsResourceResponse>,
}

impl Wire for IncrementalAlterConfigsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "IncrementalAlterConfigsResponse.ThrottleTimeMs")?;
        m.responses = Wire::read(r, "IncrementalAlterConfigsResponse.Responses")?;
        r.skip_tagged("IncrementalAlterConfigsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "IncrementalAlterConfigsResponse.ThrottleTimeMs")?;
        self.responses.write(w, "IncrementalAlterConfigsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `IncrementalAlterConfigsResponse.Responses`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterConfigsResourceResponse {
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
    /// Versions 0-1.
    pub resource_type: i8,
    /// Versions 0-1.
    pub resource_name: KString,
}

impl Default for AlterConfigsResourceResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            resource_type: 0,
            resource_name: KString::default(),
        }
    }
}

impl Wire for AlterConfigsResourceResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "IncrementalAlterConfigsResponse.Responses.ErrorCode")?;
        m.error_message = r.nullable(true, "IncrementalAlterConfigsResponse.Responses.ErrorMessage")?;
        m.resource_type = Wire::read(r, "IncrementalAlterConfigsResponse.Responses.ResourceType")?;
        m.resource_name = Wire::read(r, "IncrementalAlterConfigsResponse.Responses.ResourceName")?;
        r.skip_tagged("IncrementalAlterConfigsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "IncrementalAlterConfigsResponse.Responses.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "IncrementalAlterConfigsResponse.Responses.ErrorMessage")?;
        self.resource_type.write(w, "IncrementalAlterConfigsResponse.Responses.ResourceType")?;
        self.resource_name.write(w, "IncrementalAlterConfigsResponse.Responses.ResourceName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for IncrementalAlterConfigsResponse {
    const NAME: &'static str = "IncrementalAlterConfigsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for IncrementalAlterConfigsResponse {
    const KEY: ApiKey = ApiKey::IncrementalAlterConfigs;
}
