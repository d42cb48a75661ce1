//! `CreateTopicsResponse`: versions 2-7, flexible 5-7. Generated from `proto/kafka/CreateTopicsResponse.json`, not to be edited.

use crate::codec::*;

/// `CreateTopicsResponse`: a message of versions 2-7.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateTopicsResponse {
    /// Versions 2-7, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 2-7.
    pub topics: Vec<CreatableTopicResult>,
}

impl Wire for CreateTopicsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "CreateTopicsResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "CreateTopicsResponse.Topics")?;
        r.skip_tagged("CreateTopicsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "CreateTopicsResponse.ThrottleTimeMs")?;
        self.topics.write(w, "CreateTopicsResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateTopicsResponse.Topics`: a structure of versions 2-7.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicResult {
    /// Versions 2-7.
    pub name: KString,
    /// Versions 7, ignorable.
    pub topic_id: Uuid,
    /// Versions 2-7.
    pub error_code: i16,
    /// Versions 2-7, null in 2-7, ignorable.
    pub error_message: Option<KString>,
    /// Versions 5-7, tag 0, ignorable.
    pub topic_config_error_code: i16,
    /// Versions 5-7, default -1, ignorable.
    pub num_partitions: i32,
    /// Versions 5-7, default -1, ignorable.
    pub replication_factor: i16,
    /// Versions 5-7, null in 5-7, ignorable.
    pub configs: Option<Vec<CreatableTopicConfigs>>,
}

impl Default for CreatableTopicResult {
    fn default() -> Self {
        Self {
            name: KString::default(),
            topic_id: Uuid::nil(),
            error_code: 0,
            error_message: Some(KString::default()),
            topic_config_error_code: 0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl Wire for CreatableTopicResult {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.name = Wire::read(r, "CreateTopicsResponse.Topics.Name")?;
        if v >= 7 { m.topic_id = Wire::read(r, "CreateTopicsResponse.Topics.TopicId")?; }
        m.error_code = Wire::read(r, "CreateTopicsResponse.Topics.ErrorCode")?;
        m.error_message = r.nullable(true, "CreateTopicsResponse.Topics.ErrorMessage")?;
        if v >= 5 { m.num_partitions = Wire::read(r, "CreateTopicsResponse.Topics.NumPartitions")?; }
        if v >= 5 { m.replication_factor = Wire::read(r, "CreateTopicsResponse.Topics.ReplicationFactor")?; }
        if v >= 5 { m.configs = r.nullable(true, "CreateTopicsResponse.Topics.Configs")?; }
        r.tagged("CreateTopicsResponse.Topics", &mut |r, tag| {
            match tag {
                0 => m.topic_config_error_code = Wire::read(r, "CreateTopicsResponse.Topics.TopicConfigErrorCode")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.name.write(w, "CreateTopicsResponse.Topics.Name")?;
        if v >= 7 { self.topic_id.write(w, "CreateTopicsResponse.Topics.TopicId")?; }
        self.error_code.write(w, "CreateTopicsResponse.Topics.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "CreateTopicsResponse.Topics.ErrorMessage")?;
        if v >= 5 { self.num_partitions.write(w, "CreateTopicsResponse.Topics.NumPartitions")?; }
        if v >= 5 { self.replication_factor.write(w, "CreateTopicsResponse.Topics.ReplicationFactor")?; }
        if v >= 5 { w.nullable(self.configs.as_ref(), true, "CreateTopicsResponse.Topics.Configs")?; }
        let tag0 = v >= 5 && self.topic_config_error_code != 0;
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.topic_config_error_code.write(w, "CreateTopicsResponse.Topics.TopicConfigErrorCode")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `CreateTopicsResponse.Topics.Configs`: a structure of versions 5-7.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicConfigs {
    /// Versions 5-7.
    pub name: KString,
    /// Versions 5-7, null in 5-7.
    pub value: Option<KString>,
    /// Versions 5-7.
    pub read_only: bool,
    /// Versions 5-7, default -1, ignorable.
    pub config_source: i8,
    /// Versions 5-7.
    pub is_sensitive: bool,
}

impl Default for CreatableTopicConfigs {
    fn default() -> Self {
        Self {
            name: KString::default(),
            value: Some(KString::default()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
        }
    }
}

impl Wire for CreatableTopicConfigs {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "CreateTopicsResponse.Topics.Configs.Name")?;
        m.value = r.nullable(true, "CreateTopicsResponse.Topics.Configs.Value")?;
        m.read_only = Wire::read(r, "CreateTopicsResponse.Topics.Configs.ReadOnly")?;
        m.config_source = Wire::read(r, "CreateTopicsResponse.Topics.Configs.ConfigSource")?;
        m.is_sensitive = Wire::read(r, "CreateTopicsResponse.Topics.Configs.IsSensitive")?;
        r.skip_tagged("CreateTopicsResponse.Topics.Configs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "CreateTopicsResponse.Topics.Configs.Name")?;
        w.nullable(self.value.as_ref(), true, "CreateTopicsResponse.Topics.Configs.Value")?;
        self.read_only.write(w, "CreateTopicsResponse.Topics.Configs.ReadOnly")?;
        self.config_source.write(w, "CreateTopicsResponse.Topics.Configs.ConfigSource")?;
        self.is_sensitive.write(w, "CreateTopicsResponse.Topics.Configs.IsSensitive")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateTopicsResponse {
    const NAME: &'static str = "CreateTopicsResponse";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 7;
    const FLEXIBLE_FROM: i16 = 5;
}

impl Response for CreateTopicsResponse {
    const KEY: ApiKey = ApiKey::CreateTopics;
}
