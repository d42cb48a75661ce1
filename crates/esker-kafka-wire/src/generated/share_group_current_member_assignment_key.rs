//! `ShareGroupCurrentMemberAssignmentKey`: versions 0, flexible none. Generated from `proto/kafka/ShareGroupCurrentMemberAssignmentKey.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupCurrentMemberAssignmentKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupCurrentMemberAssignmentKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub member_id: KString,
}

impl Wire for ShareGroupCurrentMemberAssignmentKey {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareGroupCurrentMemberAssignmentKey.GroupId")?;
        m.member_id = Wire::read(r, "ShareGroupCurrentMemberAssignmentKey.MemberId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareGroupCurrentMemberAssignmentKey.GroupId")?;
        self.member_id.write(w, "ShareGroupCurrentMemberAssignmentKey.MemberId")?;
        Ok(())
    }
}

impl Message for ShareGroupCurrentMemberAssignmentKey {
    const NAME: &'static str = "ShareGroupCurrentMemberAssignmentKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ShareGroupCurrentMemberAssignmentKey {
    const RECORD_TYPE: i16 = 14;
}
