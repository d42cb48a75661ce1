//! `DescribeShareGroupOffsetsRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/DescribeShareGroupOffsetsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeShareGroupOffsetsRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequest {
    /// Versions 0-1.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
}

impl Wire for DescribeShareGroupOffsetsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.groups = Wire::read(r, "DescribeShareGroupOffsetsRequest.Groups")?;
        r.skip_tagged("DescribeShareGroupOffsetsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.groups.write(w, "DescribeShareGroupOffsetsRequest.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsRequest.Groups`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestGroup {
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1, null in 0-1.
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
}

impl Default for DescribeShareGroupOffsetsRequestGroup {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            topics: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeShareGroupOffsetsRequestGroup {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "DescribeShareGroupOffsetsRequest.Groups.GroupId")?;
        m.topics = r.nullable(true, "DescribeShareGroupOffsetsRequest.Groups.Topics")?;
        r.skip_tagged("DescribeShareGroupOffsetsRequest.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "DescribeShareGroupOffsetsRequest.Groups.GroupId")?;
        w.nullable(self.topics.as_ref(), true, "DescribeShareGroupOffsetsRequest.Groups.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsRequest.Groups.Topics`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequestTopic {
    /// Versions 0-1.
    pub topic_name: KString,
    /// Versions 0-1.
    pub partitions: Vec<i32>,
}

impl Wire for DescribeShareGroupOffsetsRequestTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeShareGroupOffsetsRequest.Groups.Topics.TopicName")?;
        m.partitions = Wire::read(r, "DescribeShareGroupOffsetsRequest.Groups.Topics.Partitions")?;
        r.skip_tagged("DescribeShareGroupOffsetsRequest.Groups.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeShareGroupOffsetsRequest.Groups.Topics.TopicName")?;
        self.partitions.write(w, "DescribeShareGroupOffsetsRequest.Groups.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeShareGroupOffsetsRequest {
    const NAME: &'static str = "DescribeShareGroupOffsetsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::DescribeShareGroupOffsets;
    type Response = super::describe_share_group_offsets_response::DescribeShareGroupOffsetsResponse;
}
