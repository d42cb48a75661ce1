//! `OffsetDeleteRequest`: versions 0, flexible none. Generated from `proto/kafka/OffsetDeleteRequest.json`, not to be edited.

use crate::codec::*;

/// `OffsetDeleteRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

impl Wire for OffsetDeleteRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "OffsetDeleteRequest.GroupId")?;
        m.topics = Wire::read(r, "OffsetDeleteRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "OffsetDeleteRequest.GroupId")?;
        self.topics.write(w, "OffsetDeleteRequest.Topics")?;
        Ok(())
    }
}

/// `OffsetDeleteRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequestTopic {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

impl Wire for OffsetDeleteRequestTopic {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "OffsetDeleteRequest.Topics.Name")?;
        m.partitions = Wire::read(r, "OffsetDeleteRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "OffsetDeleteRequest.Topics.Name")?;
        self.partitions.write(w, "OffsetDeleteRequest.Topics.Partitions")?;
        Ok(())
    }
}

/// `OffsetDeleteRequest.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequestPartition {
    /// Versions 0.
    pub partition_index: i32,
}

impl Wire for OffsetDeleteRequestPartition {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetDeleteRequest.Topics.Partitions.PartitionIndex")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "OffsetDeleteRequest.Topics.Partitions.PartitionIndex")?;
        Ok(())
    }
}

impl Message for OffsetDeleteRequest {
    const NAME: &'static str = "OffsetDeleteRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl Request for OffsetDeleteRequest {
    const KEY: ApiKey = ApiKey::OffsetDelete;
    type Response = super::offset_delete_response::OffsetDeleteResponse;
}
