//! `DeleteRecordsResponse`: versions 0-2, flexible 2. Generated from `proto/kafka/DeleteRecordsResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteRecordsResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub topics: Vec<DeleteRecordsTopicResult>,
}

impl Wire for DeleteRecordsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DeleteRecordsResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "DeleteRecordsResponse.Topics")?;
        r.skip_tagged("DeleteRecordsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DeleteRecordsResponse.ThrottleTimeMs")?;
        self.topics.write(w, "DeleteRecordsResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteRecordsResponse.Topics`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsTopicResult {
    /// Versions 0-2.
    pub name: KString,
    /// Versions 0-2.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
}

impl Wire for DeleteRecordsTopicResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DeleteRecordsResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "DeleteRecordsResponse.Topics.Partitions")?;
        r.skip_tagged("DeleteRecordsResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DeleteRecordsResponse.Topics.Name")?;
        self.partitions.write(w, "DeleteRecordsResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteRecordsResponse.Topics.Partitions`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsPartitionResult {
    /// Versions 0-2.
    pub partition_index: i32,
    /// Versions 0-2.
    pub low_watermark: i64,
    /// Versions 0-2.
    pub error_code: i16,
}

impl Wire for DeleteRecordsPartitionResult {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DeleteRecordsResponse.Topics.Partitions.PartitionIndex")?;
        m.low_watermark = Wire::read(r, "DeleteRecordsResponse.Topics.Partitions.LowWatermark")?;
        m.error_code = Wire::read(r, "DeleteRecordsResponse.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("DeleteRecordsResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "DeleteRecordsResponse.Topics.Partitions.PartitionIndex")?;
        self.low_watermark.write(w, "DeleteRecordsResponse.Topics.Partitions.LowWatermark")?;
        self.error_code.write(w, "DeleteRecordsResponse.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteRecordsResponse {
    const NAME: &'static str = "DeleteRecordsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DeleteRecordsResponse {
    const KEY: ApiKey = ApiKey::DeleteRecords;
}
