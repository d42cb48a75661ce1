//! `ListOffsetsResponse`: versions 1-11, flexible 6-11. Generated from `proto/kafka/ListOffsetsResponse.json`, not to be edited.

use crate::codec::*;

/// `ListOffsetsResponse`: a message of versions 1-11.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsResponse {
    /// Versions 2-11, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 1-11.
    pub topics: Vec<ListOffsetsTopicResponse>,
}

impl Wire for ListOffsetsResponse {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 2 { m.throttle_time_ms = Wire::read(r, "ListOffsetsResponse.ThrottleTimeMs")?; }
        m.topics = Wire::read(r, "ListOffsetsResponse.Topics")?;
        r.skip_tagged("ListOffsetsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 2 { self.throttle_time_ms.write(w, "ListOffsetsResponse.ThrottleTimeMs")?; }
        self.topics.write(w, "ListOffsetsResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListOffsetsResponse.Topics`: a structure of versions 1-11.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsTopicResponse {
    /// Versions 1-11.
    pub name: KString,
    /// Versions 1-11.
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

impl Wire for ListOffsetsTopicResponse {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ListOffsetsResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "ListOffsetsResponse.Topics.Partitions")?;
        r.skip_tagged("ListOffsetsResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ListOffsetsResponse.Topics.Name")?;
        self.partitions.write(w, "ListOffsetsResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListOffsetsResponse.Topics.Partitions`: a structure of versions 1-11.
#[derive(Debug, Clone, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    /// Versions 1-11.
    pub partition_index: i32,
    /// Versions 1-11.
    pub error_code: i16,
    /// Versions 1-11, default -1.
    pub timestamp: i64,
    /// Versions 1-11, default -1.
    pub offset: i64,
    /// Versions 4-11, default -1.
    pub leader_epoch: i32,
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            timestamp: -1,
            offset: -1,
            leader_epoch: -1,
        }
    }
}

impl Wire for ListOffsetsPartitionResponse {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ListOffsetsResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "ListOffsetsResponse.Topics.Partitions.ErrorCode")?;
        m.timestamp = Wire::read(r, "ListOffsetsResponse.Topics.Partitions.Timestamp")?;
        m.offset = Wire::read(r, "ListOffsetsResponse.Topics.Partitions.Offset")?;
        if v >= 4 { m.leader_epoch = Wire::read(r, "ListOffsetsResponse.Topics.Partitions.LeaderEpoch")?; }
        r.skip_tagged("ListOffsetsResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "ListOffsetsResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "ListOffsetsResponse.Topics.Partitions.ErrorCode")?;
        self.timestamp.write(w, "ListOffsetsResponse.Topics.Partitions.Timestamp")?;
        self.offset.write(w, "ListOffsetsResponse.Topics.Partitions.Offset")?;
        if v >= 4 { self.leader_epoch.write(w, "ListOffsetsResponse.Topics.Partitions.LeaderEpoch")?; } else if self.leader_epoch != -1 { return w.lacks("ListOffsetsResponse.Topics.Partitions.LeaderEpoch"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListOffsetsResponse {
    const NAME: &'static str = "ListOffsetsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 11;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Response for ListOffsetsResponse {
    const KEY: ApiKey = ApiKey::ListOffsets;
}
