//! `LegacyOffsetCommitValue`: versions 0, flexible none. Generated from `proto/kafka/LegacyOffsetCommitValue.json`, not to be edited.

use crate::codec::*;

/// `LegacyOffsetCommitValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LegacyOffsetCommitValue {
    /// Versions 0.
    pub offset: i64,
    /// Versions 0.
    pub metadata: KString,
    /// Versions 0.
    pub commit_timestamp: i64,
}

impl Wire for LegacyOffsetCommitValue {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.offset = Wire::read(r, "LegacyOffsetCommitValue.Offset")?;
        m.metadata = Wire::read(r, "LegacyOffsetCommitValue.Metadata")?;
        m.commit_timestamp = Wire::read(r, "LegacyOffsetCommitValue.CommitTimestamp")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.offset.write(w, "LegacyOffsetCommitValue.Offset")?;
        self.metadata.write(w, "LegacyOffsetCommitValue.Metadata")?;
        self.commit_timestamp.write(w, "LegacyOffsetCommitValue.CommitTimestamp")?;
        Ok(())
    }
}

impl Message for LegacyOffsetCommitValue {
    const NAME: &'static str = "LegacyOffsetCommitValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}
