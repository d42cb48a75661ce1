//! `FetchRequest`: versions 4-18, flexible 12-18. Generated from `proto/kafka/FetchRequest.json`, not to be edited.

use crate::codec::*;

/// `FetchRequest`: a message of versions 4-18.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchRequest {
    /// Versions 12-18, null in 12-18, tag 0, default null, ignorable.
    pub cluster_id: Option<KString>,
    /// Versions 4-14, default -1.
    pub replica_id: i32,
    /// Versions 15-18, tag 1.
    pub replica_state: ReplicaState,
    /// Versions 4-18.
    pub max_wait_ms: i32,
    /// Versions 4-18.
    pub min_bytes: i32,
    /// Versions 4-18, default 0x7fffffff, ignorable.
    pub max_bytes: i32,
    /// Versions 4-18, default 0, ignorable.
    pub isolation_level: i8,
    /// Versions 7-18, default 0, ignorable.
    pub session_id: i32,
    /// Versions 7-18, default -1, ignorable.
    pub session_epoch: i32,
    /// Versions 4-18.
    pub topics: Vec<FetchTopic>,
    /// Versions 7-18.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// Versions 11-18, ignorable.
    pub rack_id: KString,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 2147483647,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: KString::default(),
        }
    }
}

impl Wire for FetchRequest {
    const MIN: usize = 21;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 14 { m.replica_id = Wire::read(r, "FetchRequest.ReplicaId")?; }
        m.max_wait_ms = Wire::read(r, "FetchRequest.MaxWaitMs")?;
        m.min_bytes = Wire::read(r, "FetchRequest.MinBytes")?;
        m.max_bytes = Wire::read(r, "FetchRequest.MaxBytes")?;
        m.isolation_level = Wire::read(r, "FetchRequest.IsolationLevel")?;
        if v >= 7 { m.session_id = Wire::read(r, "FetchRequest.SessionId")?; }
        if v >= 7 { m.session_epoch = Wire::read(r, "FetchRequest.SessionEpoch")?; }
        m.topics = Wire::read(r, "FetchRequest.Topics")?;
        if v >= 7 { m.forgotten_topics_data = Wire::read(r, "FetchRequest.ForgottenTopicsData")?; }
        if v >= 11 { m.rack_id = Wire::read(r, "FetchRequest.RackId")?; }
        r.tagged("FetchRequest", &mut |r, tag| {
            match tag {
                0 => m.cluster_id = r.nullable(true, "FetchRequest.ClusterId")?,
                1 if v >= 15 => m.replica_state = Wire::read(r, "FetchRequest.ReplicaState")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 14 { self.replica_id.write(w, "FetchRequest.ReplicaId")?; } else if self.replica_id != -1 { return w.lacks("FetchRequest.ReplicaId"); }
        self.max_wait_ms.write(w, "FetchRequest.MaxWaitMs")?;
        self.min_bytes.write(w, "FetchRequest.MinBytes")?;
        self.max_bytes.write(w, "FetchRequest.MaxBytes")?;
        self.isolation_level.write(w, "FetchRequest.IsolationLevel")?;
        if v >= 7 { self.session_id.write(w, "FetchRequest.SessionId")?; }
        if v >= 7 { self.session_epoch.write(w, "FetchRequest.SessionEpoch")?; }
        self.topics.write(w, "FetchRequest.Topics")?;
        if v >= 7 { self.forgotten_topics_data.write(w, "FetchRequest.ForgottenTopicsData")?; } else if !self.forgotten_topics_data.is_empty() { return w.lacks("FetchRequest.ForgottenTopicsData"); }
        if v >= 11 { self.rack_id.write(w, "FetchRequest.RackId")?; }
        let tag0 = v >= 12 && self.cluster_id.is_some();
        if !(v >= 15) && self.replica_state != ReplicaState::default() { return w.lacks("FetchRequest.ReplicaState"); }
        let tag1 = v >= 15 && self.replica_state != ReplicaState::default();
        w.tag_count(u32::from(tag0) + u32::from(tag1));
        if tag0 {
            let start = w.begin_tag(0);
            w.nullable(self.cluster_id.as_ref(), true, "FetchRequest.ClusterId")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            self.replica_state.write(w, "FetchRequest.ReplicaState")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `FetchRequest.ReplicaState`: a structure of versions 15-18.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaState {
    /// Versions 15-18, default -1.
    pub replica_id: i32,
    /// Versions 15-18, default -1.
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: -1,
            replica_epoch: -1,
        }
    }
}

impl Wire for ReplicaState {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.replica_id = Wire::read(r, "FetchRequest.ReplicaState.ReplicaId")?;
        m.replica_epoch = Wire::read(r, "FetchRequest.ReplicaState.ReplicaEpoch")?;
        r.skip_tagged("FetchRequest.ReplicaState")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.replica_id.write(w, "FetchRequest.ReplicaState.ReplicaId")?;
        self.replica_epoch.write(w, "FetchRequest.ReplicaState.ReplicaEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchRequest.Topics`: a structure of versions 4-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchTopic {
    /// Versions 4-12, ignorable.
    pub topic: KString,
    /// Versions 13-18, ignorable.
    pub topic_id: Uuid,
    /// Versions 4-18.
    pub partitions: Vec<FetchPartition>,
}

impl Wire for FetchTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 12 { m.topic = Wire::read(r, "FetchRequest.Topics.Topic")?; }
        if v >= 13 { m.topic_id = Wire::read(r, "FetchRequest.Topics.TopicId")?; }
        m.partitions = Wire::read(r, "FetchRequest.Topics.Partitions")?;
        r.skip_tagged("FetchRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 12 { self.topic.write(w, "FetchRequest.Topics.Topic")?; }
        if v >= 13 { self.topic_id.write(w, "FetchRequest.Topics.TopicId")?; }
        self.partitions.write(w, "FetchRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `FetchRequest.Topics.Partitions`: a structure of versions 4-18.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchPartition {
    /// Versions 4-18.
    pub partition: i32,
    /// Versions 9-18, default -1, ignorable.
    pub current_leader_epoch: i32,
    /// Versions 4-18.
    pub fetch_offset: i64,
    /// Versions 12-18, default -1.
    pub last_fetched_epoch: i32,
    /// Versions 5-18, default -1, ignorable.
    pub log_start_offset: i64,
    /// Versions 4-18.
    pub partition_max_bytes: i32,
    /// Versions 17-18, tag 0, ignorable.
    pub replica_directory_id: Uuid,
    /// Versions 18, tag 1, default 9223372036854775807, ignorable.
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::nil(),
            high_watermark: 9223372036854775807,
        }
    }
}

impl Wire for FetchPartition {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition = Wire::read(r, "FetchRequest.Topics.Partitions.Partition")?;
        if v >= 9 { m.current_leader_epoch = Wire::read(r, "FetchRequest.Topics.Partitions.CurrentLeaderEpoch")?; }
        m.fetch_offset = Wire::read(r, "FetchRequest.Topics.Partitions.FetchOffset")?;
        if v >= 12 { m.last_fetched_epoch = Wire::read(r, "FetchRequest.Topics.Partitions.LastFetchedEpoch")?; }
        if v >= 5 { m.log_start_offset = Wire::read(r, "FetchRequest.Topics.Partitions.LogStartOffset")?; }
        m.partition_max_bytes = Wire::read(r, "FetchRequest.Topics.Partitions.PartitionMaxBytes")?;
        r.tagged("FetchRequest.Topics.Partitions", &mut |r, tag| {
            match tag {
                0 if v >= 17 => m.replica_directory_id = Wire::read(r, "FetchRequest.Topics.Partitions.ReplicaDirectoryId")?,
                1 if v >= 18 => m.high_watermark = Wire::read(r, "FetchRequest.Topics.Partitions.HighWatermark")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition.write(w, "FetchRequest.Topics.Partitions.Partition")?;
        if v >= 9 { self.current_leader_epoch.write(w, "FetchRequest.Topics.Partitions.CurrentLeaderEpoch")?; }
        self.fetch_offset.write(w, "FetchRequest.Topics.Partitions.FetchOffset")?;
        if v >= 12 { self.last_fetched_epoch.write(w, "FetchRequest.Topics.Partitions.LastFetchedEpoch")?; } else if self.last_fetched_epoch != -1 { return w.lacks("FetchRequest.Topics.Partitions.LastFetchedEpoch"); }
        if v >= 5 { self.log_start_offset.write(w, "FetchRequest.Topics.Partitions.LogStartOffset")?; }
        self.partition_max_bytes.write(w, "FetchRequest.Topics.Partitions.PartitionMaxBytes")?;
        let tag0 = v >= 17 && !self.replica_directory_id.is_nil();
        let tag1 = v >= 18 && self.high_watermark != 9223372036854775807;
        w.tag_count(u32::from(tag0) + u32::from(tag1));
        if tag0 {
            let start = w.begin_tag(0);
            self.replica_directory_id.write(w, "FetchRequest.Topics.Partitions.ReplicaDirectoryId")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            self.high_watermark.write(w, "FetchRequest.Topics.Partitions.HighWatermark")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `FetchRequest.ForgottenTopicsData`: a structure of versions 7-18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgottenTopic {
    /// Versions 7-12, ignorable.
    pub topic: KString,
    /// Versions 13-18, ignorable.
    pub topic_id: Uuid,
    /// Versions 7-18.
    pub partitions: Vec<i32>,
}

impl Wire for ForgottenTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 12 { m.topic = Wire::read(r, "FetchRequest.ForgottenTopicsData.Topic")?; }
        if v >= 13 { m.topic_id = Wire::read(r, "FetchRequest.ForgottenTopicsData.TopicId")?; }
        m.partitions = Wire::read(r, "FetchRequest.ForgottenTopicsData.Partitions")?;
        r.skip_tagged("FetchRequest.ForgottenTopicsData")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 12 { self.topic.write(w, "FetchRequest.ForgottenTopicsData.Topic")?; }
        if v >= 13 { self.topic_id.write(w, "FetchRequest.ForgottenTopicsData.TopicId")?; }
        self.partitions.write(w, "FetchRequest.ForgottenTopicsData.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for FetchRequest {
    const NAME: &'static str = "FetchRequest";
    const MIN_VERSION: i16 = 4;
    const MAX_VERSION: i16 = 18;
    const FLEXIBLE_FROM: i16 = 12;
}

impl Request for FetchRequest {
    const KEY: ApiKey = ApiKey::Fetch;
    type Response = super::fetch_response::FetchResponse;
}
