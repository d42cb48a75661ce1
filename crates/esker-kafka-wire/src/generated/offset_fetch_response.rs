//! `OffsetFetchResponse`: versions 1-10, flexible 6-10. Generated from `proto/kafka/OffsetFetchResponse.json`, not to be edited.

use crate::codec::*;

/// `OffsetFetchResponse`: a message of versions 1-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponse {
    /// Versions 3-10, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 1-7.
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// Versions 2-7, default 0, ignorable.
    pub error_code: i16,
    /// Versions 8-10.
    pub groups: Vec<OffsetFetchResponseGroup>,
}

impl Wire for OffsetFetchResponse {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.throttle_time_ms = Wire::read(r, "OffsetFetchResponse.ThrottleTimeMs")?; }
        if v <= 7 { m.topics = Wire::read(r, "OffsetFetchResponse.Topics")?; }
        if (2..=7).contains(&v) { m.error_code = Wire::read(r, "OffsetFetchResponse.ErrorCode")?; }
        if v >= 8 { m.groups = Wire::read(r, "OffsetFetchResponse.Groups")?; }
        r.skip_tagged("OffsetFetchResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { self.throttle_time_ms.write(w, "OffsetFetchResponse.ThrottleTimeMs")?; }
        if v <= 7 { self.topics.write(w, "OffsetFetchResponse.Topics")?; } else if !self.topics.is_empty() { return w.lacks("OffsetFetchResponse.Topics"); }
        if (2..=7).contains(&v) { self.error_code.write(w, "OffsetFetchResponse.ErrorCode")?; }
        if v >= 8 { self.groups.write(w, "OffsetFetchResponse.Groups")?; } else if !self.groups.is_empty() { return w.lacks("OffsetFetchResponse.Groups"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchResponse.Topics`: a structure of versions 1-7.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseTopic {
    /// Versions 1-7.
    pub name: KString,
    /// Versions 1-7.
    pub partitions: Vec<OffsetFetchResponsePartition>,
}

impl Wire for OffsetFetchResponseTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "OffsetFetchResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "OffsetFetchResponse.Topics.Partitions")?;
        r.skip_tagged("OffsetFetchResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "OffsetFetchResponse.Topics.Name")?;
        self.partitions.write(w, "OffsetFetchResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchResponse.Topics.Partitions`: a structure of versions 1-7.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchResponsePartition {
    /// Versions 1-7.
    pub partition_index: i32,
    /// Versions 1-7.
    pub committed_offset: i64,
    /// Versions 5-7, default -1, ignorable.
    pub committed_leader_epoch: i32,
    /// Versions 1-7, null in 1-7.
    pub metadata: Option<KString>,
    /// Versions 1-7.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(KString::default()),
            error_code: 0,
        }
    }
}

impl Wire for OffsetFetchResponsePartition {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetFetchResponse.Topics.Partitions.PartitionIndex")?;
        m.committed_offset = Wire::read(r, "OffsetFetchResponse.Topics.Partitions.CommittedOffset")?;
        if v >= 5 { m.committed_leader_epoch = Wire::read(r, "OffsetFetchResponse.Topics.Partitions.CommittedLeaderEpoch")?; }
        m.metadata = r.nullable(true, "OffsetFetchResponse.Topics.Partitions.Metadata")?;
        m.error_code = Wire::read(r, "OffsetFetchResponse.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("OffsetFetchResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "OffsetFetchResponse.Topics.Partitions.PartitionIndex")?;
        self.committed_offset.write(w, "OffsetFetchResponse.Topics.Partitions.CommittedOffset")?;
        if v >= 5 { self.committed_leader_epoch.write(w, "OffsetFetchResponse.Topics.Partitions.CommittedLeaderEpoch")?; }
        w.nullable(self.metadata.as_ref(), true, "OffsetFetchResponse.Topics.Partitions.Metadata")?;
        self.error_code.write(w, "OffsetFetchResponse.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchResponse.Groups`: a structure of versions 8-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseGroup {
    /// Versions 8-10.
    pub group_id: KString,
    /// Versions 8-10.
    pub topics: Vec<OffsetFetchResponseTopics>,
    /// Versions 8-10, default 0.
    pub error_code: i16,
}

impl Wire for OffsetFetchResponseGroup {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "OffsetFetchResponse.Groups.GroupId")?;
        m.topics = Wire::read(r, "OffsetFetchResponse.Groups.Topics")?;
        m.error_code = Wire::read(r, "OffsetFetchResponse.Groups.ErrorCode")?;
        r.skip_tagged("OffsetFetchResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "OffsetFetchResponse.Groups.GroupId")?;
        self.topics.write(w, "OffsetFetchResponse.Groups.Topics")?;
        self.error_code.write(w, "OffsetFetchResponse.Groups.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchResponse.Groups.Topics`: a structure of versions 8-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseTopics {
    /// Versions 8-9, ignorable.
    pub name: KString,
    /// Versions 10, ignorable.
    pub topic_id: Uuid,
    /// Versions 8-10.
    pub partitions: Vec<OffsetFetchResponsePartitions>,
}

impl Wire for OffsetFetchResponseTopics {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 9 { m.name = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Name")?; }
        if v >= 10 { m.topic_id = Wire::read(r, "OffsetFetchResponse.Groups.Topics.TopicId")?; }
        m.partitions = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Partitions")?;
        r.skip_tagged("OffsetFetchResponse.Groups.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 9 { self.name.write(w, "OffsetFetchResponse.Groups.Topics.Name")?; }
        if v >= 10 { self.topic_id.write(w, "OffsetFetchResponse.Groups.Topics.TopicId")?; }
        self.partitions.write(w, "OffsetFetchResponse.Groups.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetFetchResponse.Groups.Topics.Partitions`: a structure of versions 8-10.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchResponsePartitions {
    /// Versions 8-10.
    pub partition_index: i32,
    /// Versions 8-10.
    pub committed_offset: i64,
    /// Versions 8-10, default -1, ignorable.
    pub committed_leader_epoch: i32,
    /// Versions 8-10, null in 8-10.
    pub metadata: Option<KString>,
    /// Versions 8-10.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(KString::default()),
            error_code: 0,
        }
    }
}

impl Wire for OffsetFetchResponsePartitions {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Partitions.PartitionIndex")?;
        m.committed_offset = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Partitions.CommittedOffset")?;
        m.committed_leader_epoch = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Partitions.CommittedLeaderEpoch")?;
        m.metadata = r.nullable(true, "OffsetFetchResponse.Groups.Topics.Partitions.Metadata")?;
        m.error_code = Wire::read(r, "OffsetFetchResponse.Groups.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("OffsetFetchResponse.Groups.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "OffsetFetchResponse.Groups.Topics.Partitions.PartitionIndex")?;
        self.committed_offset.write(w, "OffsetFetchResponse.Groups.Topics.Partitions.CommittedOffset")?;
        self.committed_leader_epoch.write(w, "OffsetFetchResponse.Groups.Topics.Partitions.CommittedLeaderEpoch")?;
        w.nullable(self.metadata.as_ref(), true, "OffsetFetchResponse.Groups.Topics.Partitions.Metadata")?;
        self.error_code.write(w, "OffsetFetchResponse.Groups.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetFetchResponse {
    const NAME: &'static str = "OffsetFetchResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 10;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Response for OffsetFetchResponse {
    const KEY: ApiKey = ApiKey::OffsetFetch;
}
