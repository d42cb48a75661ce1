//! `ShareGroupTargetAssignmentMemberValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareGroupTargetAssignmentMemberValue.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupTargetAssignmentMemberValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMemberValue {
    /// Versions 0.
    pub topic_partitions: Vec<TopicPartition>,
}

impl Wire for ShareGroupTargetAssignmentMemberValue {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ShareGroupTargetAssignmentMemberValue.TopicPartitions")?;
        r.skip_tagged("ShareGroupTargetAssignmentMemberValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ShareGroupTargetAssignmentMemberValue.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupTargetAssignmentMemberValue.TopicPartitions`: a structure of versions 0.
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
        m.topic_id = Wire::read(r, "ShareGroupTargetAssignmentMemberValue.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ShareGroupTargetAssignmentMemberValue.TopicPartitions.Partitions")?;
        r.skip_tagged("ShareGroupTargetAssignmentMemberValue.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupTargetAssignmentMemberValue.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ShareGroupTargetAssignmentMemberValue.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupTargetAssignmentMemberValue {
    const NAME: &'static str = "ShareGroupTargetAssignmentMemberValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
