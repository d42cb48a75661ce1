//! `IncrementalAlterConfigsRequest`: versions 0-1, flexible 1. Generated from `proto/kafka/IncrementalAlterConfigsRequest.json`, not to be edited.

use crate::codec::*;

/// `IncrementalAlterConfigsRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncrementalAlterConfigsRequest {
    /// Versions 0-1.
    pub resources: Vec<AlterConfigsResource>,
    /// Versions 0-1.
    pub validate_only: bool,
}

impl Wire for IncrementalAlterConfigsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resources = Wire::read(r, "IncrementalAlterConfigsRequest.Resources")?;
        m.validate_only = Wire::read(r, "IncrementalAlterConfigsRequest.ValidateOnly")?;
        r.skip_tagged("IncrementalAlterConfigsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resources.write(w, "IncrementalAlterConfigsRequest.Resources")?;
        self.validate_only.write(w, "IncrementalAlterConfigsRequest.ValidateOnly")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `IncrementalAlterConfigsRequest.Resources`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsResource {
    /// Versions 0-1.
    pub resource_type: i8,
    /// Versions 0-1.
    pub resource_name: KString,
    /// Versions 0-1.
    pub configs: Vec<AlterableConfig>,
}

impl Wire for AlterConfigsResource {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type = Wire::read(r, "IncrementalAlterConfigsRequest.Resources.ResourceType")?;
        m.resource_name = Wire::read(r, "IncrementalAlterConfigsRequest.Resources.ResourceName")?;
        m.configs = Wire::read(r, "IncrementalAlterConfigsRequest.Resources.Configs")?;
        r.skip_tagged("IncrementalAlterConfigsRequest.Resources")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type.write(w, "IncrementalAlterConfigsRequest.Resources.ResourceType")?;
        self.resource_name.write(w, "IncrementalAlterConfigsRequest.Resources.ResourceName")?;
        self.configs.write(w, "IncrementalAlterConfigsRequest.Resources.Configs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `IncrementalAlterConfigsRequest.Resources.Configs`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterableConfig {
    /// Versions 0-1.
    pub name: KString,
    /// Versions 0-1.
    pub config_operation: i8,
    /// Versions 0-1, null in 0-1.
    pub value: Option<KString>,
}

impl Default for AlterableConfig {
    fn default() -> Self {
        Self {
            name: KString::default(),
            config_operation: 0,
            value: Some(KString::default()),
        }
    }
}

impl Wire for AlterableConfig {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "IncrementalAlterConfigsRequest.Resources.Configs.Name")?;
        m.config_operation = Wire::read(r, "IncrementalAlterConfigsRequest.Resources.Configs.ConfigOperation")?;
        m.value = r.nullable(true, "IncrementalAlterConfigsRequest.Resources.Configs.Value")?;
        r.skip_tagged("IncrementalAlterConfigsRequest.Resources.Configs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "IncrementalAlterConfigsRequest.Resources.Configs.Name")?;
        self.config_operation.write(w, "IncrementalAlterConfigsRequest.Resources.Configs.ConfigOperation")?;
        w.nullable(self.value.as_ref(), true, "IncrementalAlterConfigsRequest.Resources.Configs.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for IncrementalAlterConfigsRequest {
    const NAME: &'static str = "IncrementalAlterConfigsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for IncrementalAlterConfigsRequest {
    const KEY: ApiKey = ApiKey::IncrementalAlterConfigs;
    type Response = super::incremental_alter_configs_response::IncrementalAlterConfigsResponse;
}
