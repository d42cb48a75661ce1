//! `WriteShareGroupStateRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/WriteShareGroupStateRequest.json`, not to be edited.

use crate::codec::*;

/// `WriteShareGroupStateRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteShareGroupStateRequest {
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1.
    pub topics: Vec<WriteStateData>,
}

impl Wire for WriteShareGroupStateRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "WriteShareGroupStateRequest.GroupId")?;
        m.topics = Wire::read(r, "WriteShareGroupStateRequest.Topics")?;
        r.skip_tagged("WriteShareGroupStateRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "WriteShareGroupStateRequest.GroupId")?;
        self.topics.write(w, "WriteShareGroupStateRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteShareGroupStateRequest.Topics`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteStateData {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<PartitionData>,
}

impl Wire for WriteStateData {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "WriteShareGroupStateRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions")?;
        r.skip_tagged("WriteShareGroupStateRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "WriteShareGroupStateRequest.Topics.TopicId")?;
        self.partitions.write(w, "WriteShareGroupStateRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteShareGroupStateRequest.Topics.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionData {
    /// Versions 0-1.
    pub partition: i32,
    /// Versions 0-1.
    pub state_epoch: i32,
    /// Versions 0-1.
    pub leader_epoch: i32,
    /// Versions 0-1.
    pub start_offset: i64,
    /// Versions 1, default -1, ignorable.
    pub delivery_complete_count: i32,
    /// Versions 0-1.
    pub state_batches: Vec<StateBatch>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}

impl Wire for PartitionData {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.Partition")?;
        m.state_epoch = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateEpoch")?;
        m.leader_epoch = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.LeaderEpoch")?;
        m.start_offset = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StartOffset")?;
        if v >= 1 { m.delivery_complete_count = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.DeliveryCompleteCount")?; }
        m.state_batches = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches")?;
        r.skip_tagged("WriteShareGroupStateRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition.write(w, "WriteShareGroupStateRequest.Topics.Partitions.Partition")?;
        self.state_epoch.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateEpoch")?;
        self.leader_epoch.write(w, "WriteShareGroupStateRequest.Topics.Partitions.LeaderEpoch")?;
        self.start_offset.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StartOffset")?;
        if v >= 1 { self.delivery_complete_count.write(w, "WriteShareGroupStateRequest.Topics.Partitions.DeliveryCompleteCount")?; }
        self.state_batches.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteShareGroupStateRequest.Topics.Partitions.StateBatches`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateBatch {
    /// Versions 0-1.
    pub first_offset: i64,
    /// Versions 0-1.
    pub last_offset: i64,
    /// Versions 0-1.
    pub delivery_state: i8,
    /// Versions 0-1.
    pub delivery_count: i16,
}

impl Wire for StateBatch {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.first_offset = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.LastOffset")?;
        m.delivery_state = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.DeliveryState")?;
        m.delivery_count = Wire::read(r, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.DeliveryCount")?;
        r.skip_tagged("WriteShareGroupStateRequest.Topics.Partitions.StateBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.FirstOffset")?;
        self.last_offset.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.LastOffset")?;
        self.delivery_state.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.DeliveryState")?;
        self.delivery_count.write(w, "WriteShareGroupStateRequest.Topics.Partitions.StateBatches.DeliveryCount")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for WriteShareGroupStateRequest {
    const NAME: &'static str = "WriteShareGroupStateRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for WriteShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::WriteShareGroupState;
    type Response = super::write_share_group_state_response::WriteShareGroupStateResponse;
}
