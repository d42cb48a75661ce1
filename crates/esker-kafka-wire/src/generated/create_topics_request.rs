//! `CreateTopicsRequest`: versions 2-7, flexible 5-7. Generated from `proto/kafka/CreateTopicsRequest.json`, not to be edited.

use crate::codec::*;

/// `CreateTopicsRequest`: a message of versions 2-7.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTopicsRequest {
    /// Versions 2-7.
    pub topics: Vec<CreatableTopic>,
    /// Versions 2-7, default 60000.
    pub timeout_ms: i32,
    /// Versions 2-7, default false.
    pub validate_only: bool,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 60000,
            validate_only: false,
        }
    }
}

impl Wire for CreateTopicsRequest {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "CreateTopicsRequest.Topics")?;
        m.timeout_ms = Wire::read(r, "CreateTopicsRequest.TimeoutMs")?;
        m.validate_only = Wire::read(r, "CreateTopicsRequest.ValidateOnly")?;
        r.skip_tagged("CreateTopicsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "CreateTopicsRequest.Topics")?;
        self.timeout_ms.write(w, "CreateTopicsRequest.TimeoutMs")?;
        self.validate_only.write(w, "CreateTopicsRequest.ValidateOnly")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateTopicsRequest.Topics`: a structure of versions 2-7.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableTopic {
    /// Versions 2-7.
    pub name: KString,
    /// Versions 2-7.
    pub num_partitions: i32,
    /// Versions 2-7.
    pub replication_factor: i16,
    /// Versions 2-7.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// Versions 2-7.
    pub configs: Vec<CreatableTopicConfig>,
}

impl Wire for CreatableTopic {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "CreateTopicsRequest.Topics.Name")?;
        m.num_partitions = Wire::read(r, "CreateTopicsRequest.Topics.NumPartitions")?;
        m.replication_factor = Wire::read(r, "CreateTopicsRequest.Topics.ReplicationFactor")?;
        m.assignments = Wire::read(r, "CreateTopicsRequest.Topics.Assignments")?;
        m.configs = Wire::read(r, "CreateTopicsRequest.Topics.Configs")?;
        r.skip_tagged("CreateTopicsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "CreateTopicsRequest.Topics.Name")?;
        self.num_partitions.write(w, "CreateTopicsRequest.Topics.NumPartitions")?;
        self.replication_factor.write(w, "CreateTopicsRequest.Topics.ReplicationFactor")?;
        self.assignments.write(w, "CreateTopicsRequest.Topics.Assignments")?;
        self.configs.write(w, "CreateTopicsRequest.Topics.Configs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateTopicsRequest.Topics.Assignments`: a structure of versions 2-7.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableReplicaAssignment {
    /// Versions 2-7.
    pub partition_index: i32,
    /// Versions 2-7.
    pub broker_ids: Vec<i32>,
}

impl Wire for CreatableReplicaAssignment {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "CreateTopicsRequest.Topics.Assignments.PartitionIndex")?;
        m.broker_ids = Wire::read(r, "CreateTopicsRequest.Topics.Assignments.BrokerIds")?;
        r.skip_tagged("CreateTopicsRequest.Topics.Assignments")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "CreateTopicsRequest.Topics.Assignments.PartitionIndex")?;
        self.broker_ids.write(w, "CreateTopicsRequest.Topics.Assignments.BrokerIds")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateTopicsRequest.Topics.Configs`: a structure of versions 2-7.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicConfig {
    /// Versions 2-7.
    pub name: KString,
    /// Versions 2-7, null in 2-7.
    pub value: Option<KString>,
}

impl Default for CreatableTopicConfig {
    fn default() -> Self {
        Self {
            name: KString::default(),
            value: Some(KString::default()),
        }
    }
}

impl Wire for CreatableTopicConfig {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "CreateTopicsRequest.Topics.Configs.Name")?;
        m.value = r.nullable(true, "CreateTopicsRequest.Topics.Configs.Value")?;
        r.skip_tagged("CreateTopicsRequest.Topics.Configs")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "CreateTopicsRequest.Topics.Configs.Name")?;
        w.nullable(self.value.as_ref(), true, "CreateTopicsRequest.Topics.Configs.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateTopicsRequest {
    const NAME: &'static str = "CreateTopicsRequest";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 7;
    const FLEXIBLE_FROM: i16 = 5;
}

impl Request for CreateTopicsRequest {
    const KEY: ApiKey = ApiKey::CreateTopics;
    type Response = super::create_topics_response::CreateTopicsResponse;
}
