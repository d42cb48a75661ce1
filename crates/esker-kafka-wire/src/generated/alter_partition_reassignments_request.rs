//! `AlterPartitionReassignmentsRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/AlterPartitionReassignmentsRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterPartitionReassignmentsRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterPartitionReassignmentsRequest {
    /// Versions 0-1, default 60000.
    pub timeout_ms: i32,
    /// Versions 1, default true.
    pub allow_replication_factor_change: bool,
    /// Versions 0-1.
    pub topics: Vec<ReassignableTopic>,
}

impl Default for AlterPartitionReassignmentsRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            allow_replication_factor_change: true,
            topics: Vec::new(),
        }
    }
}

impl Wire for AlterPartitionReassignmentsRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.timeout_ms = Wire::read(r, "AlterPartitionReassignmentsRequest.TimeoutMs")?;
        if v >= 1 { m.allow_replication_factor_change = Wire::read(r, "AlterPartitionReassignmentsRequest.AllowReplicationFactorChange")?; }
        m.topics = Wire::read(r, "AlterPartitionReassignmentsRequest.Topics")?;
        r.skip_tagged("AlterPartitionReassignmentsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.timeout_ms.write(w, "AlterPartitionReassignmentsRequest.TimeoutMs")?;
        if v >= 1 { self.allow_replication_factor_change.write(w, "AlterPartitionReassignmentsRequest.AllowReplicationFactorChange")?; } else if !self.allow_replication_factor_change { return w.lacks("AlterPartitionReassignmentsRequest.AllowReplicationFactorChange"); }
        self.topics.write(w, "AlterPartitionReassignmentsRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterPartitionReassignmentsRequest.Topics`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignableTopic {
    /// Versions 0-1.
    pub name: KString,
    /// Versions 0-1.
    pub partitions: Vec<ReassignablePartition>,
}

impl Wire for ReassignableTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterPartitionReassignmentsRequest.Topics.Name")?;
        m.partitions = Wire::read(r, "AlterPartitionReassignmentsRequest.Topics.Partitions")?;
        r.skip_tagged("AlterPartitionReassignmentsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterPartitionReassignmentsRequest.Topics.Name")?;
        self.partitions.write(w, "AlterPartitionReassignmentsRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterPartitionReassignmentsRequest.Topics.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignablePartition {
    /// Versions 0-1.
    pub partition_index: i32,
    /// Versions 0-1, null in 0-1, default null.
    pub replicas: Option<Vec<i32>>,
}

impl Wire for ReassignablePartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AlterPartitionReassignmentsRequest.Topics.Partitions.PartitionIndex")?;
        m.replicas = r.nullable(true, "AlterPartitionReassignmentsRequest.Topics.Partitions.Replicas")?;
        r.skip_tagged("AlterPartitionReassignmentsRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AlterPartitionReassignmentsRequest.Topics.Partitions.PartitionIndex")?;
        w.nullable(self.replicas.as_ref(), true, "AlterPartitionReassignmentsRequest.Topics.Partitions.Replicas")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterPartitionReassignmentsRequest {
    const NAME: &'static str = "AlterPartitionReassignmentsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for AlterPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
    type Response = super::alter_partition_reassignments_response::AlterPartitionReassignmentsResponse;
}
