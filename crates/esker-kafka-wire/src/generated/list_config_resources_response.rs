//! `ListConfigResourcesResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ListConfigResourcesResponse.json`, not to be edited.

use crate::codec::*;

/// `ListConfigResourcesResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListConfigResourcesResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1.
    pub config_resources: Vec<ConfigResource>,
}

impl Wire for ListConfigResourcesResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ListConfigResourcesResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ListConfigResourcesResponse.ErrorCode")?;
        m.config_resources = Wire::read(r, "ListConfigResourcesResponse.ConfigResources")?;
        r.skip_tagged("ListConfigResourcesResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ListConfigResourcesResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ListConfigResourcesResponse.ErrorCode")?;
        self.config_resources.write(w, "ListConfigResourcesResponse.ConfigResources")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListConfigResourcesResponse.ConfigResources`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigResource {
    /// Versions 0-1.
    pub resource_name: KString,
    /// Versions 1, default 16, ignorable.
    pub resource_type: i8,
}

impl Default for ConfigResource {
    fn default() -> Self {
        Self {
            resource_name: KString::default(),
            resource_type: 16,
        }
    }
}

impl Wire for ConfigResource {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.resource_name = Wire::read(r, "ListConfigResourcesResponse.ConfigResources.ResourceName")?;
        if v >= 1 { m.resource_type = Wire::read(r, "ListConfigResourcesResponse.ConfigResources.ResourceType")?; }
        r.skip_tagged("ListConfigResourcesResponse.ConfigResources")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.resource_name.write(w, "ListConfigResourcesResponse.ConfigResources.ResourceName")?;
        if v >= 1 { self.resource_type.write(w, "ListConfigResourcesResponse.ConfigResources.ResourceType")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListConfigResourcesResponse {
    const NAME: &'static str = "ListConfigResourcesResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ListConfigResourcesResponse {
    const KEY: ApiKey = ApiKey::ListConfigResources;
}
