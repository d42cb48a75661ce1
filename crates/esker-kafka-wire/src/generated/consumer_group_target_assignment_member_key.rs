//! `ConsumerGroupTargetAssignmentMemberKey`: versions 0, flexible none. Generated from `proto/kafka/ConsumerGroupTargetAssignmentMemberKey.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupTargetAssignmentMemberKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMemberKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub member_id: KString,
}

impl Wire for ConsumerGroupTargetAssignmentMemberKey {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ConsumerGroupTargetAssignmentMemberKey.GroupId")?;
        m.member_id = Wire::read(r, "ConsumerGroupTargetAssignmentMemberKey.MemberId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ConsumerGroupTargetAssignmentMemberKey.GroupId")?;
        self.member_id.write(w, "ConsumerGroupTargetAssignmentMemberKey.MemberId")?;
        Ok(())
    }
}

impl Message for ConsumerGroupTargetAssignmentMemberKey {
    const NAME: &'static str = "ConsumerGroupTargetAssignmentMemberKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ConsumerGroupTargetAssignmentMemberKey {
    const RECORD_TYPE: i16 = 7;
}
