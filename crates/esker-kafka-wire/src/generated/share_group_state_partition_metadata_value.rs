//! `ShareGroupStatePartitionMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareGroupStatePartitionMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupStatePartitionMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataValue {
    /// Versions 0.
    pub initializing_topics: Vec<TopicPartitionsInfo>,
    /// Versions 0.
    pub initialized_topics: Vec<TopicPartitionsInfo>,
    /// Versions 0.
    pub deleting_topics: Vec<TopicInfo>,
}

impl Wire for ShareGroupStatePartitionMetadataValue {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.initializing_topics = Wire::read(r, "ShareGroupStatePartitionMetadataValue.InitializingTopics")?;
        m.initialized_topics = Wire::read(r, "ShareGroupStatePartitionMetadataValue.InitializedTopics")?;
        m.deleting_topics = Wire::read(r, "ShareGroupStatePartitionMetadataValue.DeletingTopics")?;
        r.skip_tagged("ShareGroupStatePartitionMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.initializing_topics.write(w, "ShareGroupStatePartitionMetadataValue.InitializingTopics")?;
        self.initialized_topics.write(w, "ShareGroupStatePartitionMetadataValue.InitializedTopics")?;
        self.deleting_topics.write(w, "ShareGroupStatePartitionMetadataValue.DeletingTopics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitionsInfo {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitionsInfo {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.TopicId")?;
        m.topic_name = Wire::read(r, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.TopicName")?;
        m.partitions = Wire::read(r, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.Partitions")?;
        r.skip_tagged("ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.TopicId")?;
        self.topic_name.write(w, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.TopicName")?;
        self.partitions.write(w, "ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupStatePartitionMetadataValue.TopicInfo`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub topic_name: KString,
}

impl Wire for TopicInfo {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareGroupStatePartitionMetadataValue.TopicInfo.TopicId")?;
        m.topic_name = Wire::read(r, "ShareGroupStatePartitionMetadataValue.TopicInfo.TopicName")?;
        r.skip_tagged("ShareGroupStatePartitionMetadataValue.TopicInfo")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupStatePartitionMetadataValue.TopicInfo.TopicId")?;
        self.topic_name.write(w, "ShareGroupStatePartitionMetadataValue.TopicInfo.TopicName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupStatePartitionMetadataValue {
    const NAME: &'static str = "ShareGroupStatePartitionMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
