//! `ConsumerGroupTargetAssignmentMemberValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupTargetAssignmentMemberValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupTargetAssignmentMemberValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMemberValue {
    /// Versions 0.
    pub topic_partitions: Vec<TopicPartition>,
}

impl Wire for ConsumerGroupTargetAssignmentMemberValue {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions")?;
        r.skip_tagged("ConsumerGroupTargetAssignmentMemberValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupTargetAssignmentMemberValue.TopicPartitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartition {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartition {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions.Partitions")?;
        r.skip_tagged("ConsumerGroupTargetAssignmentMemberValue.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ConsumerGroupTargetAssignmentMemberValue.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupTargetAssignmentMemberValue {
    const NAME: &'static str = "ConsumerGroupTargetAssignmentMemberValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
