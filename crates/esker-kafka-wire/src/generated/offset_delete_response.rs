//! `OffsetDeleteResponse`: versions 0, flexible none. Generated from `proto/kafka/OffsetDeleteResponse.json`, not to be edited.

use crate::codec::*;

/// `OffsetDeleteResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponse {
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

impl Wire for OffsetDeleteResponse {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "OffsetDeleteResponse.ErrorCode")?;
        m.throttle_time_ms = Wire::read(r, "OffsetDeleteResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "OffsetDeleteResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "OffsetDeleteResponse.ErrorCode")?;
        self.throttle_time_ms.write(w, "OffsetDeleteResponse.ThrottleTimeMs")?;
        self.topics.write(w, "OffsetDeleteResponse.Topics")?;
        Ok(())
    }
}

/// `OffsetDeleteResponse.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponseTopic {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

impl Wire for OffsetDeleteResponseTopic {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "OffsetDeleteResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "OffsetDeleteResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "OffsetDeleteResponse.Topics.Name")?;
        self.partitions.write(w, "OffsetDeleteResponse.Topics.Partitions")?;
        Ok(())
    }
}

/// `OffsetDeleteResponse.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponsePartition {
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub error_code: i16,
}

impl Wire for OffsetDeleteResponsePartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetDeleteResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "OffsetDeleteResponse.Topics.Partitions.ErrorCode")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "OffsetDeleteResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "OffsetDeleteResponse.Topics.Partitions.ErrorCode")?;
        Ok(())
    }
}

impl Message for OffsetDeleteResponse {
    const NAME: &'static str = "OffsetDeleteResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl Response for OffsetDeleteResponse {
    const KEY: ApiKey = ApiKey::OffsetDelete;
}
