//! `GroupMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/GroupMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `GroupMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupMetadataKey {
    /// Versions 0.
    pub group: KString,
}

impl Wire for GroupMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group = Wire::read(r, "GroupMetadataKey.Group")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group.write(w, "GroupMetadataKey.Group")?;
        Ok(())
    }
}

impl Message for GroupMetadataKey {
    const NAME: &'static str = "GroupMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for GroupMetadataKey {
    const RECORD_TYPE: i16 = 2;
}
