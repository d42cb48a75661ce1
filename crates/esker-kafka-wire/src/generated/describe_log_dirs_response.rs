//! `DescribeLogDirsResponse`: versions 1-5, flexible 2-5. Generated from `proto/kafka/DescribeLogDirsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeLogDirsResponse`: a message of versions 1-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsResponse {
    /// Versions 1-5.
    pub throttle_time_ms: i32,
    /// Versions 3-5, ignorable.
    pub error_code: i16,
    /// Versions 1-5.
    pub results: Vec<DescribeLogDirsResult>,
}

impl Wire for DescribeLogDirsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeLogDirsResponse.ThrottleTimeMs")?;
        if v >= 3 { m.error_code = Wire::read(r, "DescribeLogDirsResponse.ErrorCode")?; }
        m.results = Wire::read(r, "DescribeLogDirsResponse.Results")?;
        r.skip_tagged("DescribeLogDirsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "DescribeLogDirsResponse.ThrottleTimeMs")?;
        if v >= 3 { self.error_code.write(w, "DescribeLogDirsResponse.ErrorCode")?; }
        self.results.write(w, "DescribeLogDirsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeLogDirsResponse.Results`: a structure of versions 1-5.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeLogDirsResult {
    /// Versions 1-5.
    pub error_code: i16,
    /// Versions 1-5.
    pub log_dir: KString,
    /// Versions 1-5.
    pub topics: Vec<DescribeLogDirsTopic>,
    /// Versions 4-5, default -1, ignorable.
    pub total_bytes: i64,
    /// Versions 4-5, default -1, ignorable.
    pub usable_bytes: i64,
    /// Versions 5, default false, ignorable.
    pub is_cordoned: bool,
}

impl Default for DescribeLogDirsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: KString::default(),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}

impl Wire for DescribeLogDirsResult {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeLogDirsResponse.Results.ErrorCode")?;
        m.log_dir = Wire::read(r, "DescribeLogDirsResponse.Results.LogDir")?;
        m.topics = Wire::read(r, "DescribeLogDirsResponse.Results.Topics")?;
        if v >= 4 { m.total_bytes = Wire::read(r, "DescribeLogDirsResponse.Results.TotalBytes")?; }
        if v >= 4 { m.usable_bytes = Wire::read(r, "DescribeLogDirsResponse.Results.UsableBytes")?; }
        if v >= 5 { m.is_cordoned = Wire::read(r, "DescribeLogDirsResponse.Results.IsCordoned")?; }
        r.skip_tagged("DescribeLogDirsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "DescribeLogDirsResponse.Results.ErrorCode")?;
        self.log_dir.write(w, "DescribeLogDirsResponse.Results.LogDir")?;
        self.topics.write(w, "DescribeLogDirsResponse.Results.Topics")?;
        if v >= 4 { self.total_bytes.write(w, "DescribeLogDirsResponse.Results.TotalBytes")?; }
        if v >= 4 { self.usable_bytes.write(w, "DescribeLogDirsResponse.Results.UsableBytes")?; }
        if v >= 5 { self.is_cordoned.write(w, "DescribeLogDirsResponse.Results.IsCordoned")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeLogDirsResponse.Results.Topics`: a structure of versions 1-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsTopic {
    /// Versions 1-5.
    pub name: KString,
    /// Versions 1-5.
    pub partitions: Vec<DescribeLogDirsPartition>,
}

impl Wire for DescribeLogDirsTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Name")?;
        m.partitions = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Partitions")?;
        r.skip_tagged("DescribeLogDirsResponse.Results.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeLogDirsResponse.Results.Topics.Name")?;
        self.partitions.write(w, "DescribeLogDirsResponse.Results.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeLogDirsResponse.Results.Topics.Partitions`: a structure of versions 1-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsPartition {
    /// Versions 1-5.
    pub partition_index: i32,
    /// Versions 1-5.
    pub partition_size: i64,
    /// Versions 1-5.
    pub offset_lag: i64,
    /// Versions 1-5.
    pub is_future_key: bool,
}

impl Wire for DescribeLogDirsPartition {
    const MIN: usize = 21;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Partitions.PartitionIndex")?;
        m.partition_size = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Partitions.PartitionSize")?;
        m.offset_lag = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Partitions.OffsetLag")?;
        m.is_future_key = Wire::read(r, "DescribeLogDirsResponse.Results.Topics.Partitions.IsFutureKey")?;
        r.skip_tagged("DescribeLogDirsResponse.Results.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "DescribeLogDirsResponse.Results.Topics.Partitions.PartitionIndex")?;
        self.partition_size.write(w, "DescribeLogDirsResponse.Results.Topics.Partitions.PartitionSize")?;
        self.offset_lag.write(w, "DescribeLogDirsResponse.Results.Topics.Partitions.OffsetLag")?;
        self.is_future_key.write(w, "DescribeLogDirsResponse.Results.Topics.Partitions.IsFutureKey")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeLogDirsResponse {
    const NAME: &'static str = "DescribeLogDirsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DescribeLogDirsResponse {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
}
