//! `DescribeQuorumRequest`: versions 0-2, flexible 0-2. Generated from `proto/kafka/DescribeQuorumRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeQuorumRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeQuorumRequest {
    /// Versions 0-2.
    pub topics: Vec<TopicData>,
}

impl Wire for DescribeQuorumRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "DescribeQuorumRequest.Topics")?;
        r.skip_tagged("DescribeQuorumRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "DescribeQuorumRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumRequest.Topics`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicData {
    /// Versions 0-2.
    pub topic_name: KString,
    /// Versions 0-2.
    pub partitions: Vec<PartitionData>,
}

impl Wire for TopicData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeQuorumRequest.Topics.TopicName")?;
        m.partitions = Wire::read(r, "DescribeQuorumRequest.Topics.Partitions")?;
        r.skip_tagged("DescribeQuorumRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeQuorumRequest.Topics.TopicName")?;
        self.partitions.write(w, "DescribeQuorumRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumRequest.Topics.Partitions`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 0-2.
    pub partition_index: i32,
}

impl Wire for PartitionData {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DescribeQuorumRequest.Topics.Partitions.PartitionIndex")?;
        r.skip_tagged("DescribeQuorumRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "DescribeQuorumRequest.Topics.Partitions.PartitionIndex")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeQuorumRequest {
    const NAME: &'static str = "DescribeQuorumRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeQuorumRequest {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
    type Response = super::describe_quorum_response::DescribeQuorumResponse;
}
