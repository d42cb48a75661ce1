//! `AlterReplicaLogDirsResponse`: versions 1-2, flexible 2. Generated from `proto/kafka/AlterReplicaLogDirsResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterReplicaLogDirsResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDirsResponse {
    /// Versions 1-2.
    pub throttle_time_ms: i32,
    /// Versions 1-2.
    pub results: Vec<AlterReplicaLogDirTopicResult>,
}

impl Wire for AlterReplicaLogDirsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterReplicaLogDirsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "AlterReplicaLogDirsResponse.Results")?;
        r.skip_tagged("AlterReplicaLogDirsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AlterReplicaLogDirsResponse.ThrottleTimeMs")?;
        self.results.write(w, "AlterReplicaLogDirsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterReplicaLogDirsResponse.Results`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDirTopicResult {
    /// Versions 1-2.
    pub topic_name: KString,
    /// Versions 1-2.
    pub partitions: Vec<AlterReplicaLogDirPartitionResult>,
}

impl Wire for AlterReplicaLogDirTopicResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "AlterReplicaLogDirsResponse.Results.TopicName")?;
        m.partitions = Wire::read(r, "AlterReplicaLogDirsResponse.Results.Partitions")?;
        r.skip_tagged("AlterReplicaLogDirsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "AlterReplicaLogDirsResponse.Results.TopicName")?;
        self.partitions.write(w, "AlterReplicaLogDirsResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterReplicaLogDirsResponse.Results.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterReplicaLogDirPartitionResult {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions 1-2.
    pub error_code: i16,
}

impl Wire for AlterReplicaLogDirPartitionResult {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AlterReplicaLogDirsResponse.Results.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "AlterReplicaLogDirsResponse.Results.Partitions.ErrorCode")?;
        r.skip_tagged("AlterReplicaLogDirsResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AlterReplicaLogDirsResponse.Results.Partitions.PartitionIndex")?;
        self.error_code.write(w, "AlterReplicaLogDirsResponse.Results.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterReplicaLogDirsResponse {
    const NAME: &'static str = "AlterReplicaLogDirsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for AlterReplicaLogDirsResponse {
    const KEY: ApiKey = ApiKey::AlterReplicaLogDirs;
}
