//! `DeleteShareGroupOffsetsRequest`: versions 0, flexible 0. Generated from `proto/kafka/DeleteShareGroupOffsetsRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteShareGroupOffsetsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topics: Vec<DeleteShareGroupOffsetsRequestTopic>,
}

impl Wire for DeleteShareGroupOffsetsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "DeleteShareGroupOffsetsRequest.GroupId")?;
        m.topics = Wire::read(r, "DeleteShareGroupOffsetsRequest.Topics")?;
        r.skip_tagged("DeleteShareGroupOffsetsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "DeleteShareGroupOffsetsRequest.GroupId")?;
        self.topics.write(w, "DeleteShareGroupOffsetsRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupOffsetsRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsRequestTopic {
    /// Versions 0.
    pub topic_name: KString,
}

impl Wire for DeleteShareGroupOffsetsRequestTopic {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DeleteShareGroupOffsetsRequest.Topics.TopicName")?;
        r.skip_tagged("DeleteShareGroupOffsetsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DeleteShareGroupOffsetsRequest.Topics.TopicName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteShareGroupOffsetsRequest {
    const NAME: &'static str = "DeleteShareGroupOffsetsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DeleteShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::DeleteShareGroupOffsets;
    type Response = super::delete_share_group_offsets_response::DeleteShareGroupOffsetsResponse;
}
