//! `StreamsGroupTargetAssignmentMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/StreamsGroupTargetAssignmentMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupTargetAssignmentMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMetadataKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for StreamsGroupTargetAssignmentMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "StreamsGroupTargetAssignmentMetadataKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "StreamsGroupTargetAssignmentMetadataKey.GroupId")?;
        Ok(())
    }
}

impl Message for StreamsGroupTargetAssignmentMetadataKey {
    const NAME: &'static str = "StreamsGroupTargetAssignmentMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for StreamsGroupTargetAssignmentMetadataKey {
    const RECORD_TYPE: i16 = 20;
}
