//! `ConsumerGroupPartitionMetadataKey`: versions 0, flexible none. Generated from `proto/kafka/ConsumerGroupPartitionMetadataKey.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupPartitionMetadataKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataKey {
    /// Versions 0.
    pub group_id: KString,
}

impl Wire for ConsumerGroupPartitionMetadataKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ConsumerGroupPartitionMetadataKey.GroupId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ConsumerGroupPartitionMetadataKey.GroupId")?;
        Ok(())
    }
}

impl Message for ConsumerGroupPartitionMetadataKey {
    const NAME: &'static str = "ConsumerGroupPartitionMetadataKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ConsumerGroupPartitionMetadataKey {
    const RECORD_TYPE: i16 = 4;
}
