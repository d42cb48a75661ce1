//! `InitializeShareGroupStateRequest`: versions 0, flexible 0. Generated from `proto/kafka/InitializeShareGroupStateRequest.json`, not to be edited.

use crate::codec::*;

/// `InitializeShareGroupStateRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeShareGroupStateRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<InitializeStateData>,
}

impl Wire for InitializeShareGroupStateRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "InitializeShareGroupStateRequest.GroupId")?;
        m.topics = Wire::read(r, "InitializeShareGroupStateRequest.Topics")?;
        r.skip_tagged("InitializeShareGroupStateRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "InitializeShareGroupStateRequest.GroupId")?;
        self.topics.write(w, "InitializeShareGroupStateRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `InitializeShareGroupStateRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeStateData {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionData>,
}

impl Wire for InitializeStateData {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "InitializeShareGroupStateRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "InitializeShareGroupStateRequest.Topics.Partitions")?;
        r.skip_tagged("InitializeShareGroupStateRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "InitializeShareGroupStateRequest.Topics.TopicId")?;
        self.partitions.write(w, "InitializeShareGroupStateRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `InitializeShareGroupStateRequest.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub state_epoch: i32,
    /// Versions 0.
    pub start_offset: i64,
}

impl Wire for PartitionData {
    const MIN: usize = 17;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "InitializeShareGroupStateRequest.Topics.Partitions.Partition")?;
        m.state_epoch = Wire::read(r, "InitializeShareGroupStateRequest.Topics.Partitions.StateEpoch")?;
        m.start_offset = Wire::read(r, "InitializeShareGroupStateRequest.Topics.Partitions.StartOffset")?;
        r.skip_tagged("InitializeShareGroupStateRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "InitializeShareGroupStateRequest.Topics.Partitions.Partition")?;
        self.state_epoch.write(w, "InitializeShareGroupStateRequest.Topics.Partitions.StateEpoch")?;
        self.start_offset.write(w, "InitializeShareGroupStateRequest.Topics.Partitions.StartOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for InitializeShareGroupStateRequest {
    const NAME: &'static str = "InitializeShareGroupStateRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for InitializeShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::InitializeShareGroupState;
    type Response = super::initialize_share_group_state_response::InitializeShareGroupStateResponse;
}
