//! `OffsetCommitRequest`: versions 2-10, flexible 8-10. Generated from `proto/kafka/OffsetCommitRequest.json`, not to be edited.

use crate::codec::*;

/// `OffsetCommitRequest`: a message of versions 2-10.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitRequest {
    /// Versions 2-10.
    pub group_id: KString,
    /// Versions 2-10, default -1, ignorable.
    pub generation_id_or_member_epoch: i32,
    /// Versions 2-10, ignorable.
    pub member_id: KString,
    /// Versions 7-10, null in 7-10, default null.
    pub group_instance_id: Option<KString>,
    /// Versions 2-4, default -1, ignorable.
    pub retention_time_ms: i64,
    /// Versions 2-10.
    pub topics: Vec<OffsetCommitRequestTopic>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            generation_id_or_member_epoch: -1,
            member_id: KString::default(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl Wire for OffsetCommitRequest {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "OffsetCommitRequest.GroupId")?;
        m.generation_id_or_member_epoch = Wire::read(r, "OffsetCommitRequest.GenerationIdOrMemberEpoch")?;
        m.member_id = Wire::read(r, "OffsetCommitRequest.MemberId")?;
        if v >= 7 { m.group_instance_id = r.nullable(true, "OffsetCommitRequest.GroupInstanceId")?; }
        if v <= 4 { m.retention_time_ms = Wire::read(r, "OffsetCommitRequest.RetentionTimeMs")?; }
        m.topics = Wire::read(r, "OffsetCommitRequest.Topics")?;
        r.skip_tagged("OffsetCommitRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "OffsetCommitRequest.GroupId")?;
        self.generation_id_or_member_epoch.write(w, "OffsetCommitRequest.GenerationIdOrMemberEpoch")?;
        self.member_id.write(w, "OffsetCommitRequest.MemberId")?;
        if v >= 7 { w.nullable(self.group_instance_id.as_ref(), true, "OffsetCommitRequest.GroupInstanceId")?; } else if self.group_instance_id.is_some() { return w.lacks("OffsetCommitRequest.GroupInstanceId"); }
        if v <= 4 { self.retention_time_ms.write(w, "OffsetCommitRequest.RetentionTimeMs")?; }
        self.topics.write(w, "OffsetCommitRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetCommitRequest.Topics`: a structure of versions 2-10.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitRequestTopic {
    /// Versions 2-9, ignorable.
    pub name: KString,
    /// Versions 10, ignorable.
    pub topic_id: Uuid,
    /// Versions 2-10.
    pub partitions: Vec<OffsetCommitRequestPartition>,
}

impl Wire for OffsetCommitRequestTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 9 { m.name = Wire::read(r, "OffsetCommitRequest.Topics.Name")?; }
        if v >= 10 { m.topic_id = Wire::read(r, "OffsetCommitRequest.Topics.TopicId")?; }
        m.partitions = Wire::read(r, "OffsetCommitRequest.Topics.Partitions")?;
        r.skip_tagged("OffsetCommitRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 9 { self.name.write(w, "OffsetCommitRequest.Topics.Name")?; }
        if v >= 10 { self.topic_id.write(w, "OffsetCommitRequest.Topics.TopicId")?; }
        self.partitions.write(w, "OffsetCommitRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetCommitRequest.Topics.Partitions`: a structure of versions 2-10.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitRequestPartition {
    /// Versions 2-10.
    pub partition_index: i32,
    /// Versions 2-10.
    pub committed_offset: i64,
    /// Versions 6-10, default -1, ignorable.
    pub committed_leader_epoch: i32,
    /// Versions 2-10, null in 2-10.
    pub committed_metadata: Option<KString>,
}

impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(KString::default()),
        }
    }
}

impl Wire for OffsetCommitRequestPartition {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "OffsetCommitRequest.Topics.Partitions.PartitionIndex")?;
        m.committed_offset = Wire::read(r, "OffsetCommitRequest.Topics.Partitions.CommittedOffset")?;
        if v >= 6 { m.committed_leader_epoch = Wire::read(r, "OffsetCommitRequest.Topics.Partitions.CommittedLeaderEpoch")?; }
        m.committed_metadata = r.nullable(true, "OffsetCommitRequest.Topics.Partitions.CommittedMetadata")?;
        r.skip_tagged("OffsetCommitRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "OffsetCommitRequest.Topics.Partitions.PartitionIndex")?;
        self.committed_offset.write(w, "OffsetCommitRequest.Topics.Partitions.CommittedOffset")?;
        if v >= 6 { self.committed_leader_epoch.write(w, "OffsetCommitRequest.Topics.Partitions.CommittedLeaderEpoch")?; }
        w.nullable(self.committed_metadata.as_ref(), true, "OffsetCommitRequest.Topics.Partitions.CommittedMetadata")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetCommitRequest {
    const NAME: &'static str = "OffsetCommitRequest";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 10;
    const FLEXIBLE_FROM: i16 = 8;
}

impl Request for OffsetCommitRequest {
    const KEY: ApiKey = ApiKey::OffsetCommit;
    type Response = super::offset_commit_response::OffsetCommitResponse;
}
