//! `DescribeQuorumResponse`: versions 0-2, flexible 0-2. Generated from `proto/kafka/DescribeQuorumResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeQuorumResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeQuorumResponse {
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 2, null in 2, ignorable.
    pub error_message: Option<KString>,
    /// Versions 0-2.
    pub topics: Vec<TopicData>,
    /// Versions 2.
    pub nodes: Vec<Node>,
}

impl Default for DescribeQuorumResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            topics: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl Wire for DescribeQuorumResponse {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeQuorumResponse.ErrorCode")?;
        if v >= 2 { m.error_message = r.nullable(true, "DescribeQuorumResponse.ErrorMessage")?; }
        m.topics = Wire::read(r, "DescribeQuorumResponse.Topics")?;
        if v >= 2 { m.nodes = Wire::read(r, "DescribeQuorumResponse.Nodes")?; }
        r.skip_tagged("DescribeQuorumResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "DescribeQuorumResponse.ErrorCode")?;
        if v >= 2 { w.nullable(self.error_message.as_ref(), true, "DescribeQuorumResponse.ErrorMessage")?; }
        self.topics.write(w, "DescribeQuorumResponse.Topics")?;
        if v >= 2 { self.nodes.write(w, "DescribeQuorumResponse.Nodes")?; } else if !self.nodes.is_empty() { return w.lacks("DescribeQuorumResponse.Nodes"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumResponse.Topics`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicData {
    /// Versions 0-2.
    pub topic_name: KString,
    /// Versions 0-2.
    pub partitions: Vec<PartitionData>,
}

impl Wire for TopicData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DescribeQuorumResponse.Topics.TopicName")?;
        m.partitions = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions")?;
        r.skip_tagged("DescribeQuorumResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DescribeQuorumResponse.Topics.TopicName")?;
        self.partitions.write(w, "DescribeQuorumResponse.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumResponse.Topics.Partitions`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionData {
    /// Versions 0-2.
    pub partition_index: i32,
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 2, null in 2, ignorable.
    pub error_message: Option<KString>,
    /// Versions 0-2.
    pub leader_id: i32,
    /// Versions 0-2.
    pub leader_epoch: i32,
    /// Versions 0-2.
    pub high_watermark: i64,
    /// Versions 0-2.
    pub current_voters: Vec<ReplicaState>,
    /// Versions 0-2.
    pub observers: Vec<ReplicaState>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            leader_id: 0,
            leader_epoch: 0,
            high_watermark: 0,
            current_voters: Vec::new(),
            observers: Vec::new(),
        }
    }
}

impl Wire for PartitionData {
    const MIN: usize = 25;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.ErrorCode")?;
        if v >= 2 { m.error_message = r.nullable(true, "DescribeQuorumResponse.Topics.Partitions.ErrorMessage")?; }
        m.leader_id = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.LeaderId")?;
        m.leader_epoch = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.LeaderEpoch")?;
        m.high_watermark = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.HighWatermark")?;
        m.current_voters = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.CurrentVoters")?;
        m.observers = Wire::read(r, "DescribeQuorumResponse.Topics.Partitions.Observers")?;
        r.skip_tagged("DescribeQuorumResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "DescribeQuorumResponse.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "DescribeQuorumResponse.Topics.Partitions.ErrorCode")?;
        if v >= 2 { w.nullable(self.error_message.as_ref(), true, "DescribeQuorumResponse.Topics.Partitions.ErrorMessage")?; }
        self.leader_id.write(w, "DescribeQuorumResponse.Topics.Partitions.LeaderId")?;
        self.leader_epoch.write(w, "DescribeQuorumResponse.Topics.Partitions.LeaderEpoch")?;
        self.high_watermark.write(w, "DescribeQuorumResponse.Topics.Partitions.HighWatermark")?;
        self.current_voters.write(w, "DescribeQuorumResponse.Topics.Partitions.CurrentVoters")?;
        self.observers.write(w, "DescribeQuorumResponse.Topics.Partitions.Observers")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumResponse.Nodes`: a structure of versions 2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Versions 2.
    pub node_id: i32,
    /// Versions 2.
    pub listeners: Vec<Listener>,
}

impl Wire for Node {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.node_id = Wire::read(r, "DescribeQuorumResponse.Nodes.NodeId")?;
        m.listeners = Wire::read(r, "DescribeQuorumResponse.Nodes.Listeners")?;
        r.skip_tagged("DescribeQuorumResponse.Nodes")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.node_id.write(w, "DescribeQuorumResponse.Nodes.NodeId")?;
        self.listeners.write(w, "DescribeQuorumResponse.Nodes.Listeners")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumResponse.Nodes.Listeners`: a structure of versions 2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listener {
    /// Versions 2.
    pub name: KString,
    /// Versions 2.
    pub host: KString,
    /// Versions 2.
    pub port: u16,
}

impl Wire for Listener {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeQuorumResponse.Nodes.Listeners.Name")?;
        m.host = Wire::read(r, "DescribeQuorumResponse.Nodes.Listeners.Host")?;
        m.port = Wire::read(r, "DescribeQuorumResponse.Nodes.Listeners.Port")?;
        r.skip_tagged("DescribeQuorumResponse.Nodes.Listeners")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeQuorumResponse.Nodes.Listeners.Name")?;
        self.host.write(w, "DescribeQuorumResponse.Nodes.Listeners.Host")?;
        self.port.write(w, "DescribeQuorumResponse.Nodes.Listeners.Port")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeQuorumResponse.ReplicaState`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaState {
    /// Versions 0-2.
    pub replica_id: i32,
    /// Versions 2.
    pub replica_directory_id: Uuid,
    /// Versions 0-2.
    pub log_end_offset: i64,
    /// Versions 1-2, default -1, ignorable.
    pub last_fetch_timestamp: i64,
    /// Versions 1-2, default -1, ignorable.
    pub last_caught_up_timestamp: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: 0,
            replica_directory_id: Uuid::nil(),
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }
    }
}

impl Wire for ReplicaState {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.replica_id = Wire::read(r, "DescribeQuorumResponse.ReplicaState.ReplicaId")?;
        if v >= 2 { m.replica_directory_id = Wire::read(r, "DescribeQuorumResponse.ReplicaState.ReplicaDirectoryId")?; }
        m.log_end_offset = Wire::read(r, "DescribeQuorumResponse.ReplicaState.LogEndOffset")?;
        if v >= 1 { m.last_fetch_timestamp = Wire::read(r, "DescribeQuorumResponse.ReplicaState.LastFetchTimestamp")?; }
        if v >= 1 { m.last_caught_up_timestamp = Wire::read(r, "DescribeQuorumResponse.ReplicaState.LastCaughtUpTimestamp")?; }
        r.skip_tagged("DescribeQuorumResponse.ReplicaState")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.replica_id.write(w, "DescribeQuorumResponse.ReplicaState.ReplicaId")?;
        if v >= 2 { self.replica_directory_id.write(w, "DescribeQuorumResponse.ReplicaState.ReplicaDirectoryId")?; } else if !self.replica_directory_id.is_nil() { return w.lacks("DescribeQuorumResponse.ReplicaState.ReplicaDirectoryId"); }
        self.log_end_offset.write(w, "DescribeQuorumResponse.ReplicaState.LogEndOffset")?;
        if v >= 1 { self.last_fetch_timestamp.write(w, "DescribeQuorumResponse.ReplicaState.LastFetchTimestamp")?; }
        if v >= 1 { self.last_caught_up_timestamp.write(w, "DescribeQuorumResponse.ReplicaState.LastCaughtUpTimestamp")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeQuorumResponse {
    const NAME: &'static str = "DescribeQuorumResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeQuorumResponse {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
}
