//! `ShareGroupCurrentMemberAssignmentValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareGroupCurrentMemberAssignmentValue.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupCurrentMemberAssignmentValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupCurrentMemberAssignmentValue {
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0.
    pub previous_member_epoch: i32,
    /// Versions 0.
    pub state: i8,
    /// Versions 0.
    pub assigned_partitions: Vec<TopicPartitions>,
}

impl Wire for ShareGroupCurrentMemberAssignmentValue {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_epoch = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        m.previous_member_epoch = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        m.state = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.State")?;
        m.assigned_partitions = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.AssignedPartitions")?;
        r.skip_tagged("ShareGroupCurrentMemberAssignmentValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_epoch.write(w, "ShareGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        self.previous_member_epoch.write(w, "ShareGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        self.state.write(w, "ShareGroupCurrentMemberAssignmentValue.State")?;
        self.assigned_partitions.write(w, "ShareGroupCurrentMemberAssignmentValue.AssignedPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupCurrentMemberAssignmentValue.TopicPartitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ShareGroupCurrentMemberAssignmentValue.TopicPartitions.Partitions")?;
        r.skip_tagged("ShareGroupCurrentMemberAssignmentValue.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupCurrentMemberAssignmentValue.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ShareGroupCurrentMemberAssignmentValue.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupCurrentMemberAssignmentValue {
    const NAME: &'static str = "ShareGroupCurrentMemberAssignmentValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
