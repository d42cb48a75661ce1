//! `StreamsGroupTargetAssignmentMemberValue`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupTargetAssignmentMemberValue.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupTargetAssignmentMemberValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberValue {
    /// Versions 0.
    pub active_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub standby_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub warmup_tasks: Vec<TaskIds>,
}

impl Wire for StreamsGroupTargetAssignmentMemberValue {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.active_tasks = Wire::read(r, "StreamsGroupTargetAssignmentMemberValue.ActiveTasks")?;
        m.standby_tasks = Wire::read(r, "StreamsGroupTargetAssignmentMemberValue.StandbyTasks")?;
        m.warmup_tasks = Wire::read(r, "StreamsGroupTargetAssignmentMemberValue.WarmupTasks")?;
        r.skip_tagged("StreamsGroupTargetAssignmentMemberValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.active_tasks.write(w, "StreamsGroupTargetAssignmentMemberValue.ActiveTasks")?;
        self.standby_tasks.write(w, "StreamsGroupTargetAssignmentMemberValue.StandbyTasks")?;
        self.warmup_tasks.write(w, "StreamsGroupTargetAssignmentMemberValue.WarmupTasks")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupTargetAssignmentMemberValue.TaskIds`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskIds {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TaskIds {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupTargetAssignmentMemberValue.TaskIds.SubtopologyId")?;
        m.partitions = Wire::read(r, "StreamsGroupTargetAssignmentMemberValue.TaskIds.Partitions")?;
        r.skip_tagged("StreamsGroupTargetAssignmentMemberValue.TaskIds")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupTargetAssignmentMemberValue.TaskIds.SubtopologyId")?;
        self.partitions.write(w, "StreamsGroupTargetAssignmentMemberValue.TaskIds.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupTargetAssignmentMemberValue {
    const NAME: &'static str = "StreamsGroupTargetAssignmentMemberValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
