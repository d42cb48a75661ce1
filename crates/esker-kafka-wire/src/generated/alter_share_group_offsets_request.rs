//! `AlterShareGroupOffsetsRequest`: versions 0, flexible 0. Generated from `proto/kafka/AlterShareGroupOffsetsRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterShareGroupOffsetsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<AlterShareGroupOffsetsRequestTopic>,
}

impl Wire for AlterShareGroupOffsetsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "AlterShareGroupOffsetsRequest.GroupId")?;
        m.topics = Wire::read(r, "AlterShareGroupOffsetsRequest.Topics")?;
        r.skip_tagged("AlterShareGroupOffsetsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "AlterShareGroupOffsetsRequest.GroupId")?;
        self.topics.write(w, "AlterShareGroupOffsetsRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterShareGroupOffsetsRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequestTopic {
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub partitions: Vec<AlterShareGroupOffsetsRequestPartition>,
}

impl Wire for AlterShareGroupOffsetsRequestTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "AlterShareGroupOffsetsRequest.Topics.TopicName")?;
        m.partitions = Wire::read(r, "AlterShareGroupOffsetsRequest.Topics.Partitions")?;
        r.skip_tagged("AlterShareGroupOffsetsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "AlterShareGroupOffsetsRequest.Topics.TopicName")?;
        self.partitions.write(w, "AlterShareGroupOffsetsRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterShareGroupOffsetsRequest.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequestPartition {
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub start_offset: i64,
}

impl Wire for AlterShareGroupOffsetsRequestPartition {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AlterShareGroupOffsetsRequest.Topics.Partitions.PartitionIndex")?;
        m.start_offset = Wire::read(r, "AlterShareGroupOffsetsRequest.Topics.Partitions.StartOffset")?;
        r.skip_tagged("AlterShareGroupOffsetsRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AlterShareGroupOffsetsRequest.Topics.Partitions.PartitionIndex")?;
        self.start_offset.write(w, "AlterShareGroupOffsetsRequest.Topics.Partitions.StartOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterShareGroupOffsetsRequest {
    const NAME: &'static str = "AlterShareGroupOffsetsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for AlterShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::AlterShareGroupOffsets;
    type Response = super::alter_share_group_offsets_response::AlterShareGroupOffsetsResponse;
}
