//! `OffsetCommitResponse`: versions 2-10, flexible 8-10. Generated from `proto/kafka/OffsetCommitResponse.json`, not to be edited.

use crate::codec::*;

/// `OffsetCommitResponse`: a message of versions 2-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponse {
    /// Versions 3-10, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 2-10.
    pub topics: Vec<OffsetCommitResponseTopic>,
}

impl Wire for OffsetCommitResponse {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.throttle_time_ms = Wire::read(r, "OffsetCommitResponse.ThrottleTimeMs")?; }
        m.topics = Wire::read(r, "OffsetCommitResponse.Topics")?;
        r.skip_tagged("OffsetCommitResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { self.throttle_time_ms.write(w, "OffsetCommitResponse.ThrottleTimeMs")?; }
        self.topics.write(w, "OffsetCommitResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetCommitResponse.Topics`: a structure of versions 2-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponseTopic {
    /// Versions 2-9, ignorable.
    pub name: KString,
    /// Versions 10, ignorable.
    pub topic_id: Uuid,
    /// Versions 2-10.
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

impl Wire for OffsetCommitResponseTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 9 { m.name = Wire::read(r, "OffsetCommitResponse.Topics.Name")?; }
        if v >= 10 { m.topic_id = Wire::read(r, "OffsetCommitResponse.Topics.TopicId")?; }
        m.partitions = Wire::read(r, "OffsetCommitResponse.Topics.Partitions")?;
        r.skip_tagged("OffsetCommitResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 9 { self.name.write(w, "OffsetCommitResponse.Topics.Name")?; }
        if v >= 10 { self.topic_id.write(w, "OffsetCommitResponse.Topics.TopicId")?; }
        self.partitions.write(w, "OffsetCommitResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetCommitResponse.Topics.Partitions`: a structure of versions 2-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponsePartition {
    /// Versions 2-10.
    pub partition_index: i32,
    /// Versions 2-10.
    pub error_code: i16,
}

impl Wire for OffsetCommitResponsePartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetCommitResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "OffsetCommitResponse.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("OffsetCommitResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "OffsetCommitResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "OffsetCommitResponse.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetCommitResponse {
    const NAME: &'static str = "OffsetCommitResponse";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 10;
    const FLEXIBLE_FROM: i16 = 8;
}

impl Response for OffsetCommitResponse {
    const KEY: ApiKey = ApiKey::OffsetCommit;
}
