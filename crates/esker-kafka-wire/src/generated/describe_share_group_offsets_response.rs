//! `DescribeShareGroupOffsetsResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/DescribeShareGroupOffsetsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeShareGroupOffsetsResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
}

impl Wire for DescribeShareGroupOffsetsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeShareGroupOffsetsResponse.ThrottleTimeMs")?;
        m.groups = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups")?;
        r.skip_tagged("DescribeShareGroupOffsetsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeShareGroupOffsetsResponse.ThrottleTimeMs")?;
        self.groups.write(w, "DescribeShareGroupOffsetsResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponse.Groups`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseGroup {
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1.
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
}

impl Wire for DescribeShareGroupOffsetsResponseGroup {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.GroupId")?;
        m.topics = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics")?;
        m.error_code = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeShareGroupOffsetsResponse.Groups.ErrorMessage")?;
        r.skip_tagged("DescribeShareGroupOffsetsResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "DescribeShareGroupOffsetsResponse.Groups.GroupId")?;
        self.topics.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics")?;
        self.error_code.write(w, "DescribeShareGroupOffsetsResponse.Groups.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeShareGroupOffsetsResponse.Groups.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponse.Groups.Topics`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseTopic {
    /// Versions 0-1.
    pub topic_name: KString,
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
}

impl Wire for DescribeShareGroupOffsetsResponseTopic {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.TopicName")?;
        m.topic_id = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.TopicId")?;
        m.partitions = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions")?;
        r.skip_tagged("DescribeShareGroupOffsetsResponse.Groups.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.TopicName")?;
        self.topic_id.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.TopicId")?;
        self.partitions.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeShareGroupOffsetsResponsePartition {
    /// Versions 0-1.
    pub partition_index: i32,
    /// Versions 0-1.
    pub start_offset: i64,
    /// Versions 0-1.
    pub leader_epoch: i32,
    /// Versions 1, default -1, ignorable.
    pub lag: i64,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
}

impl Default for DescribeShareGroupOffsetsResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            start_offset: 0,
            leader_epoch: 0,
            lag: -1,
            error_code: 0,
            error_message: None,
        }
    }
}

impl Wire for DescribeShareGroupOffsetsResponsePartition {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.PartitionIndex")?;
        m.start_offset = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.StartOffset")?;
        m.leader_epoch = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.LeaderEpoch")?;
        if v >= 1 { m.lag = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.Lag")?; }
        m.error_code = Wire::read(r, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.ErrorMessage")?;
        r.skip_tagged("DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.PartitionIndex")?;
        self.start_offset.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.StartOffset")?;
        self.leader_epoch.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.LeaderEpoch")?;
        if v >= 1 { self.lag.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.Lag")?; }
        self.error_code.write(w, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeShareGroupOffsetsResponse.Groups.Topics.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeShareGroupOffsetsResponse {
    const NAME: &'static str = "DescribeShareGroupOffsetsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeShareGroupOffsetsResponse {
    const KEY: ApiKey = ApiKey::DescribeShareGroupOffsets;
}
