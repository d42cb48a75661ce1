//! `DescribeConfigsRequest`: versions 1-4, flexible 4. Generated from `proto/kafka/DescribeConfigsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeConfigsRequest`: a message of versions 1-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeConfigsRequest {
    /// Versions 1-4.
    pub resources: Vec<DescribeConfigsResource>,
    /// Versions 1-4, default false.
    pub include_synonyms: bool,
    /// Versions 3-4, default false.
    pub include_documentation: bool,
}

impl Wire for DescribeConfigsRequest {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.resources = Wire::read(r, "DescribeConfigsRequest.Resources")?;
        m.include_synonyms = Wire::read(r, "DescribeConfigsRequest.IncludeSynonyms")?;
        if v >= 3 { m.include_documentation = Wire::read(r, "DescribeConfigsRequest.IncludeDocumentation")?; }
        r.skip_tagged("DescribeConfigsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.resources.write(w, "DescribeConfigsRequest.Resources")?;
        self.include_synonyms.write(w, "DescribeConfigsRequest.IncludeSynonyms")?;
        if v >= 3 { self.include_documentation.write(w, "DescribeConfigsRequest.IncludeDocumentation")?; } else if self.include_documentation { return w.lacks("DescribeConfigsRequest.IncludeDocumentation"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeConfigsRequest.Resources`: a structure of versions 1-4.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResource {
    /// Versions 1-4.
    pub resource_type: i8,
    /// Versions 1-4.
    pub resource_name: KString,
    /// Versions 1-4, null in 1-4.
    pub configuration_keys: Option<Vec<KString>>,
}

impl Default for DescribeConfigsResource {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: KString::default(),
            configuration_keys: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeConfigsResource {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type = Wire::read(r, "DescribeConfigsRequest.Resources.ResourceType")?;
        m.resource_name = Wire::read(r, "DescribeConfigsRequest.Resources.ResourceName")?;
        m.configuration_keys = r.nullable(true, "DescribeConfigsRequest.Resources.ConfigurationKeys")?;
        r.skip_tagged("DescribeConfigsRequest.Resources")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type.write(w, "DescribeConfigsRequest.Resources.ResourceType")?;
        self.resource_name.write(w, "DescribeConfigsRequest.Resources.ResourceName")?;
        w.nullable(self.configuration_keys.as_ref(), true, "DescribeConfigsRequest.Resources.ConfigurationKeys")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeConfigsRequest {
    const NAME: &'static str = "DescribeConfigsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for DescribeConfigsRequest {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
    type Response = super::describe_configs_response::DescribeConfigsResponse;
}
