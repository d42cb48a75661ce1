//! `ShareGroupMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/ShareGroupMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMetadataKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for ShareGroupMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareGroupMetadataKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareGroupMetadataKey.GroupId")?;
        Ok(())
    }
}

impl Message for ShareGroupMetadataKey {
    const NAME: &'static str = "ShareGroupMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ShareGroupMetadataKey {
    const RECORD_TYPE: i16 = 11;
}
