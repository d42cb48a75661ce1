//! `ShareUpdateKey`: versions 0, flexible none. Generated from `proto/kafka/ShareUpdateKey.json`, not to be edited.

use crate::codec::*;

/// `ShareUpdateKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareUpdateKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partition: i32,
}

impl Wire for ShareUpdateKey {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareUpdateKey.GroupId")?;
        m.topic_id = Wire::read(r, "ShareUpdateKey.TopicId")?;
        m.partition = Wire::read(r, "ShareUpdateKey.Partition")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareUpdateKey.GroupId")?;
        self.topic_id.write(w, "ShareUpdateKey.TopicId")?;
        self.partition.write(w, "ShareUpdateKey.Partition")?;
        Ok(())
    }
}

impl Message for ShareUpdateKey {
    const NAME: &'static str = "ShareUpdateKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ShareUpdateKey {
    const RECORD_TYPE: i16 = 1;
}
