//! `ConsumerGroupMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupMetadataValue {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0, tag 0, default 0.
    pub metadata_hash: i64,
}

impl Wire for ConsumerGroupMetadataValue {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "ConsumerGroupMetadataValue.Epoch")?;
        r.tagged("ConsumerGroupMetadataValue", &mut |r, tag| {
            match tag {
                0 => m.metadata_hash = Wire::read(r, "ConsumerGroupMetadataValue.MetadataHash")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "ConsumerGroupMetadataValue.Epoch")?;
        let tag0 = self.metadata_hash != 0;
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.metadata_hash.write(w, "ConsumerGroupMetadataValue.MetadataHash")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

impl Message for ConsumerGroupMetadataValue {
    const NAME: &'static str = "ConsumerGroupMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
