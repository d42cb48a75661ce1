//! `OffsetForLeaderEpochResponse`: versions 2-4, flexible 4. Generated from `proto/kafka/OffsetForLeaderEpochResponse.json`, not to be edited.

use crate::codec::*;

/// `OffsetForLeaderEpochResponse`: a message of versions 2-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderEpochResponse {
    /// Versions 2-4, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 2-4.
    pub topics: Vec<OffsetForLeaderTopicResult>,
}

impl Wire for OffsetForLeaderEpochResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "OffsetForLeaderEpochResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "OffsetForLeaderEpochResponse.Topics")?;
        r.skip_tagged("OffsetForLeaderEpochResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "OffsetForLeaderEpochResponse.ThrottleTimeMs")?;
        self.topics.write(w, "OffsetForLeaderEpochResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetForLeaderEpochResponse.Topics`: a structure of versions 2-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderTopicResult {
    /// Versions 2-4.
    pub topic: KString,
    /// Versions 2-4.
    pub partitions: Vec<EpochEndOffset>,
}

impl Wire for OffsetForLeaderTopicResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Topic")?;
        m.partitions = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Partitions")?;
        r.skip_tagged("OffsetForLeaderEpochResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "OffsetForLeaderEpochResponse.Topics.Topic")?;
        self.partitions.write(w, "OffsetForLeaderEpochResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetForLeaderEpochResponse.Topics.Partitions`: a structure of versions 2-4.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochEndOffset {
    /// Versions 2-4.
    pub error_code: i16,
    /// Versions 2-4.
    pub partition: i32,
    /// Versions 2-4, default -1, ignorable.
    pub leader_epoch: i32,
    /// Versions 2-4, default -1.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition: 0,
            leader_epoch: -1,
            end_offset: -1,
        }
    }
}

impl Wire for EpochEndOffset {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Partitions.ErrorCode")?;
        m.partition = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Partitions.Partition")?;
        m.leader_epoch = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Partitions.LeaderEpoch")?;
        m.end_offset = Wire::read(r, "OffsetForLeaderEpochResponse.Topics.Partitions.EndOffset")?;
        r.skip_tagged("OffsetForLeaderEpochResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "OffsetForLeaderEpochResponse.Topics.Partitions.ErrorCode")?;
        self.partition.write(w, "OffsetForLeaderEpochResponse.Topics.Partitions.Partition")?;
        self.leader_epoch.write(w, "OffsetForLeaderEpochResponse.Topics.Partitions.LeaderEpoch")?;
        self.end_offset.write(w, "OffsetForLeaderEpochResponse.Topics.Partitions.EndOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetForLeaderEpochResponse {
    const NAME: &'static str = "OffsetForLeaderEpochResponse";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for OffsetForLeaderEpochResponse {
    const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
}
