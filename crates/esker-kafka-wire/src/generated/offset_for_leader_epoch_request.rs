//! `OffsetForLeaderEpochRequest`: versions 2-4, flexible 4. Generated from `proto/kafka/OffsetForLeaderEpochRequest.json`, not to be edited.

use crate::codec::*;

/// `OffsetForLeaderEpochRequest`: a message of versions 2-4.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetForLeaderEpochRequest {
    /// Versions 3-4, default -2, ignorable.
    pub replica_id: i32,
    /// Versions 2-4.
    pub topics: Vec<OffsetForLeaderTopic>,
}

impl Default for OffsetForLeaderEpochRequest {
    fn default() -> Self {
        Self {
            replica_id: -2,
            topics: Vec::new(),
        }
    }
}

impl Wire for OffsetForLeaderEpochRequest {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.replica_id = Wire::read(r, "OffsetForLeaderEpochRequest.ReplicaId")?; }
        m.topics = Wire::read(r, "OffsetForLeaderEpochRequest.Topics")?;
        r.skip_tagged("OffsetForLeaderEpochRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { self.replica_id.write(w, "OffsetForLeaderEpochRequest.ReplicaId")?; }
        self.topics.write(w, "OffsetForLeaderEpochRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetForLeaderEpochRequest.Topics`: a structure of versions 2-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderTopic {
    /// Versions 2-4.
    pub topic: KString,
    /// Versions 2-4.
    pub partitions: Vec<OffsetForLeaderPartition>,
}

impl Wire for OffsetForLeaderTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "OffsetForLeaderEpochRequest.Topics.Topic")?;
        m.partitions = Wire::read(r, "OffsetForLeaderEpochRequest.Topics.Partitions")?;
        r.skip_tagged("OffsetForLeaderEpochRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "OffsetForLeaderEpochRequest.Topics.Topic")?;
        self.partitions.write(w, "OffsetForLeaderEpochRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `OffsetForLeaderEpochRequest.Topics.Partitions`: a structure of versions 2-4.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetForLeaderPartition {
    /// Versions 2-4.
    pub partition: i32,
    /// Versions 2-4, default -1, ignorable.
    pub current_leader_epoch: i32,
    /// Versions 2-4.
    pub leader_epoch: i32,
}

impl Default for OffsetForLeaderPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            leader_epoch: 0,
        }
    }
}

impl Wire for OffsetForLeaderPartition {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "OffsetForLeaderEpochRequest.Topics.Partitions.Partition")?;
        m.current_leader_epoch = Wire::read(r, "OffsetForLeaderEpochRequest.Topics.Partitions.CurrentLeaderEpoch")?;
        m.leader_epoch = Wire::read(r, "OffsetForLeaderEpochRequest.Topics.Partitions.LeaderEpoch")?;
        r.skip_tagged("OffsetForLeaderEpochRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "OffsetForLeaderEpochRequest.Topics.Partitions.Partition")?;
        self.current_leader_epoch.write(w, "OffsetForLeaderEpochRequest.Topics.Partitions.CurrentLeaderEpoch")?;
        self.leader_epoch.write(w, "OffsetForLeaderEpochRequest.Topics.Partitions.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for OffsetForLeaderEpochRequest {
    const NAME: &'static str = "OffsetForLeaderEpochRequest";
    const MIN_VERSION: i16 = 2;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for OffsetForLeaderEpochRequest {
    const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
    type Response = super::offset_for_leader_epoch_response::OffsetForLeaderEpochResponse;
}
