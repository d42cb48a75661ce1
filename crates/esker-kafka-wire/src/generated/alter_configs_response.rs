//! `AlterConfigsResponse`: versions 0-2, flexible 2. Generated from `proto/kafka/AlterConfigsResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterConfigsResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub responses: Vec<AlterConfigsResourceResponse>,
}

impl Wire for AlterConfigsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterConfigsResponse.ThrottleTimeMs")?;
        m.responses = Wire::read(r, "AlterConfigsResponse.Responses")?;
        r.skip_tagged("AlterConfigsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AlterConfigsResponse.ThrottleTimeMs")?;
        self.responses.write(w, "AlterConfigsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterConfigsResponse.Responses`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterConfigsResourceResponse {
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2, null in 0-2.
    pub error_message: Option<KString>,
    /// Versions 0-2.
    pub resource_type: i8,
    /// Versions 0-2.
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
        m.error_code = Wire::read(r, "AlterConfigsResponse.Responses.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterConfigsResponse.Responses.ErrorMessage")?;
        m.resource_type = Wire::read(r, "AlterConfigsResponse.Responses.ResourceType")?;
        m.resource_name = Wire::read(r, "AlterConfigsResponse.Responses.ResourceName")?;
        r.skip_tagged("AlterConfigsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "AlterConfigsResponse.Responses.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterConfigsResponse.Responses.ErrorMessage")?;
        self.resource_type.write(w, "AlterConfigsResponse.Responses.ResourceType")?;
        self.resource_name.write(w, "AlterConfigsResponse.Responses.ResourceName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterConfigsResponse {
    const NAME: &'static str = "AlterConfigsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for AlterConfigsResponse {
    const KEY: ApiKey = ApiKey::AlterConfigs;
}
