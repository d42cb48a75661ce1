//! `OffsetCommitKey`: versions 0, flexible none. Generated from `proto/kafka/OffsetCommitKey.json`, not to be edited.

use crate::codec::*;

/// `OffsetCommitKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitKey {
    /// Versions 0.
    pub group: KString,
    /// Versions 0.
    pub topic: KString,
    /// Versions 0.
    pub partition: i32,
}

impl Wire for OffsetCommitKey {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group = Wire::read(r, "OffsetCommitKey.Group")?;
        m.topic = Wire::read(r, "OffsetCommitKey.Topic")?;
        m.partition = Wire::read(r, "OffsetCommitKey.Partition")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group.write(w, "OffsetCommitKey.Group")?;
        self.topic.write(w, "OffsetCommitKey.Topic")?;
        self.partition.write(w, "OffsetCommitKey.Partition")?;
        Ok(())
    }
}

impl Message for OffsetCommitKey {
    const NAME: &'static str = "OffsetCommitKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for OffsetCommitKey {
    const RECORD_TYPE: i16 = 1;
}
