//! `StreamsGroupMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/StreamsGroupMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupMetadataKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for StreamsGroupMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "StreamsGroupMetadataKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "StreamsGroupMetadataKey.GroupId")?;
        Ok(())
    }
}

impl Message for StreamsGroupMetadataKey {
    const NAME: &'static str = "StreamsGroupMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for StreamsGroupMetadataKey {
    const RECORD_TYPE: i16 = 17;
}
