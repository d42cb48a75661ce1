//! `DescribeTopicPartitionsResponse`: versions 0, flexible 0. Generated from `proto/kafka/DescribeTopicPartitionsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeTopicPartitionsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTopicPartitionsResponse {
    /// Versions 0, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    /// Versions 0, null in 0, default null.
    pub next_cursor: Option<Cursor>,
}

impl Wire for DescribeTopicPartitionsResponse {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeTopicPartitionsResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "DescribeTopicPartitionsResponse.Topics")?;
        m.next_cursor = r.nullable(true, "DescribeTopicPartitionsResponse.NextCursor")?;
        r.skip_tagged("DescribeTopicPartitionsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeTopicPartitionsResponse.ThrottleTimeMs")?;
        self.topics.write(w, "DescribeTopicPartitionsResponse.Topics")?;
        w.nullable(self.next_cursor.as_ref(), true, "DescribeTopicPartitionsResponse.NextCursor")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTopicPartitionsResponse.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsResponseTopic {
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub name: Option<KString>,
    /// Versions 0, ignorable.
    pub topic_id: Uuid,
    /// Versions 0, default false, ignorable.
    pub is_internal: bool,
    /// Versions 0.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// Versions 0, default -2147483648.
    pub topic_authorized_operations: i32,
}

impl Default for DescribeTopicPartitionsResponseTopic {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: Some(KString::default()),
            topic_id: Uuid::nil(),
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: -2147483648,
        }
    }
}

impl Wire for DescribeTopicPartitionsResponseTopic {
    const MIN: usize = 26;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.ErrorCode")?;
        m.name = r.nullable(true, "DescribeTopicPartitionsResponse.Topics.Name")?;
        m.topic_id = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.TopicId")?;
        m.is_internal = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.IsInternal")?;
        m.partitions = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions")?;
        m.topic_authorized_operations = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.TopicAuthorizedOperations")?;
        r.skip_tagged("DescribeTopicPartitionsResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DescribeTopicPartitionsResponse.Topics.ErrorCode")?;
        w.nullable(self.name.as_ref(), true, "DescribeTopicPartitionsResponse.Topics.Name")?;
        self.topic_id.write(w, "DescribeTopicPartitionsResponse.Topics.TopicId")?;
        self.is_internal.write(w, "DescribeTopicPartitionsResponse.Topics.IsInternal")?;
        self.partitions.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions")?;
        self.topic_authorized_operations.write(w, "DescribeTopicPartitionsResponse.Topics.TopicAuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTopicPartitionsResponse.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsResponsePartition {
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub leader_id: i32,
    /// Versions 0, default -1, ignorable.
    pub leader_epoch: i32,
    /// Versions 0.
    pub replica_nodes: Vec<i32>,
    /// Versions 0.
    pub isr_nodes: Vec<i32>,
    /// Versions 0, null in 0, default null.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// Versions 0, null in 0, default null.
    pub last_known_elr: Option<Vec<i32>>,
    /// Versions 0, ignorable.
    pub offline_replicas: Vec<i32>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
        }
    }
}

impl Wire for DescribeTopicPartitionsResponsePartition {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.ErrorCode")?;
        m.partition_index = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.PartitionIndex")?;
        m.leader_id = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.LeaderId")?;
        m.leader_epoch = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.LeaderEpoch")?;
        m.replica_nodes = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.ReplicaNodes")?;
        m.isr_nodes = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.IsrNodes")?;
        m.eligible_leader_replicas = r.nullable(true, "DescribeTopicPartitionsResponse.Topics.Partitions.EligibleLeaderReplicas")?;
        m.last_known_elr = r.nullable(true, "DescribeTopicPartitionsResponse.Topics.Partitions.LastKnownElr")?;
        m.offline_replicas = Wire::read(r, "DescribeTopicPartitionsResponse.Topics.Partitions.OfflineReplicas")?;
        r.skip_tagged("DescribeTopicPartitionsResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.ErrorCode")?;
        self.partition_index.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.PartitionIndex")?;
        self.leader_id.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.LeaderId")?;
        self.leader_epoch.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.LeaderEpoch")?;
        self.replica_nodes.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.ReplicaNodes")?;
        self.isr_nodes.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.IsrNodes")?;
        w.nullable(self.eligible_leader_replicas.as_ref(), true, "DescribeTopicPartitionsResponse.Topics.Partitions.EligibleLeaderReplicas")?;
        w.nullable(self.last_known_elr.as_ref(), true, "DescribeTopicPartitionsResponse.Topics.Partitions.LastKnownElr")?;
        self.offline_replicas.write(w, "DescribeTopicPartitionsResponse.Topics.Partitions.OfflineReplicas")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTopicPartitionsResponse.NextCursor`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cursor {
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub partition_index: i32,
}

impl Wire for Cursor {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeTopicPartitionsResponse.NextCursor.TopicName")?;
        m.partition_index = Wire::read(r, "DescribeTopicPartitionsResponse.NextCursor.PartitionIndex")?;
        r.skip_tagged("DescribeTopicPartitionsResponse.NextCursor")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeTopicPartitionsResponse.NextCursor.TopicName")?;
        self.partition_index.write(w, "DescribeTopicPartitionsResponse.NextCursor.PartitionIndex")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeTopicPartitionsResponse {
    const NAME: &'static str = "DescribeTopicPartitionsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeTopicPartitionsResponse {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
}
