//! `MetadataRequest`: versions 0-13, flexible 9-13. Generated from `proto/kafka/MetadataRequest.json`, not to be edited.

use crate::codec::*;

/// `MetadataRequest`: a message of versions 0-13.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataRequest {
    /// Versions 0-13, null in 1-13.
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// Versions 4-13, default true.
    pub allow_auto_topic_creation: bool,
    /// Versions 8-10.
    pub include_cluster_authorized_operations: bool,
    /// Versions 8-13.
    pub include_topic_authorized_operations: bool,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl Wire for MetadataRequest {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.topics = r.nullable(v >= 1, "MetadataRequest.Topics")?;
        if v >= 4 { m.allow_auto_topic_creation = Wire::read(r, "MetadataRequest.AllowAutoTopicCreation")?; }
        if (8..=10).contains(&v) { m.include_cluster_authorized_operations = Wire::read(r, "MetadataRequest.IncludeClusterAuthorizedOperations")?; }
        if v >= 8 { m.include_topic_authorized_operations = Wire::read(r, "MetadataRequest.IncludeTopicAuthorizedOperations")?; }
        r.skip_tagged("MetadataRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        w.nullable(self.topics.as_ref(), v >= 1, "MetadataRequest.Topics")?;
        if v >= 4 { self.allow_auto_topic_creation.write(w, "MetadataRequest.AllowAutoTopicCreation")?; } else if !self.allow_auto_topic_creation { return w.lacks("MetadataRequest.AllowAutoTopicCreation"); }
        if (8..=10).contains(&v) { self.include_cluster_authorized_operations.write(w, "MetadataRequest.IncludeClusterAuthorizedOperations")?; } else if self.include_cluster_authorized_operations { return w.lacks("MetadataRequest.IncludeClusterAuthorizedOperations"); }
        if v >= 8 { self.include_topic_authorized_operations.write(w, "MetadataRequest.IncludeTopicAuthorizedOperations")?; } else if self.include_topic_authorized_operations { return w.lacks("MetadataRequest.IncludeTopicAuthorizedOperations"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `MetadataRequest.Topics`: a structure of versions 0-13.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataRequestTopic {
    /// Versions 10-13, ignorable.
    pub topic_id: Uuid,
    /// Versions 0-13, null in 10-13.
    pub name: Option<KString>,
}

impl Default for MetadataRequestTopic {
    fn default() -> Self {
        Self {
            topic_id: Uuid::nil(),
            name: Some(KString::default()),
        }
    }
}

impl Wire for MetadataRequestTopic {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 10 { m.topic_id = Wire::read(r, "MetadataRequest.Topics.TopicId")?; }
        m.name = r.nullable(v >= 10, "MetadataRequest.Topics.Name")?;
        r.skip_tagged("MetadataRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 10 { self.topic_id.write(w, "MetadataRequest.Topics.TopicId")?; }
        w.nullable(self.name.as_ref(), v >= 10, "MetadataRequest.Topics.Name")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for MetadataRequest {
    const NAME: &'static str = "MetadataRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 13;
    const FLEXIBLE_FROM: i16 = 9;
}

impl Request for MetadataRequest {
    const KEY: ApiKey = ApiKey::Metadata;
    type Response = super::metadata_response::MetadataResponse;
}
