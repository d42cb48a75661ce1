//! `ShareSnapshotKey`: versions 0, flexible none. Generated from `proto/kafka/ShareSnapshotKey.json`, not to be edited.

use crate::codec::*;

/// `ShareSnapshotKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareSnapshotKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partition: i32,
}

impl Wire for ShareSnapshotKey {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareSnapshotKey.GroupId")?;
        m.topic_id = Wire::read(r, "ShareSnapshotKey.TopicId")?;
        m.partition = Wire::read(r, "ShareSnapshotKey.Partition")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareSnapshotKey.GroupId")?;
        self.topic_id.write(w, "ShareSnapshotKey.TopicId")?;
        self.partition.write(w, "ShareSnapshotKey.Partition")?;
        Ok(())
    }
}

impl Message for ShareSnapshotKey {
    const NAME: &'static str = "ShareSnapshotKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ShareSnapshotKey {
    const RECORD_TYPE: i16 = 0;
}
