//! `OffsetCommitValue`: versions 0-4, flexible 4. Generated from `proto/kafka/OffsetCommitValue.json`, not to be edited.

use crate::codec::*;

/// `OffsetCommitValue`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitValue {
    /// Versions 0-4.
    pub offset: i64,
    /// Versions 3-4, default -1, ignorable.
    pub leader_epoch: i32,
    /// Versions 0-4.
    pub metadata: KString,
    /// Versions 0-4.
    pub commit_timestamp: i64,
    /// Versions 1, default -1, ignorable.
    pub expire_timestamp: i64,
    /// Versions 4, tag 0, ignorable.
    pub topic_id: Uuid,
}

impl Default for OffsetCommitValue {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: KString::default(),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::nil(),
        }
    }
}

impl Wire for OffsetCommitValue {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.offset = Wire::read(r, "OffsetCommitValue.Offset")?;
        if v >= 3 { m.leader_epoch = Wire::read(r, "OffsetCommitValue.LeaderEpoch")?; }
        m.metadata = Wire::read(r, "OffsetCommitValue.Metadata")?;
        m.commit_timestamp = Wire::read(r, "OffsetCommitValue.CommitTimestamp")?;
        if (1..=1).contains(&v) { m.expire_timestamp = Wire::read(r, "OffsetCommitValue.ExpireTimestamp")?; }
        r.tagged("OffsetCommitValue", &mut |r, tag| {
            match tag {
                0 => m.topic_id = Wire::read(r, "OffsetCommitValue.TopicId")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.offset.write(w, "OffsetCommitValue.Offset")?;
        if v >= 3 { self.leader_epoch.write(w, "OffsetCommitValue.LeaderEpoch")?; }
        self.metadata.write(w, "OffsetCommitValue.Metadata")?;
        self.commit_timestamp.write(w, "OffsetCommitValue.CommitTimestamp")?;
        if (1..=1).contains(&v) { self.expire_timestamp.write(w, "OffsetCommitValue.ExpireTimestamp")?; }
        let tag0 = v >= 4 && !self.topic_id.is_nil();
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.topic_id.write(w, "OffsetCommitValue.TopicId")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

impl Message for OffsetCommitValue {
    const NAME: &'static str = "OffsetCommitValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}
