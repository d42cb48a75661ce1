//! `ConsumerGroupCurrentMemberAssignmentValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupCurrentMemberAssignmentValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupCurrentMemberAssignmentValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0.
    pub previous_member_epoch: i32,
    /// Versions 0.
    pub state: i8,
    /// Versions 0.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// Versions 0.
    pub partitions_pending_revocation: Vec<TopicPartitions>,
}

impl Wire for ConsumerGroupCurrentMemberAssignmentValue {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_epoch = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        m.previous_member_epoch = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        m.state = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.State")?;
        m.assigned_partitions = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.AssignedPartitions")?;
        m.partitions_pending_revocation = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.PartitionsPendingRevocation")?;
        r.skip_tagged("ConsumerGroupCurrentMemberAssignmentValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_epoch.write(w, "ConsumerGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        self.previous_member_epoch.write(w, "ConsumerGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        self.state.write(w, "ConsumerGroupCurrentMemberAssignmentValue.State")?;
        self.assigned_partitions.write(w, "ConsumerGroupCurrentMemberAssignmentValue.AssignedPartitions")?;
        self.partitions_pending_revocation.write(w, "ConsumerGroupCurrentMemberAssignmentValue.PartitionsPendingRevocation")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPartitions {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<i32>,
    /// Versions 0, null in 0, tag 0.
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TopicPartitions {
    fn default() -> Self {
        Self {
            topic_id: Uuid::nil(),
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl Wire for TopicPartitions {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.Partitions")?;
        r.tagged("ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions", &mut |r, tag| {
            match tag {
                0 => m.assignment_epochs = r.nullable(true, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.AssignmentEpochs")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.Partitions")?;
        let tag0 = self.assignment_epochs.as_ref().is_none_or(|x| !x.is_empty());
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            w.nullable(self.assignment_epochs.as_ref(), true, "ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions.AssignmentEpochs")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

impl Message for ConsumerGroupCurrentMemberAssignmentValue {
    const NAME: &'static str = "ConsumerGroupCurrentMemberAssignmentValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
