//! `TxnOffsetCommitRequest`: versions 0-5, flexible 3-5. Generated from `proto/kafka/TxnOffsetCommitRequest.json`, not to be edited.

use crate::codec::*;

/// `TxnOffsetCommitRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq)]
pub struct TxnOffsetCommitRequest {
    /// Versions 0-5.
    pub transactional_id: KString,
    /// Versions 0-5.
    pub group_id: KString,
    /// Versions 0-5.
    pub producer_id: i64,
    /// Versions 0-5.
    pub producer_epoch: i16,
    /// Versions 3-5, default -1.
    pub generation_id: i32,
    /// Versions 3-5.
    pub member_id: KString,
    /// Versions 3-5, null in 3-5, default null.
    pub group_instance_id: Option<KString>,
    /// Versions 0-5.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        Self {
            transactional_id: KString::default(),
            group_id: KString::default(),
            producer_id: 0,
            producer_epoch: 0,
            generation_id: -1,
            member_id: KString::default(),
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

impl Wire for TxnOffsetCommitRequest {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "TxnOffsetCommitRequest.TransactionalId")?;
        m.group_id = Wire::read(r, "TxnOffsetCommitRequest.GroupId")?;
        m.producer_id = Wire::read(r, "TxnOffsetCommitRequest.ProducerId")?;
        m.producer_epoch = Wire::read(r, "TxnOffsetCommitRequest.ProducerEpoch")?;
        if v >= 3 { m.generation_id = Wire::read(r, "TxnOffsetCommitRequest.GenerationId")?; }
        if v >= 3 { m.member_id = Wire::read(r, "TxnOffsetCommitRequest.MemberId")?; }
        if v >= 3 { m.group_instance_id = r.nullable(true, "TxnOffsetCommitRequest.GroupInstanceId")?; }
        m.topics = Wire::read(r, "TxnOffsetCommitRequest.Topics")?;
        r.skip_tagged("TxnOffsetCommitRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.transactional_id.write(w, "TxnOffsetCommitRequest.TransactionalId")?;
        self.group_id.write(w, "TxnOffsetCommitRequest.GroupId")?;
        self.producer_id.write(w, "TxnOffsetCommitRequest.ProducerId")?;
        self.producer_epoch.write(w, "TxnOffsetCommitRequest.ProducerEpoch")?;
        if v >= 3 { self.generation_id.write(w, "TxnOffsetCommitRequest.GenerationId")?; } else if self.generation_id != -1 { return w.lacks("TxnOffsetCommitRequest.GenerationId"); }
        if v >= 3 { self.member_id.write(w, "TxnOffsetCommitRequest.MemberId")?; } else if !self.member_id.is_empty() { return w.lacks("TxnOffsetCommitRequest.MemberId"); }
        if v >= 3 { w.nullable(self.group_instance_id.as_ref(), true, "TxnOffsetCommitRequest.GroupInstanceId")?; } else if self.group_instance_id.is_some() { return w.lacks("TxnOffsetCommitRequest.GroupInstanceId"); }
        self.topics.write(w, "TxnOffsetCommitRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `TxnOffsetCommitRequest.Topics`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitRequestTopic {
    /// Versions 0-5.
    pub name: KString,
    /// Versions 0-5.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
}

impl Wire for TxnOffsetCommitRequestTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "TxnOffsetCommitRequest.Topics.Name")?;
        m.partitions = Wire::read(r, "TxnOffsetCommitRequest.Topics.Partitions")?;
        r.skip_tagged("TxnOffsetCommitRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "TxnOffsetCommitRequest.Topics.Name")?;
        self.partitions.write(w, "TxnOffsetCommitRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `TxnOffsetCommitRequest.Topics.Partitions`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq)]
pub struct TxnOffsetCommitRequestPartition {
    /// Versions 0-5.
    pub partition_index: i32,
    /// Versions 0-5.
    pub committed_offset: i64,
    /// Versions 2-5, default -1, ignorable.
    pub committed_leader_epoch: i32,
    /// Versions 0-5, null in 0-5.
    pub committed_metadata: Option<KString>,
}

impl Default for TxnOffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(KString::default()),
        }
    }
}

impl Wire for TxnOffsetCommitRequestPartition {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "TxnOffsetCommitRequest.Topics.Partitions.PartitionIndex")?;
        m.committed_offset = Wire::read(r, "TxnOffsetCommitRequest.Topics.Partitions.CommittedOffset")?;
        if v >= 2 { m.committed_leader_epoch = Wire::read(r, "TxnOffsetCommitRequest.Topics.Partitions.CommittedLeaderEpoch")?; }
        m.committed_metadata = r.nullable(true, "TxnOffsetCommitRequest.Topics.Partitions.CommittedMetadata")?;
        r.skip_tagged("TxnOffsetCommitRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "TxnOffsetCommitRequest.Topics.Partitions.PartitionIndex")?;
        self.committed_offset.write(w, "TxnOffsetCommitRequest.Topics.Partitions.CommittedOffset")?;
        if v >= 2 { self.committed_leader_epoch.write(w, "TxnOffsetCommitRequest.Topics.Partitions.CommittedLeaderEpoch")?; }
        w.nullable(self.committed_metadata.as_ref(), true, "TxnOffsetCommitRequest.Topics.Partitions.CommittedMetadata")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for TxnOffsetCommitRequest {
    const NAME: &'static str = "TxnOffsetCommitRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for TxnOffsetCommitRequest {
    const KEY: ApiKey = ApiKey::TxnOffsetCommit;
    type Response = super::txn_offset_commit_response::TxnOffsetCommitResponse;
}
