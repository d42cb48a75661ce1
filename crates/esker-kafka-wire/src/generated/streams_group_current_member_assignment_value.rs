//! `StreamsGroupCurrentMemberAssignmentValue`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupCurrentMemberAssignmentValue.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupCurrentMemberAssignmentValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentValue {
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0.
    pub previous_member_epoch: i32,
    /// Versions 0.
    pub state: i8,
    /// Versions 0.
    pub active_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub standby_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub warmup_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub active_tasks_pending_revocation: Vec<TaskIds>,
    /// Versions 0.
    pub standby_tasks_pending_revocation: Vec<TaskIds>,
    /// Versions 0.
    pub warmup_tasks_pending_revocation: Vec<TaskIds>,
}

impl Wire for StreamsGroupCurrentMemberAssignmentValue {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_epoch = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        m.previous_member_epoch = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        m.state = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.State")?;
        m.active_tasks = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.ActiveTasks")?;
        m.standby_tasks = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.StandbyTasks")?;
        m.warmup_tasks = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.WarmupTasks")?;
        m.active_tasks_pending_revocation = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.ActiveTasksPendingRevocation")?;
        m.standby_tasks_pending_revocation = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.StandbyTasksPendingRevocation")?;
        m.warmup_tasks_pending_revocation = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.WarmupTasksPendingRevocation")?;
        r.skip_tagged("StreamsGroupCurrentMemberAssignmentValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_epoch.write(w, "StreamsGroupCurrentMemberAssignmentValue.MemberEpoch")?;
        self.previous_member_epoch.write(w, "StreamsGroupCurrentMemberAssignmentValue.PreviousMemberEpoch")?;
        self.state.write(w, "StreamsGroupCurrentMemberAssignmentValue.State")?;
        self.active_tasks.write(w, "StreamsGroupCurrentMemberAssignmentValue.ActiveTasks")?;
        self.standby_tasks.write(w, "StreamsGroupCurrentMemberAssignmentValue.StandbyTasks")?;
        self.warmup_tasks.write(w, "StreamsGroupCurrentMemberAssignmentValue.WarmupTasks")?;
        self.active_tasks_pending_revocation.write(w, "StreamsGroupCurrentMemberAssignmentValue.ActiveTasksPendingRevocation")?;
        self.standby_tasks_pending_revocation.write(w, "StreamsGroupCurrentMemberAssignmentValue.StandbyTasksPendingRevocation")?;
        self.warmup_tasks_pending_revocation.write(w, "StreamsGroupCurrentMemberAssignmentValue.WarmupTasksPendingRevocation")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupCurrentMemberAssignmentValue.TaskIds`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskIds {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
    /// Versions 0, null in 0, tag 0.
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TaskIds {
    fn default() -> Self {
        Self {
            subtopology_id: KString::default(),
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl Wire for TaskIds {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.SubtopologyId")?;
        m.partitions = Wire::read(r, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.Partitions")?;
        r.tagged("StreamsGroupCurrentMemberAssignmentValue.TaskIds", &mut |r, tag| {
            match tag {
                0 => m.assignment_epochs = r.nullable(true, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.AssignmentEpochs")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.SubtopologyId")?;
        self.partitions.write(w, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.Partitions")?;
        let tag0 = self.assignment_epochs.as_ref().is_none_or(|x| !x.is_empty());
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            w.nullable(self.assignment_epochs.as_ref(), true, "StreamsGroupCurrentMemberAssignmentValue.TaskIds.AssignmentEpochs")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

impl Message for StreamsGroupCurrentMemberAssignmentValue {
    const NAME: &'static str = "StreamsGroupCurrentMemberAssignmentValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
