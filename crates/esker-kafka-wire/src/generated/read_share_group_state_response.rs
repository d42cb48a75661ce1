//! `ReadShareGroupStateResponse`: versions 0, flexible 0. Generated from `proto/kafka/ReadShareGroupStateResponse.json`, not to be edited.

use crate::codec::*;

/// `ReadShareGroupStateResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateResponse {
    /// Versions 0.
    pub results: Vec<ReadStateResult>,
}

impl Wire for ReadShareGroupStateResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.results = Wire::read(r, "ReadShareGroupStateResponse.Results")?;
        r.skip_tagged("ReadShareGroupStateResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.results.write(w, "ReadShareGroupStateResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateResponse.Results`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateResult {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionResult>,
}

impl Wire for ReadStateResult {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ReadShareGroupStateResponse.Results.TopicId")?;
        m.partitions = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions")?;
        r.skip_tagged("ReadShareGroupStateResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ReadShareGroupStateResponse.Results.TopicId")?;
        self.partitions.write(w, "ReadShareGroupStateResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateResponse.Results.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub state_epoch: i32,
    /// Versions 0.
    pub start_offset: i64,
    /// Versions 0.
    pub state_batches: Vec<StateBatch>,
}

impl Wire for PartitionResult {
    const MIN: usize = 21;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.Partition")?;
        m.error_code = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "ReadShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        m.state_epoch = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateEpoch")?;
        m.start_offset = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StartOffset")?;
        m.state_batches = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateBatches")?;
        r.skip_tagged("ReadShareGroupStateResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "ReadShareGroupStateResponse.Results.Partitions.Partition")?;
        self.error_code.write(w, "ReadShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ReadShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        self.state_epoch.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateEpoch")?;
        self.start_offset.write(w, "ReadShareGroupStateResponse.Results.Partitions.StartOffset")?;
        self.state_batches.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateBatches")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateResponse.Results.Partitions.StateBatches`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateBatch {
    /// Versions 0.
    pub first_offset: i64,
    /// Versions 0.
    pub last_offset: i64,
    /// Versions 0.
    pub delivery_state: i8,
    /// Versions 0.
    pub delivery_count: i16,
}

impl Wire for StateBatch {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.first_offset = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.LastOffset")?;
        m.delivery_state = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.DeliveryState")?;
        m.delivery_count = Wire::read(r, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.DeliveryCount")?;
        r.skip_tagged("ReadShareGroupStateResponse.Results.Partitions.StateBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.FirstOffset")?;
        self.last_offset.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.LastOffset")?;
        self.delivery_state.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.DeliveryState")?;
        self.delivery_count.write(w, "ReadShareGroupStateResponse.Results.Partitions.StateBatches.DeliveryCount")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ReadShareGroupStateResponse {
    const NAME: &'static str = "ReadShareGroupStateResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ReadShareGroupStateResponse {
    const KEY: ApiKey = ApiKey::ReadShareGroupState;
}
