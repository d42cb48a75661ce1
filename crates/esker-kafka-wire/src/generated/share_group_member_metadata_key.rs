//! `ShareGroupMemberMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/ShareGroupMemberMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupMemberMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMemberMetadataKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub member_id: KString,
}

impl Wire for ShareGroupMemberMetadataKey {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareGroupMemberMetadataKey.GroupId")?;
        m.member_id = Wire::read(r, "ShareGroupMemberMetadataKey.MemberId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareGroupMemberMetadataKey.GroupId")?;
        self.member_id.write(w, "ShareGroupMemberMetadataKey.MemberId")?;
        Ok(())
    }
}

impl Message for ShareGroupMemberMetadataKey {
    const NAME: &'static str = "ShareGroupMemberMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ShareGroupMemberMetadataKey {
    const RECORD_TYPE: i16 = 10;
}
