//! `ReadShareGroupStateSummaryRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ReadShareGroupStateSummaryRequest.json`, not to be edited.

use crate::codec::*;

/// `ReadShareGroupStateSummaryRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryRequest {
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1.
    pub topics: Vec<ReadStateSummaryData>,
}

impl Wire for ReadShareGroupStateSummaryRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ReadShareGroupStateSummaryRequest.GroupId")?;
        m.topics = Wire::read(r, "ReadShareGroupStateSummaryRequest.Topics")?;
        r.skip_tagged("ReadShareGroupStateSummaryRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ReadShareGroupStateSummaryRequest.GroupId")?;
        self.topics.write(w, "ReadShareGroupStateSummaryRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateSummaryRequest.Topics`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateSummaryData {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<PartitionData>,
}

impl Wire for ReadStateSummaryData {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ReadShareGroupStateSummaryRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "ReadShareGroupStateSummaryRequest.Topics.Partitions")?;
        r.skip_tagged("ReadShareGroupStateSummaryRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ReadShareGroupStateSummaryRequest.Topics.TopicId")?;
        self.partitions.write(w, "ReadShareGroupStateSummaryRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ReadShareGroupStateSummaryRequest.Topics.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 0-1.
    pub partition: i32,
    /// Versions 0-1.
    pub leader_epoch: i32,
}

impl Wire for PartitionData {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "ReadShareGroupStateSummaryRequest.Topics.Partitions.Partition")?;
        m.leader_epoch = Wire::read(r, "ReadShareGroupStateSummaryRequest.Topics.Partitions.LeaderEpoch")?;
        r.skip_tagged("ReadShareGroupStateSummaryRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "ReadShareGroupStateSummaryRequest.Topics.Partitions.Partition")?;
        self.leader_epoch.write(w, "ReadShareGroupStateSummaryRequest.Topics.Partitions.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ReadShareGroupStateSummaryRequest {
    const NAME: &'static str = "ReadShareGroupStateSummaryRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ReadShareGroupStateSummaryRequest {
    const KEY: ApiKey = ApiKey::ReadShareGroupStateSummary;
    type Response = super::read_share_group_state_summary_response::ReadShareGroupStateSummaryResponse;
}
