//! `DeleteShareGroupStateRequest`: versions 0, flexible 0. Generated from `proto/kafka/DeleteShareGroupStateRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteShareGroupStateRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupStateRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<DeleteStateData>,
}

impl Wire for DeleteShareGroupStateRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "DeleteShareGroupStateRequest.GroupId")?;
        m.topics = Wire::read(r, "DeleteShareGroupStateRequest.Topics")?;
        r.skip_tagged("DeleteShareGroupStateRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "DeleteShareGroupStateRequest.GroupId")?;
        self.topics.write(w, "DeleteShareGroupStateRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupStateRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteStateData {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionData>,
}

impl Wire for DeleteStateData {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "DeleteShareGroupStateRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "DeleteShareGroupStateRequest.Topics.Partitions")?;
        r.skip_tagged("DeleteShareGroupStateRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "DeleteShareGroupStateRequest.Topics.TopicId")?;
        self.partitions.write(w, "DeleteShareGroupStateRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupStateRequest.Topics.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 0.
    pub partition: i32,
}

impl Wire for PartitionData {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "DeleteShareGroupStateRequest.Topics.Partitions.Partition")?;
        r.skip_tagged("DeleteShareGroupStateRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "DeleteShareGroupStateRequest.Topics.Partitions.Partition")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteShareGroupStateRequest {
    const NAME: &'static str = "DeleteShareGroupStateRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DeleteShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::DeleteShareGroupState;
    type Response = super::delete_share_group_state_response::DeleteShareGroupStateResponse;
}
