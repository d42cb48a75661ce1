//! `ShareAcknowledgeRequest`: versions 1-2, flexible 1-2. Generated from `proto/kafka/ShareAcknowledgeRequest.json`, not to be edited.

use crate::codec::*;

/// `ShareAcknowledgeRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareAcknowledgeRequest {
    /// Versions 1-2, null in 1-2, default null.
    pub group_id: Option<KString>,
    /// Versions 1-2, null in 1-2.
    pub member_id: Option<KString>,
    /// Versions 1-2.
    pub share_session_epoch: i32,
    /// Versions 2, default false.
    pub is_renew_ack: bool,
    /// Versions 1-2.
    pub topics: Vec<AcknowledgeTopic>,
}

impl Default for ShareAcknowledgeRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(KString::default()),
            share_session_epoch: 0,
            is_renew_ack: false,
            topics: Vec::new(),
        }
    }
}

impl Wire for ShareAcknowledgeRequest {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = r.nullable(true, "ShareAcknowledgeRequest.GroupId")?;
        m.member_id = r.nullable(true, "ShareAcknowledgeRequest.MemberId")?;
        m.share_session_epoch = Wire::read(r, "ShareAcknowledgeRequest.ShareSessionEpoch")?;
        if v >= 2 { m.is_renew_ack = Wire::read(r, "ShareAcknowledgeRequest.IsRenewAck")?; }
        m.topics = Wire::read(r, "ShareAcknowledgeRequest.Topics")?;
        r.skip_tagged("ShareAcknowledgeRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        w.nullable(self.group_id.as_ref(), true, "ShareAcknowledgeRequest.GroupId")?;
        w.nullable(self.member_id.as_ref(), true, "ShareAcknowledgeRequest.MemberId")?;
        self.share_session_epoch.write(w, "ShareAcknowledgeRequest.ShareSessionEpoch")?;
        if v >= 2 { self.is_renew_ack.write(w, "ShareAcknowledgeRequest.IsRenewAck")?; } else if self.is_renew_ack { return w.lacks("ShareAcknowledgeRequest.IsRenewAck"); }
        self.topics.write(w, "ShareAcknowledgeRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeRequest.Topics`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgeTopic {
    /// Versions 1-2.
    pub topic_id: Uuid,
    /// Versions 1-2.
    pub partitions: Vec<AcknowledgePartition>,
}

impl Wire for AcknowledgeTopic {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareAcknowledgeRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions")?;
        r.skip_tagged("ShareAcknowledgeRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareAcknowledgeRequest.Topics.TopicId")?;
        self.partitions.write(w, "ShareAcknowledgeRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeRequest.Topics.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgePartition {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions 1-2.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

impl Wire for AcknowledgePartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions.PartitionIndex")?;
        m.acknowledgement_batches = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches")?;
        r.skip_tagged("ShareAcknowledgeRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "ShareAcknowledgeRequest.Topics.Partitions.PartitionIndex")?;
        self.acknowledgement_batches.write(w, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgementBatch {
    /// Versions 1-2.
    pub first_offset: i64,
    /// Versions 1-2.
    pub last_offset: i64,
    /// Versions 1-2.
    pub acknowledge_types: Vec<i8>,
}

impl Wire for AcknowledgementBatch {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.first_offset = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.LastOffset")?;
        m.acknowledge_types = Wire::read(r, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.AcknowledgeTypes")?;
        r.skip_tagged("ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.FirstOffset")?;
        self.last_offset.write(w, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.LastOffset")?;
        self.acknowledge_types.write(w, "ShareAcknowledgeRequest.Topics.Partitions.AcknowledgementBatches.AcknowledgeTypes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareAcknowledgeRequest {
    const NAME: &'static str = "ShareAcknowledgeRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for ShareAcknowledgeRequest {
    const KEY: ApiKey = ApiKey::ShareAcknowledge;
    type Response = super::share_acknowledge_response::ShareAcknowledgeResponse;
}
