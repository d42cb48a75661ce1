//! `ListOffsetsRequest`: versions 1-11, flexible 6-11. Generated from `proto/kafka/ListOffsetsRequest.json`, not to be edited.

use crate::codec::*;

/// `ListOffsetsRequest`: a message of versions 1-11.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsRequest {
    /// Versions 1-11.
    pub replica_id: i32,
    /// Versions 2-11.
    pub isolation_level: i8,
    /// Versions 1-11.
    pub topics: Vec<ListOffsetsTopic>,
    /// Versions 10-11, ignorable.
    pub timeout_ms: i32,
}

impl Wire for ListOffsetsRequest {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.replica_id = Wire::read(r, "ListOffsetsRequest.ReplicaId")?;
        if v >= 2 { m.isolation_level = Wire::read(r, "ListOffsetsRequest.IsolationLevel")?; }
        m.topics = Wire::read(r, "ListOffsetsRequest.Topics")?;
        if v >= 10 { m.timeout_ms = Wire::read(r, "ListOffsetsRequest.TimeoutMs")?; }
        r.skip_tagged("ListOffsetsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.replica_id.write(w, "ListOffsetsRequest.ReplicaId")?;
        if v >= 2 { self.isolation_level.write(w, "ListOffsetsRequest.IsolationLevel")?; } else if self.isolation_level != 0 { return w.lacks("ListOffsetsRequest.IsolationLevel"); }
        self.topics.write(w, "ListOffsetsRequest.Topics")?;
        if v >= 10 { self.timeout_ms.write(w, "ListOffsetsRequest.TimeoutMs")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `ListOffsetsRequest.Topics`: a structure of versions 1-11.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsTopic {
    /// Versions 1-11.
    pub name: KString,
    /// Versions 1-11.
    pub partitions: Vec<ListOffsetsPartition>,
}

impl Wire for ListOffsetsTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ListOffsetsRequest.Topics.Name")?;
        m.partitions = Wire::read(r, "ListOffsetsRequest.Topics.Partitions")?;
        r.skip_tagged("ListOffsetsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ListOffsetsRequest.Topics.Name")?;
        self.partitions.write(w, "ListOffsetsRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListOffsetsRequest.Topics.Partitions`: a structure of versions 1-11.
#[derive(Debug, Clone, PartialEq)]
pub struct ListOffsetsPartition {
    /// Versions 1-11.
    pub partition_index: i32,
    /// Versions 4-11, default -1, ignorable.
    pub current_leader_epoch: i32,
    /// Versions 1-11.
    pub timestamp: i64,
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            current_leader_epoch: -1,
            timestamp: 0,
        }
    }
}

impl Wire for ListOffsetsPartition {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ListOffsetsRequest.Topics.Partitions.PartitionIndex")?;
        if v >= 4 { m.current_leader_epoch = Wire::read(r, "ListOffsetsRequest.Topics.Partitions.CurrentLeaderEpoch")?; }
        m.timestamp = Wire::read(r, "ListOffsetsRequest.Topics.Partitions.Timestamp")?;
        r.skip_tagged("ListOffsetsRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.partition_index.write(w, "ListOffsetsRequest.Topics.Partitions.PartitionIndex")?;
        if v >= 4 { self.current_leader_epoch.write(w, "ListOffsetsRequest.Topics.Partitions.CurrentLeaderEpoch")?; }
        self.timestamp.write(w, "ListOffsetsRequest.Topics.Partitions.Timestamp")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListOffsetsRequest {
    const NAME: &'static str = "ListOffsetsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 11;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Request for ListOffsetsRequest {
    const KEY: ApiKey = ApiKey::ListOffsets;
    type Response = super::list_offsets_response::ListOffsetsResponse;
}
