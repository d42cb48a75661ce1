//! `TxnOffsetCommitResponse`: versions 0-5, flexible 3-5. Generated from `proto/kafka/TxnOffsetCommitResponse.json`, not to be edited.

use crate::codec::*;

/// `TxnOffsetCommitResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponse {
    /// Versions 0-5.
    pub throttle_time_ms: i32,
    /// Versions 0-5.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
}

impl Wire for TxnOffsetCommitResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "TxnOffsetCommitResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "TxnOffsetCommitResponse.Topics")?;
        r.skip_tagged("TxnOffsetCommitResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "TxnOffsetCommitResponse.ThrottleTimeMs")?;
        self.topics.write(w, "TxnOffsetCommitResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `TxnOffsetCommitResponse.Topics`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponseTopic {
    /// Versions 0-5.
    pub name: KString,
    /// Versions 0-5.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
}

impl Wire for TxnOffsetCommitResponseTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "TxnOffsetCommitResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "TxnOffsetCommitResponse.Topics.Partitions")?;
        r.skip_tagged("TxnOffsetCommitResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "TxnOffsetCommitResponse.Topics.Name")?;
        self.partitions.write(w, "TxnOffsetCommitResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `TxnOffsetCommitResponse.Topics.Partitions`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponsePartition {
    /// Versions 0-5.
    pub partition_index: i32,
    /// Versions 0-5.
    pub error_code: i16,
}

impl Wire for TxnOffsetCommitResponsePartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "TxnOffsetCommitResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "TxnOffsetCommitResponse.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("TxnOffsetCommitResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "TxnOffsetCommitResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "TxnOffsetCommitResponse.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for TxnOffsetCommitResponse {
    const NAME: &'static str = "TxnOffsetCommitResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for TxnOffsetCommitResponse {
    const KEY: ApiKey = ApiKey::TxnOffsetCommit;
}
