//! `ShareGroupMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareGroupMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMetadataValue {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0.
    pub metadata_hash: i64,
}

impl Wire for ShareGroupMetadataValue {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "ShareGroupMetadataValue.Epoch")?;
        m.metadata_hash = Wire::read(r, "ShareGroupMetadataValue.MetadataHash")?;
        r.skip_tagged("ShareGroupMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "ShareGroupMetadataValue.Epoch")?;
        self.metadata_hash.write(w, "ShareGroupMetadataValue.MetadataHash")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupMetadataValue {
    const NAME: &'static str = "ShareGroupMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
