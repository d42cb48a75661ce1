//! `DescribeProducersRequest`: versions 0, flexible 0. Generated from `proto/kafka/DescribeProducersRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeProducersRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeProducersRequest {
    /// Versions 0.
    pub topics: Vec<TopicRequest>,
}

impl Wire for DescribeProducersRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "DescribeProducersRequest.Topics")?;
        r.skip_tagged("DescribeProducersRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "DescribeProducersRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeProducersRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRequest {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partition_indexes: Vec<i32>,
}

impl Wire for TopicRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeProducersRequest.Topics.Name")?;
        m.partition_indexes = Wire::read(r, "DescribeProducersRequest.Topics.PartitionIndexes")?;
        r.skip_tagged("DescribeProducersRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeProducersRequest.Topics.Name")?;
        self.partition_indexes.write(w, "DescribeProducersRequest.Topics.PartitionIndexes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeProducersRequest {
    const NAME: &'static str = "DescribeProducersRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeProducersRequest {
    const KEY: ApiKey = ApiKey::DescribeProducers;
    type Response = super::describe_producers_response::DescribeProducersResponse;
}
