//! `LegacyOffsetCommitKey`: versions 0, flexible none. Generated from `proto/kafka/LegacyOffsetCommitKey.json`, not to be edited.

use crate::codec::*;

/// `LegacyOffsetCommitKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LegacyOffsetCommitKey {
    /// Versions 0.
    pub group: KString,
    /// Versions 0.
    pub topic: KString,
    /// Versions 0.
    pub partition: i32,
}

impl Wire for LegacyOffsetCommitKey {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group = Wire::read(r, "LegacyOffsetCommitKey.Group")?;
        m.topic = Wire::read(r, "LegacyOffsetCommitKey.Topic")?;
        m.partition = Wire::read(r, "LegacyOffsetCommitKey.Partition")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group.write(w, "LegacyOffsetCommitKey.Group")?;
        self.topic.write(w, "LegacyOffsetCommitKey.Topic")?;
        self.partition.write(w, "LegacyOffsetCommitKey.Partition")?;
        Ok(())
    }
}

impl Message for LegacyOffsetCommitKey {
    const NAME: &'static str = "LegacyOffsetCommitKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for LegacyOffsetCommitKey {
    const RECORD_TYPE: i16 = 0;
}
