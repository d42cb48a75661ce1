//! `ConsumerGroupPartitionMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupPartitionMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupPartitionMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataValue {
    /// Versions 0.
    pub topics: Vec<TopicMetadata>,
}

impl Wire for ConsumerGroupPartitionMetadataValue {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics")?;
        r.skip_tagged("ConsumerGroupPartitionMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "ConsumerGroupPartitionMetadataValue.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupPartitionMetadataValue.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicMetadata {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub num_partitions: i32,
    /// Versions 0.
    pub partition_metadata: Vec<PartitionMetadata>,
}

impl Wire for TopicMetadata {
    const MIN: usize = 23;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.TopicId")?;
        m.topic_name = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.TopicName")?;
        m.num_partitions = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.NumPartitions")?;
        m.partition_metadata = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata")?;
        r.skip_tagged("ConsumerGroupPartitionMetadataValue.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupPartitionMetadataValue.Topics.TopicId")?;
        self.topic_name.write(w, "ConsumerGroupPartitionMetadataValue.Topics.TopicName")?;
        self.num_partitions.write(w, "ConsumerGroupPartitionMetadataValue.Topics.NumPartitions")?;
        self.partition_metadata.write(w, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionMetadata {
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub racks: Vec<KString>,
}

impl Wire for PartitionMetadata {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata.Partition")?;
        m.racks = Wire::read(r, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata.Racks")?;
        r.skip_tagged("ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata.Partition")?;
        self.racks.write(w, "ConsumerGroupPartitionMetadataValue.Topics.PartitionMetadata.Racks")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupPartitionMetadataValue {
    const NAME: &'static str = "ConsumerGroupPartitionMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
