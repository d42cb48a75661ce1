//! `ReadShareGroupStateRequest`: versions 0, flexible 0. Generated from `proto/kafka/ReadShareGroupStateRequest.json`, not to be edited.

use crate::codec::*;

/// `ReadShareGroupStateRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<ReadStateData>,
}

impl Wire for ReadShareGroupStateRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ReadShareGroupStateRequest.GroupId")?;
        m.topics = Wire::read(r, "ReadShareGroupStateRequest.Topics")?;
        r.skip_tagged("ReadShareGroupStateRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ReadShareGroupStateRequest.GroupId")?;
        self.topics.write(w, "ReadShareGroupStateRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateData {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionData>,
}

impl Wire for ReadStateData {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ReadShareGroupStateRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "ReadShareGroupStateRequest.Topics.Partitions")?;
        r.skip_tagged("ReadShareGroupStateRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ReadShareGroupStateRequest.Topics.TopicId")?;
        self.partitions.write(w, "ReadShareGroupStateRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateRequest.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub leader_epoch: i32,
}

impl Wire for PartitionData {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "ReadShareGroupStateRequest.Topics.Partitions.Partition")?;
        m.leader_epoch = Wire::read(r, "ReadShareGroupStateRequest.Topics.Partitions.LeaderEpoch")?;
        r.skip_tagged("ReadShareGroupStateRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "ReadShareGroupStateRequest.Topics.Partitions.Partition")?;
        self.leader_epoch.write(w, "ReadShareGroupStateRequest.Topics.Partitions.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ReadShareGroupStateRequest {
    const NAME: &'static str = "ReadShareGroupStateRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ReadShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::ReadShareGroupState;
    type Response = super::read_share_group_state_response::ReadShareGroupStateResponse;
}
