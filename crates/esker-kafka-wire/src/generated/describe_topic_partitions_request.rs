//! `DescribeTopicPartitionsRequest`: versions 0, flexible 0. Generated from `proto/kafka/DescribeTopicPartitionsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeTopicPartitionsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsRequest {
    /// Versions 0.
    pub topics: Vec<TopicRequest>,
    /// Versions 0, default 2000.
    pub response_partition_limit: i32,
    /// Versions 0, null in 0, default null.
    pub cursor: Option<Cursor>,
}

impl Default for DescribeTopicPartitionsRequest {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            response_partition_limit: 2000,
            cursor: None,
        }
    }
}

impl Wire for DescribeTopicPartitionsRequest {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "DescribeTopicPartitionsRequest.Topics")?;
        m.response_partition_limit = Wire::read(r, "DescribeTopicPartitionsRequest.ResponsePartitionLimit")?;
        m.cursor = r.nullable(true, "DescribeTopicPartitionsRequest.Cursor")?;
        r.skip_tagged("DescribeTopicPartitionsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "DescribeTopicPartitionsRequest.Topics")?;
        self.response_partition_limit.write(w, "DescribeTopicPartitionsRequest.ResponsePartitionLimit")?;
        w.nullable(self.cursor.as_ref(), true, "DescribeTopicPartitionsRequest.Cursor")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTopicPartitionsRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRequest {
    /// Versions 0.
    pub name: KString,
}

impl Wire for TopicRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeTopicPartitionsRequest.Topics.Name")?;
        r.skip_tagged("DescribeTopicPartitionsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeTopicPartitionsRequest.Topics.Name")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTopicPartitionsRequest.Cursor`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cursor {
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub partition_index: i32,
}

impl Wire for Cursor {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeTopicPartitionsRequest.Cursor.TopicName")?;
        m.partition_index = Wire::read(r, "DescribeTopicPartitionsRequest.Cursor.PartitionIndex")?;
        r.skip_tagged("DescribeTopicPartitionsRequest.Cursor")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeTopicPartitionsRequest.Cursor.TopicName")?;
        self.partition_index.write(w, "DescribeTopicPartitionsRequest.Cursor.PartitionIndex")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeTopicPartitionsRequest {
    const NAME: &'static str = "DescribeTopicPartitionsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeTopicPartitionsRequest {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
    type Response = super::describe_topic_partitions_response::DescribeTopicPartitionsResponse;
}
