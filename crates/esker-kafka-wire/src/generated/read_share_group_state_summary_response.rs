//! `ReadShareGroupStateSummaryResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ReadShareGroupStateSummaryResponse.json`, not to be edited.

use crate::codec::*;

/// `ReadShareGroupStateSummaryResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryResponse {
    /// Versions 0-1.
    pub results: Vec<ReadStateSummaryResult>,
}

impl Wire for ReadShareGroupStateSummaryResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.results = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results")?;
        r.skip_tagged("ReadShareGroupStateSummaryResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.results.write(w, "ReadShareGroupStateSummaryResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateSummaryResponse.Results`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateSummaryResult {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<PartitionResult>,
}

impl Wire for ReadStateSummaryResult {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.TopicId")?;
        m.partitions = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions")?;
        r.skip_tagged("ReadShareGroupStateSummaryResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ReadShareGroupStateSummaryResponse.Results.TopicId")?;
        self.partitions.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateSummaryResponse.Results.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionResult {
    /// Versions 0-1.
    pub partition: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
    /// Versions 0-1.
    pub state_epoch: i32,
    /// Versions 0-1.
    pub leader_epoch: i32,
    /// Versions 0-1.
    pub start_offset: i64,
    /// Versions 1, default -1, ignorable.
    pub delivery_complete_count: i32,
}

impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition: 0,
            error_code: 0,
            error_message: None,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
        }
    }
}

impl Wire for PartitionResult {
    const MIN: usize = 24;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.Partition")?;
        m.error_code = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "ReadShareGroupStateSummaryResponse.Results.Partitions.ErrorMessage")?;
        m.state_epoch = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.StateEpoch")?;
        m.leader_epoch = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.LeaderEpoch")?;
        m.start_offset = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.StartOffset")?;
        if v >= 1 { m.delivery_complete_count = Wire::read(r, "ReadShareGroupStateSummaryResponse.Results.Partitions.DeliveryCompleteCount")?; }
        r.skip_tagged("ReadShareGroupStateSummaryResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.Partition")?;
        self.error_code.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ReadShareGroupStateSummaryResponse.Results.Partitions.ErrorMessage")?;
        self.state_epoch.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.StateEpoch")?;
        self.leader_epoch.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.LeaderEpoch")?;
        self.start_offset.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.StartOffset")?;
        if v >= 1 { self.delivery_complete_count.write(w, "ReadShareGroupStateSummaryResponse.Results.Partitions.DeliveryCompleteCount")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ReadShareGroupStateSummaryResponse {
    const NAME: &'static str = "ReadShareGroupStateSummaryResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ReadShareGroupStateSummaryResponse {
    const KEY: ApiKey = ApiKey::ReadShareGroupStateSummary;
}
