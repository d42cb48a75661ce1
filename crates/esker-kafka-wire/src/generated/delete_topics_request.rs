//! `DeleteTopicsRequest`: versions 1-6, flexible 4-6. Generated from `proto/kafka/DeleteTopicsRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteTopicsRequest`: a message of versions 1-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicsRequest {
    /// Versions 6.
    pub topics: Vec<DeleteTopicState>,
    /// Versions 1-5, ignorable.
    pub topic_names: Vec<KString>,
    /// Versions 1-6.
    pub timeout_ms: i32,
}

impl Wire for DeleteTopicsRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 6 { m.topics = Wire::read(r, "DeleteTopicsRequest.Topics")?; }
        if v <= 5 { m.topic_names = Wire::read(r, "DeleteTopicsRequest.TopicNames")?; }
        m.timeout_ms = Wire::read(r, "DeleteTopicsRequest.TimeoutMs")?;
        r.skip_tagged("DeleteTopicsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 6 { self.topics.write(w, "DeleteTopicsRequest.Topics")?; } else if !self.topics.is_empty() { return w.lacks("DeleteTopicsRequest.Topics"); }
        if v <= 5 { self.topic_names.write(w, "DeleteTopicsRequest.TopicNames")?; }
        self.timeout_ms.write(w, "DeleteTopicsRequest.TimeoutMs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteTopicsRequest.Topics`: a structure of versions 6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicState {
    /// Versions 6, null in 6, default null.
    pub name: Option<KString>,
    /// Versions 6.
    pub topic_id: Uuid,
}

impl Wire for DeleteTopicState {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = r.nullable(true, "DeleteTopicsRequest.Topics.Name")?;
        m.topic_id = Wire::read(r, "DeleteTopicsRequest.Topics.TopicId")?;
        r.skip_tagged("DeleteTopicsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.name.as_ref(), true, "DeleteTopicsRequest.Topics.Name")?;
        self.topic_id.write(w, "DeleteTopicsRequest.Topics.TopicId")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteTopicsRequest {
    const NAME: &'static str = "DeleteTopicsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for DeleteTopicsRequest {
    const KEY: ApiKey = ApiKey::DeleteTopics;
    type Response = super::delete_topics_response::DeleteTopicsResponse;
}
