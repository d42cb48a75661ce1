//! `FetchResponse`: versions 4-18, flexible 12-18. Generated from `proto/kafka/FetchResponse.json`, not to be edited.

use crate::codec::*;

/// `FetchResponse`: a message of versions 4-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchResponse {
    /// Versions 4-18, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 7-18, ignorable.
    pub error_code: i16,
    /// Versions 7-18, default 0.
    pub session_id: i32,
    /// Versions 4-18.
    pub responses: Vec<FetchableTopicResponse>,
    /// Versions 16-18, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Wire for FetchResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "FetchResponse.ThrottleTimeMs")?;
        if v >= 7 { m.error_code = Wire::read(r, "FetchResponse.ErrorCode")?; }
        if v >= 7 { m.session_id = Wire::read(r, "FetchResponse.SessionId")?; }
        m.responses = Wire::read(r, "FetchResponse.Responses")?;
        r.tagged("FetchResponse", &mut |r, tag| {
            match tag {
                0 if v >= 16 => m.node_endpoints = Wire::read(r, "FetchResponse.NodeEndpoints")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "FetchResponse.ThrottleTimeMs")?;
        if v >= 7 { self.error_code.write(w, "FetchResponse.ErrorCode")?; }
        if v >= 7 { self.session_id.write(w, "FetchResponse.SessionId")?; } else if self.session_id != 0 { return w.lacks("FetchResponse.SessionId"); }
        self.responses.write(w, "FetchResponse.Responses")?;
        if !(v >= 16) && !self.node_endpoints.is_empty() { return w.lacks("FetchResponse.NodeEndpoints"); }
        let tag0 = v >= 16 && !self.node_endpoints.is_empty();
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.node_endpoints.write(w, "FetchResponse.NodeEndpoints")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `FetchResponse.Responses`: a structure of versions 4-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchableTopicResponse {
    /// Versions 4-12, ignorable.
    pub topic: KString,
    /// Versions 13-18, ignorable.
    pub topic_id: Uuid,
    /// Versions 4-18.
    pub partitions: Vec<PartitionData>,
}

impl Wire for FetchableTopicResponse {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 12 { m.topic = Wire::read(r, "FetchResponse.Responses.Topic")?; }
        if v >= 13 { m.topic_id = Wire::read(r, "FetchResponse.Responses.TopicId")?; }
        m.partitions = Wire::read(r, "FetchResponse.Responses.Partitions")?;
        r.skip_tagged("FetchResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 12 { self.topic.write(w, "FetchResponse.Responses.Topic")?; }
        if v >= 13 { self.topic_id.write(w, "FetchResponse.Responses.TopicId")?; }
        self.partitions.write(w, "FetchResponse.Responses.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchResponse.Responses.Partitions`: a structure of versions 4-18.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionData {
    /// Versions 4-18.
    pub partition_index: i32,
    /// Versions 4-18.
    pub error_code: i16,
    /// Versions 4-18.
    pub high_watermark: i64,
    /// Versions 4-18, default -1, ignorable.
    pub last_stable_offset: i64,
    /// Versions 5-18, default -1, ignorable.
    pub log_start_offset: i64,
    /// Versions 12-18, tag 0.
    pub diverging_epoch: EpochEndOffset,
    /// Versions 12-18, tag 1.
    pub current_leader: LeaderIdAndEpoch,
    /// Versions 12-18, tag 2.
    pub snapshot_id: SnapshotId,
    /// Versions 4-18, null in 4-18, ignorable.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// Versions 11-18, default -1.
    pub preferred_read_replica: i32,
    /// Versions 4-18, null in 4-18.
    pub records: Option<Records>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: Some(Records::default()),
        }
    }
}

impl Wire for PartitionData {
    const MIN: usize = 30;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "FetchResponse.Responses.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "FetchResponse.Responses.Partitions.ErrorCode")?;
        m.high_watermark = Wire::read(r, "FetchResponse.Responses.Partitions.HighWatermark")?;
        m.last_stable_offset = Wire::read(r, "FetchResponse.Responses.Partitions.LastStableOffset")?;
        if v >= 5 { m.log_start_offset = Wire::read(r, "FetchResponse.Responses.Partitions.LogStartOffset")?; }
        m.aborted_transactions = r.nullable(true, "FetchResponse.Responses.Partitions.AbortedTransactions")?;
        if v >= 11 { m.preferred_read_replica = Wire::read(r, "FetchResponse.Responses.Partitions.PreferredReadReplica")?; }
        m.records = r.nullable(true, "FetchResponse.Responses.Partitions.Records")?;
        r.tagged("FetchResponse.Responses.Partitions", &mut |r, tag| {
            match tag {
                0 => m.diverging_epoch = Wire::read(r, "FetchResponse.Responses.Partitions.DivergingEpoch")?,
                1 => m.current_leader = Wire::read(r, "FetchResponse.Responses.Partitions.CurrentLeader")?,
                2 => m.snapshot_id = Wire::read(r, "FetchResponse.Responses.Partitions.SnapshotId")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "FetchResponse.Responses.Partitions.PartitionIndex")?;
        self.error_code.write(w, "FetchResponse.Responses.Partitions.ErrorCode")?;
        self.high_watermark.write(w, "FetchResponse.Responses.Partitions.HighWatermark")?;
        self.last_stable_offset.write(w, "FetchResponse.Responses.Partitions.LastStableOffset")?;
        if v >= 5 { self.log_start_offset.write(w, "FetchResponse.Responses.Partitions.LogStartOffset")?; }
        w.nullable(self.aborted_transactions.as_ref(), true, "FetchResponse.Responses.Partitions.AbortedTransactions")?;
        if v >= 11 { self.preferred_read_replica.write(w, "FetchResponse.Responses.Partitions.PreferredReadReplica")?; } else if self.preferred_read_replica != -1 { return w.lacks("FetchResponse.Responses.Partitions.PreferredReadReplica"); }
        w.nullable(self.records.as_ref(), true, "FetchResponse.Responses.Partitions.Records")?;
        if !(v >= 12) && self.diverging_epoch != EpochEndOffset::default() { return w.lacks("FetchResponse.Responses.Partitions.DivergingEpoch"); }
        let tag0 = v >= 12 && self.diverging_epoch != EpochEndOffset::default();
        if !(v >= 12) && self.current_leader != LeaderIdAndEpoch::default() { return w.lacks("FetchResponse.Responses.Partitions.CurrentLeader"); }
        let tag1 = v >= 12 && self.current_leader != LeaderIdAndEpoch::default();
        if !(v >= 12) && self.snapshot_id != SnapshotId::default() { return w.lacks("FetchResponse.Responses.Partitions.SnapshotId"); }
        let tag2 = v >= 12 && self.snapshot_id != SnapshotId::default();
        w.tag_count(u32::from(tag0) + u32::from(tag1) + u32::from(tag2));
        if tag0 {
            let start = w.begin_tag(0);
            self.diverging_epoch.write(w, "FetchResponse.Responses.Partitions.DivergingEpoch")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            self.current_leader.write(w, "FetchResponse.Responses.Partitions.CurrentLeader")?;
            w.end_tag(start);
        }
        if tag2 {
            let start = w.begin_tag(2);
            self.snapshot_id.write(w, "FetchResponse.Responses.Partitions.SnapshotId")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `FetchResponse.Responses.Partitions.DivergingEpoch`: a structure of versions 12-18.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochEndOffset {
    /// Versions 12-18, default -1.
    pub epoch: i32,
    /// Versions 12-18, default -1.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            epoch: -1,
            end_offset: -1,
        }
    }
}

impl Wire for EpochEndOffset {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "FetchResponse.Responses.Partitions.DivergingEpoch.Epoch")?;
        m.end_offset = Wire::read(r, "FetchResponse.Responses.Partitions.DivergingEpoch.EndOffset")?;
        r.skip_tagged("FetchResponse.Responses.Partitions.DivergingEpoch")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "FetchResponse.Responses.Partitions.DivergingEpoch.Epoch")?;
        self.end_offset.write(w, "FetchResponse.Responses.Partitions.DivergingEpoch.EndOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchResponse.Responses.Partitions.CurrentLeader`: a structure of versions 12-18.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// Versions 12-18, default -1.
    pub leader_id: i32,
    /// Versions 12-18, default -1.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self {
            leader_id: -1,
            leader_epoch: -1,
        }
    }
}

impl Wire for LeaderIdAndEpoch {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.leader_id = Wire::read(r, "FetchResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        m.leader_epoch = Wire::read(r, "FetchResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        r.skip_tagged("FetchResponse.Responses.Partitions.CurrentLeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.leader_id.write(w, "FetchResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        self.leader_epoch.write(w, "FetchResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchResponse.Responses.Partitions.SnapshotId`: a structure of versions 12-18.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotId {
    /// Versions 12-18, default -1.
    pub end_offset: i64,
    /// Versions 12-18, default -1.
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self {
            end_offset: -1,
            epoch: -1,
        }
    }
}

impl Wire for SnapshotId {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.end_offset = Wire::read(r, "FetchResponse.Responses.Partitions.SnapshotId.EndOffset")?;
        m.epoch = Wire::read(r, "FetchResponse.Responses.Partitions.SnapshotId.Epoch")?;
        r.skip_tagged("FetchResponse.Responses.Partitions.SnapshotId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.end_offset.write(w, "FetchResponse.Responses.Partitions.SnapshotId.EndOffset")?;
        self.epoch.write(w, "FetchResponse.Responses.Partitions.SnapshotId.Epoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchResponse.Responses.Partitions.AbortedTransactions`: a structure of versions 4-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AbortedTransaction {
    /// Versions 4-18.
    pub producer_id: i64,
    /// Versions 4-18.
    pub first_offset: i64,
}

impl Wire for AbortedTransaction {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.producer_id = Wire::read(r, "FetchResponse.Responses.Partitions.AbortedTransactions.ProducerId")?;
        m.first_offset = Wire::read(r, "FetchResponse.Responses.Partitions.AbortedTransactions.FirstOffset")?;
        r.skip_tagged("FetchResponse.Responses.Partitions.AbortedTransactions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.producer_id.write(w, "FetchResponse.Responses.Partitions.AbortedTransactions.ProducerId")?;
        self.first_offset.write(w, "FetchResponse.Responses.Partitions.AbortedTransactions.FirstOffset")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchResponse.NodeEndpoints`: a structure of versions 16-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// Versions 16-18.
    pub node_id: i32,
    /// Versions 16-18.
    pub host: KString,
    /// Versions 16-18.
    pub port: i32,
    /// Versions 16-18, null in 16-18, default null.
    pub rack: Option<KString>,
}

impl Wire for NodeEndpoint {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.node_id = Wire::read(r, "FetchResponse.NodeEndpoints.NodeId")?;
        m.host = Wire::read(r, "FetchResponse.NodeEndpoints.Host")?;
        m.port = Wire::read(r, "FetchResponse.NodeEndpoints.Port")?;
        m.rack = r.nullable(true, "FetchResponse.NodeEndpoints.Rack")?;
        r.skip_tagged("FetchResponse.NodeEndpoints")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.node_id.write(w, "FetchResponse.NodeEndpoints.NodeId")?;
        self.host.write(w, "FetchResponse.NodeEndpoints.Host")?;
        self.port.write(w, "FetchResponse.NodeEndpoints.Port")?;
        w.nullable(self.rack.as_ref(), true, "FetchResponse.NodeEndpoints.Rack")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for FetchResponse {
    const NAME: &'static str = "FetchResponse";
    const MIN_VERSION: i16 = 4;
    const MAX_VERSION: i16 = 18;
    const FLEXIBLE_FROM: i16 = 12;
}

impl Response for FetchResponse {
    const KEY: ApiKey = ApiKey::Fetch;
}
