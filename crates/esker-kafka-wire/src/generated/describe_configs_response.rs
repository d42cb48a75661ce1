//! `DescribeConfigsResponse`: versions 1-4, flexible 4. Generated from `proto/kafka/DescribeConfigsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeConfigsResponse`: a message of versions 1-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeConfigsResponse {
    /// Versions 1-4.
    pub throttle_time_ms: i32,
    /// Versions 1-4.
    pub results: Vec<DescribeConfigsResult>,
}

impl Wire for DescribeConfigsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeConfigsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "DescribeConfigsResponse.Results")?;
        r.skip_tagged("DescribeConfigsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeConfigsResponse.ThrottleTimeMs")?;
        self.results.write(w, "DescribeConfigsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeConfigsResponse.Results`: a structure of versions 1-4.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResult {
    /// Versions 1-4.
    pub error_code: i16,
    /// Versions 1-4, null in 1-4.
    pub error_message: Option<KString>,
    /// Versions 1-4.
    pub resource_type: i8,
    /// Versions 1-4.
    pub resource_name: KString,
    /// Versions 1-4.
    pub configs: Vec<DescribeConfigsResourceResult>,
}

impl Default for DescribeConfigsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            resource_type: 0,
            resource_name: KString::default(),
            configs: Vec::new(),
        }
    }
}

impl Wire for DescribeConfigsResult {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeConfigsResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeConfigsResponse.Results.ErrorMessage")?;
        m.resource_type = Wire::read(r, "DescribeConfigsResponse.Results.ResourceType")?;
        m.resource_name = Wire::read(r, "DescribeConfigsResponse.Results.ResourceName")?;
        m.configs = Wire::read(r, "DescribeConfigsResponse.Results.Configs")?;
        r.skip_tagged("DescribeConfigsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DescribeConfigsResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeConfigsResponse.Results.ErrorMessage")?;
        self.resource_type.write(w, "DescribeConfigsResponse.Results.ResourceType")?;
        self.resource_name.write(w, "DescribeConfigsResponse.Results.ResourceName")?;
        self.configs.write(w, "DescribeConfigsResponse.Results.Configs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeConfigsResponse.Results.Configs`: a structure of versions 1-4.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResourceResult {
    /// Versions 1-4.
    pub name: KString,
    /// Versions 1-4, null in 1-4.
    pub value: Option<KString>,
    /// Versions 1-4.
    pub read_only: bool,
    /// Versions 1-4, default -1, ignorable.
    pub config_source: i8,
    /// Versions 1-4.
    pub is_sensitive: bool,
    /// Versions 1-4, ignorable.
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// Versions 3-4, default 0, ignorable.
    pub config_type: i8,
    /// Versions 3-4, null in 3-4, ignorable.
    pub documentation: Option<KString>,
}

impl Default for DescribeConfigsResourceResult {
    fn default() -> Self {
        Self {
            name: KString::default(),
            value: Some(KString::default()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(KString::default()),
        }
    }
}

impl Wire for DescribeConfigsResourceResult {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeConfigsResponse.Results.Configs.Name")?;
        m.value = r.nullable(true, "DescribeConfigsResponse.Results.Configs.Value")?;
        m.read_only = Wire::read(r, "DescribeConfigsResponse.Results.Configs.ReadOnly")?;
        m.config_source = Wire::read(r, "DescribeConfigsResponse.Results.Configs.ConfigSource")?;
        m.is_sensitive = Wire::read(r, "DescribeConfigsResponse.Results.Configs.IsSensitive")?;
        m.synonyms = Wire::read(r, "DescribeConfigsResponse.Results.Configs.Synonyms")?;
        if v >= 3 { m.config_type = Wire::read(r, "DescribeConfigsResponse.Results.Configs.ConfigType")?; }
        if v >= 3 { m.documentation = r.nullable(true, "DescribeConfigsResponse.Results.Configs.Documentation")?; }
        r.skip_tagged("DescribeConfigsResponse.Results.Configs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.name.write(w, "DescribeConfigsResponse.Results.Configs.Name")?;
        w.nullable(self.value.as_ref(), true, "DescribeConfigsResponse.Results.Configs.Value")?;
        self.read_only.write(w, "DescribeConfigsResponse.Results.Configs.ReadOnly")?;
        self.config_source.write(w, "DescribeConfigsResponse.Results.Configs.ConfigSource")?;
        self.is_sensitive.write(w, "DescribeConfigsResponse.Results.Configs.IsSensitive")?;
        self.synonyms.write(w, "DescribeConfigsResponse.Results.Configs.Synonyms")?;
        if v >= 3 { self.config_type.write(w, "DescribeConfigsResponse.Results.Configs.ConfigType")?; }
        if v >= 3 { w.nullable(self.documentation.as_ref(), true, "DescribeConfigsResponse.Results.Configs.Documentation")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeConfigsResponse.Results.Configs.Synonyms`: a structure of versions 1-4.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsSynonym {
    /// Versions 1-4.
    pub name: KString,
    /// Versions 1-4, null in 1-4.
    pub value: Option<KString>,
    /// Versions 1-4.
    pub source: i8,
}

impl Default for DescribeConfigsSynonym {
    fn default() -> Self {
        Self {
            name: KString::default(),
            value: Some(KString::default()),
            source: 0,
        }
    }
}

impl Wire for DescribeConfigsSynonym {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeConfigsResponse.Results.Configs.Synonyms.Name")?;
        m.value = r.nullable(true, "DescribeConfigsResponse.Results.Configs.Synonyms.Value")?;
        m.source = Wire::read(r, "DescribeConfigsResponse.Results.Configs.Synonyms.Source")?;
        r.skip_tagged("DescribeConfigsResponse.Results.Configs.Synonyms")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeConfigsResponse.Results.Configs.Synonyms.Name")?;
        w.nullable(self.value.as_ref(), true, "DescribeConfigsResponse.Results.Configs.Synonyms.Value")?;
        self.source.write(w, "DescribeConfigsResponse.Results.Configs.Synonyms.Source")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeConfigsResponse {
    const NAME: &'static str = "DescribeConfigsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for DescribeConfigsResponse {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
}
