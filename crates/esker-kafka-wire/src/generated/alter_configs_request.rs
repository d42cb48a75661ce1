//! `AlterConfigsRequest`: versions 0-2, flexible 2. Generated from `proto/kafka/AlterConfigsRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterConfigsRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsRequest {
    /// Versions 0-2.
    pub resources: Vec<AlterConfigsResource>,
    /// Versions 0-2.
    pub validate_only: bool,
}

impl Wire for AlterConfigsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resources = Wire::read(r, "AlterConfigsRequest.Resources")?;
        m.validate_only = Wire::read(r, "AlterConfigsRequest.ValidateOnly")?;
        r.skip_tagged("AlterConfigsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resources.write(w, "AlterConfigsRequest.Resources")?;
        self.validate_only.write(w, "AlterConfigsRequest.ValidateOnly")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterConfigsRequest.Resources`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsResource {
    /// Versions 0-2.
    pub resource_type: i8,
    /// Versions 0-2.
    pub resource_name: KString,
    /// Versions 0-2.
    pub configs: Vec<AlterableConfig>,
}

impl Wire for AlterConfigsResource {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type = Wire::read(r, "AlterConfigsRequest.Resources.ResourceType")?;
        m.resource_name = Wire::read(r, "AlterConfigsRequest.Resources.ResourceName")?;
        m.configs = Wire::read(r, "AlterConfigsRequest.Resources.Configs")?;
        r.skip_tagged("AlterConfigsRequest.Resources")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type.write(w, "AlterConfigsRequest.Resources.ResourceType")?;
        self.resource_name.write(w, "AlterConfigsRequest.Resources.ResourceName")?;
        self.configs.write(w, "AlterConfigsRequest.Resources.Configs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterConfigsRequest.Resources.Configs`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterableConfig {
    /// Versions 0-2.
    pub name: KString,
    /// Versions 0-2, null in 0-2.
    pub value: Option<KString>,
}

impl Default for AlterableConfig {
    fn default() -> Self {
        Self {
            name: KString::default(),
            value: Some(KString::default()),
        }
    }
}

impl Wire for AlterableConfig {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterConfigsRequest.Resources.Configs.Name")?;
        m.value = r.nullable(true, "AlterConfigsRequest.Resources.Configs.Value")?;
        r.skip_tagged("AlterConfigsRequest.Resources.Configs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterConfigsRequest.Resources.Configs.Name")?;
        w.nullable(self.value.as_ref(), true, "AlterConfigsRequest.Resources.Configs.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterConfigsRequest {
    const NAME: &'static str = "AlterConfigsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for AlterConfigsRequest {
    const KEY: ApiKey = ApiKey::AlterConfigs;
    type Response = super::alter_configs_response::AlterConfigsResponse;
}
