//! `DescribeProducersResponse`: versions 0, flexible 0. Generated from `proto/kafka/DescribeProducersResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeProducersResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeProducersResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub topics: Vec<TopicResponse>,
}

impl Wire for DescribeProducersResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeProducersResponse.ThrottleTimeMs")?;
        m.topics = Wire::read(r, "DescribeProducersResponse.Topics")?;
        r.skip_tagged("DescribeProducersResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeProducersResponse.ThrottleTimeMs")?;
        self.topics.write(w, "DescribeProducersResponse.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeProducersResponse.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicResponse {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: Vec<PartitionResponse>,
}

impl Wire for TopicResponse {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeProducersResponse.Topics.Name")?;
        m.partitions = Wire::read(r, "DescribeProducersResponse.Topics.Partitions")?;
        r.skip_tagged("DescribeProducersResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeProducersResponse.Topics.Name")?;
        self.partitions.write(w, "DescribeProducersResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeProducersResponse.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResponse {
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub active_producers: Vec<ProducerState>,
}

impl Wire for PartitionResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeProducersResponse.Topics.Partitions.ErrorMessage")?;
        m.active_producers = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers")?;
        r.skip_tagged("DescribeProducersResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "DescribeProducersResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "DescribeProducersResponse.Topics.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeProducersResponse.Topics.Partitions.ErrorMessage")?;
        self.active_producers.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeProducersResponse.Topics.Partitions.ActiveProducers`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ProducerState {
    /// Versions 0.
    pub producer_id: i64,
    /// Versions 0.
    pub producer_epoch: i32,
    /// Versions 0, default -1.
    pub last_sequence: i32,
    /// Versions 0, default -1.
    pub last_timestamp: i64,
    /// Versions 0.
    pub coordinator_epoch: i32,
    /// Versions 0, default -1.
    pub current_txn_start_offset: i64,
}

impl Default for ProducerState {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: 0,
            current_txn_start_offset: -1,
        }
    }
}

impl Wire for ProducerState {
    const MIN: usize = 37;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.producer_id = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.ProducerId")?;
        m.producer_epoch = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.ProducerEpoch")?;
        m.last_sequence = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.LastSequence")?;
        m.last_timestamp = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.LastTimestamp")?;
        m.coordinator_epoch = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.CoordinatorEpoch")?;
        m.current_txn_start_offset = Wire::read(r, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.CurrentTxnStartOffset")?;
        r.skip_tagged("DescribeProducersResponse.Topics.Partitions.ActiveProducers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.producer_id.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.ProducerId")?;
        self.producer_epoch.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.ProducerEpoch")?;
        self.last_sequence.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.LastSequence")?;
        self.last_timestamp.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.LastTimestamp")?;
        self.coordinator_epoch.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.CoordinatorEpoch")?;
        self.current_txn_start_offset.write(w, "DescribeProducersResponse.Topics.Partitions.ActiveProducers.CurrentTxnStartOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeProducersResponse {
    const NAME: &'static str = "DescribeProducersResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeProducersResponse {
    const KEY: ApiKey = ApiKey::DescribeProducers;
}
