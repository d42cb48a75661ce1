//! `ConsumerGroupMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/ConsumerGroupMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupMetadataKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for ConsumerGroupMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ConsumerGroupMetadataKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ConsumerGroupMetadataKey.GroupId")?;
        Ok(())
    }
}

impl Message for ConsumerGroupMetadataKey {
    const NAME: &'static str = "ConsumerGroupMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ConsumerGroupMetadataKey {
    const RECORD_TYPE: i16 = 3;
}
