//! `StreamsGroupTargetAssignmentMemberKey`: versions 0, flexible none. Generated from `proto/kafka/StreamsGroupTargetAssignmentMemberKey.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupTargetAssignmentMemberKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub member_id: KString,
}

impl Wire for StreamsGroupTargetAssignmentMemberKey {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "StreamsGroupTargetAssignmentMemberKey.GroupId")?;
        m.member_id = Wire::read(r, "StreamsGroupTargetAssignmentMemberKey.MemberId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "StreamsGroupTargetAssignmentMemberKey.GroupId")?;
        self.member_id.write(w, "StreamsGroupTargetAssignmentMemberKey.MemberId")?;
        Ok(())
    }
}

impl Message for StreamsGroupTargetAssignmentMemberKey {
    const NAME: &'static str = "StreamsGroupTargetAssignmentMemberKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for StreamsGroupTargetAssignmentMemberKey {
    const RECORD_TYPE: i16 = 21;
}
