//! `ShareFetchRequest`: versions 1-2, flexible 1-2. Generated from `proto/kafka/ShareFetchRequest.json`, not to be edited.

use crate::codec::*;

/// `ShareFetchRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareFetchRequest {
    /// Versions 1-2, null in 1-2, default null.
    pub group_id: Option<KString>,
    /// Versions 1-2, null in 1-2.
    pub member_id: Option<KString>,
    /// Versions 1-2.
    pub share_session_epoch: i32,
    /// Versions 1-2.
    pub max_wait_ms: i32,
    /// Versions 1-2.
    pub min_bytes: i32,
    /// Versions 1-2, default 0x7fffffff.
    pub max_bytes: i32,
    /// Versions 1-2.
    pub max_records: i32,
    /// Versions 1-2.
    pub batch_size: i32,
    /// Versions 2, default 0, ignorable.
    pub share_acquire_mode: i8,
    /// Versions 2, default false.
    pub is_renew_ack: bool,
    /// Versions 1-2.
    pub topics: Vec<FetchTopic>,
    /// Versions 1-2.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
}

impl Default for ShareFetchRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(KString::default()),
            share_session_epoch: 0,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 2147483647,
            max_records: 0,
            batch_size: 0,
            share_acquire_mode: 0,
            is_renew_ack: false,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
        }
    }
}

impl Wire for ShareFetchRequest {
    const MIN: usize = 29;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = r.nullable(true, "ShareFetchRequest.GroupId")?;
        m.member_id = r.nullable(true, "ShareFetchRequest.MemberId")?;
        m.share_session_epoch = Wire::read(r, "ShareFetchRequest.ShareSessionEpoch")?;
        m.max_wait_ms = Wire::read(r, "ShareFetchRequest.MaxWaitMs")?;
        m.min_bytes = Wire::read(r, "ShareFetchRequest.MinBytes")?;
        m.max_bytes = Wire::read(r, "ShareFetchRequest.MaxBytes")?;
        m.max_records = Wire::read(r, "ShareFetchRequest.MaxRecords")?;
        m.batch_size = Wire::read(r, "ShareFetchRequest.BatchSize")?;
        if v >= 2 { m.share_acquire_mode = Wire::read(r, "ShareFetchRequest.ShareAcquireMode")?; }
        if v >= 2 { m.is_renew_ack = Wire::read(r, "ShareFetchRequest.IsRenewAck")?; }
        m.topics = Wire::read(r, "ShareFetchRequest.Topics")?;
        m.forgotten_topics_data = Wire::read(r, "ShareFetchRequest.ForgottenTopicsData")?;
        r.skip_tagged("ShareFetchRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        w.nullable(self.group_id.as_ref(), true, "ShareFetchRequest.GroupId")?;
        w.nullable(self.member_id.as_ref(), true, "ShareFetchRequest.MemberId")?;
        self.share_session_epoch.write(w, "ShareFetchRequest.ShareSessionEpoch")?;
        self.max_wait_ms.write(w, "ShareFetchRequest.MaxWaitMs")?;
        self.min_bytes.write(w, "ShareFetchRequest.MinBytes")?;
        self.max_bytes.write(w, "ShareFetchRequest.MaxBytes")?;
        self.max_records.write(w, "ShareFetchRequest.MaxRecords")?;
        self.batch_size.write(w, "ShareFetchRequest.BatchSize")?;
        if v >= 2 { self.share_acquire_mode.write(w, "ShareFetchRequest.ShareAcquireMode")?; }
        if v >= 2 { self.is_renew_ack.write(w, "ShareFetchRequest.IsRenewAck")?; } else if self.is_renew_ack { return w.lacks("ShareFetchRequest.IsRenewAck"); }
        self.topics.write(w, "ShareFetchRequest.Topics")?;
        self.forgotten_topics_data.write(w, "ShareFetchRequest.ForgottenTopicsData")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchRequest.Topics`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchTopic {
    /// Versions 1-2.
    pub topic_id: Uuid,
    /// Versions 1-2.
    pub partitions: Vec<FetchPartition>,
}

impl Wire for FetchTopic {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareFetchRequest.Topics.TopicId")?;
        m.partitions = Wire::read(r, "ShareFetchRequest.Topics.Partitions")?;
        r.skip_tagged("ShareFetchRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareFetchRequest.Topics.TopicId")?;
        self.partitions.write(w, "ShareFetchRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchRequest.Topics.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchPartition {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions none.
    pub partition_max_bytes: i32,
    /// Versions 1-2.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

impl Wire for FetchPartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ShareFetchRequest.Topics.Partitions.PartitionIndex")?;
        m.acknowledgement_batches = Wire::read(r, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches")?;
        r.skip_tagged("ShareFetchRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "ShareFetchRequest.Topics.Partitions.PartitionIndex")?;
        if self.partition_max_bytes != 0 { return w.lacks("ShareFetchRequest.Topics.Partitions.PartitionMaxBytes"); }
        self.acknowledgement_batches.write(w, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchRequest.Topics.Partitions.AcknowledgementBatches`: a structure of versions 1-2.
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
        m.first_offset = Wire::read(r, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.LastOffset")?;
        m.acknowledge_types = Wire::read(r, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.AcknowledgeTypes")?;
        r.skip_tagged("ShareFetchRequest.Topics.Partitions.AcknowledgementBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.FirstOffset")?;
        self.last_offset.write(w, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.LastOffset")?;
        self.acknowledge_types.write(w, "ShareFetchRequest.Topics.Partitions.AcknowledgementBatches.AcknowledgeTypes")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchRequest.ForgottenTopicsData`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgottenTopic {
    /// Versions 1-2.
    pub topic_id: Uuid,
    /// Versions 1-2.
    pub partitions: Vec<i32>,
}

impl Wire for ForgottenTopic {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareFetchRequest.ForgottenTopicsData.TopicId")?;
        m.partitions = Wire::read(r, "ShareFetchRequest.ForgottenTopicsData.Partitions")?;
        r.skip_tagged("ShareFetchRequest.ForgottenTopicsData")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareFetchRequest.ForgottenTopicsData.TopicId")?;
        self.partitions.write(w, "ShareFetchRequest.ForgottenTopicsData.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareFetchRequest {
    const NAME: &'static str = "ShareFetchRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for ShareFetchRequest {
    const KEY: ApiKey = ApiKey::ShareFetch;
    type Response = super::share_fetch_response::ShareFetchResponse;
}
