//! `ListPartitionReassignmentsResponse`: versions 0, flexible 0. Generated from `proto/kafka/ListPartitionReassignmentsResponse.json`, not to be edited.

use crate::codec::*;

/// `ListPartitionReassignmentsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPartitionReassignmentsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub topics: Vec<OngoingTopicReassignment>,
}

impl Default for ListPartitionReassignmentsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            topics: Vec::new(),
        }
    }
}

impl Wire for ListPartitionReassignmentsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ListPartitionReassignmentsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ListPartitionReassignmentsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "ListPartitionReassignmentsResponse.ErrorMessage")?;
        m.topics = Wire::read(r, "ListPartitionReassignmentsResponse.Topics")?;
        r.skip_tagged("ListPartitionReassignmentsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ListPartitionReassignmentsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ListPartitionReassignmentsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ListPartitionReassignmentsResponse.ErrorMessage")?;
        self.topics.write(w, "ListPartitionReassignmentsResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListPartitionReassignmentsResponse.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OngoingTopicReassignment {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: Vec<OngoingPartitionReassignment>,
}

impl Wire for OngoingTopicReassignment {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Partitions")?;
        r.skip_tagged("ListPartitionReassignmentsResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ListPartitionReassignmentsResponse.Topics.Name")?;
        self.partitions.write(w, "ListPartitionReassignmentsResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListPartitionReassignmentsResponse.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OngoingPartitionReassignment {
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub replicas: Vec<i32>,
    /// Versions 0.
    pub adding_replicas: Vec<i32>,
    /// Versions 0.
    pub removing_replicas: Vec<i32>,
}

impl Wire for OngoingPartitionReassignment {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Partitions.PartitionIndex")?;
        m.replicas = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Partitions.Replicas")?;
        m.adding_replicas = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Partitions.AddingReplicas")?;
        m.removing_replicas = Wire::read(r, "ListPartitionReassignmentsResponse.Topics.Partitions.RemovingReplicas")?;
        r.skip_tagged("ListPartitionReassignmentsResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "ListPartitionReassignmentsResponse.Topics.Partitions.PartitionIndex")?;
        self.replicas.write(w, "ListPartitionReassignmentsResponse.Topics.Partitions.Replicas")?;
        self.adding_replicas.write(w, "ListPartitionReassignmentsResponse.Topics.Partitions.AddingReplicas")?;
        self.removing_replicas.write(w, "ListPartitionReassignmentsResponse.Topics.Partitions.RemovingReplicas")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListPartitionReassignmentsResponse {
    const NAME: &'static str = "ListPartitionReassignmentsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ListPartitionReassignmentsResponse {
    const KEY: ApiKey = ApiKey::ListPartitionReassignments;
}
