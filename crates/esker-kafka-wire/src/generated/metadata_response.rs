//! `MetadataResponse`: versions 0-13, flexible 9-13. Generated from `proto/kafka/MetadataResponse.json`, not to be edited.

use crate::codec::*;

/// `MetadataResponse`: a message of versions 0-13.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponse {
    /// Versions 3-13, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-13.
    pub brokers: Vec<MetadataResponseBroker>,
    /// Versions 2-13, null in 2-13, default null, ignorable.
    pub cluster_id: Option<KString>,
    /// Versions 1-13, default -1, ignorable.
    pub controller_id: i32,
    /// Versions 0-13.
    pub topics: Vec<MetadataResponseTopic>,
    /// Versions 8-10, default -2147483648.
    pub cluster_authorized_operations: i32,
    /// Versions 13, ignorable.
    pub error_code: i16,
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: -2147483648,
            error_code: 0,
        }
    }
}

impl Wire for MetadataResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.throttle_time_ms = Wire::read(r, "MetadataResponse.ThrottleTimeMs")?; }
        m.brokers = Wire::read(r, "MetadataResponse.Brokers")?;
        if v >= 2 { m.cluster_id = r.nullable(true, "MetadataResponse.ClusterId")?; }
        if v >= 1 { m.controller_id = Wire::read(r, "MetadataResponse.ControllerId")?; }
        m.topics = Wire::read(r, "MetadataResponse.Topics")?;
        if (8..=10).contains(&v) { m.cluster_authorized_operations = Wire::read(r, "MetadataResponse.ClusterAuthorizedOperations")?; }
        if v >= 13 { m.error_code = Wire::read(r, "MetadataResponse.ErrorCode")?; }
        r.skip_tagged("MetadataResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { self.throttle_time_ms.write(w, "MetadataResponse.ThrottleTimeMs")?; }
        self.brokers.write(w, "MetadataResponse.Brokers")?;
        if v >= 2 { w.nullable(self.cluster_id.as_ref(), true, "MetadataResponse.ClusterId")?; }
        if v >= 1 { self.controller_id.write(w, "MetadataResponse.ControllerId")?; }
        self.topics.write(w, "MetadataResponse.Topics")?;
        if (8..=10).contains(&v) { self.cluster_authorized_operations.write(w, "MetadataResponse.ClusterAuthorizedOperations")?; } else if self.cluster_authorized_operations != -2147483648 { return w.lacks("MetadataResponse.ClusterAuthorizedOperations"); }
        if v >= 13 { self.error_code.write(w, "MetadataResponse.ErrorCode")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `MetadataResponse.Brokers`: a structure of versions 0-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetadataResponseBroker {
    /// Versions 0-13.
    pub node_id: i32,
    /// Versions 0-13.
    pub host: KString,
    /// Versions 0-13.
    pub port: i32,
    /// Versions 1-13, null in 1-13, default null, ignorable.
    pub rack: Option<KString>,
}

impl Wire for MetadataResponseBroker {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.node_id = Wire::read(r, "MetadataResponse.Brokers.NodeId")?;
        m.host = Wire::read(r, "MetadataResponse.Brokers.Host")?;
        m.port = Wire::read(r, "MetadataResponse.Brokers.Port")?;
        if v >= 1 { m.rack = r.nullable(true, "MetadataResponse.Brokers.Rack")?; }
        r.skip_tagged("MetadataResponse.Brokers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.node_id.write(w, "MetadataResponse.Brokers.NodeId")?;
        self.host.write(w, "MetadataResponse.Brokers.Host")?;
        self.port.write(w, "MetadataResponse.Brokers.Port")?;
        if v >= 1 { w.nullable(self.rack.as_ref(), true, "MetadataResponse.Brokers.Rack")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `MetadataResponse.Topics`: a structure of versions 0-13.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponseTopic {
    /// Versions 0-13.
    pub error_code: i16,
    /// Versions 0-13, null in 12-13.
    pub name: Option<KString>,
    /// Versions 10-13, ignorable.
    pub topic_id: Uuid,
    /// Versions 1-13, default false, ignorable.
    pub is_internal: bool,
    /// Versions 0-13.
    pub partitions: Vec<MetadataResponsePartition>,
    /// Versions 8-13, default -2147483648.
    pub topic_authorized_operations: i32,
}

impl Default for MetadataResponseTopic {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: Some(KString::default()),
            topic_id: Uuid::nil(),
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: -2147483648,
        }
    }
}

impl Wire for MetadataResponseTopic {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "MetadataResponse.Topics.ErrorCode")?;
        m.name = r.nullable(v >= 12, "MetadataResponse.Topics.Name")?;
        if v >= 10 { m.topic_id = Wire::read(r, "MetadataResponse.Topics.TopicId")?; }
        if v >= 1 { m.is_internal = Wire::read(r, "MetadataResponse.Topics.IsInternal")?; }
        m.partitions = Wire::read(r, "MetadataResponse.Topics.Partitions")?;
        if v >= 8 { m.topic_authorized_operations = Wire::read(r, "MetadataResponse.Topics.TopicAuthorizedOperations")?; }
        r.skip_tagged("MetadataResponse.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "MetadataResponse.Topics.ErrorCode")?;
        w.nullable(self.name.as_ref(), v >= 12, "MetadataResponse.Topics.Name")?;
        if v >= 10 { self.topic_id.write(w, "MetadataResponse.Topics.TopicId")?; }
        if v >= 1 { self.is_internal.write(w, "MetadataResponse.Topics.IsInternal")?; }
        self.partitions.write(w, "MetadataResponse.Topics.Partitions")?;
        if v >= 8 { self.topic_authorized_operations.write(w, "MetadataResponse.Topics.TopicAuthorizedOperations")?; } else if self.topic_authorized_operations != -2147483648 { return w.lacks("MetadataResponse.Topics.TopicAuthorizedOperations"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `MetadataResponse.Topics.Partitions`: a structure of versions 0-13.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponsePartition {
    /// Versions 0-13.
    pub error_code: i16,
    /// Versions 0-13.
    pub partition_index: i32,
    /// Versions 0-13.
    pub leader_id: i32,
    /// Versions 7-13, default -1, ignorable.
    pub leader_epoch: i32,
    /// Versions 0-13.
    pub replica_nodes: Vec<i32>,
    /// Versions 0-13.
    pub isr_nodes: Vec<i32>,
    /// Versions 5-13, ignorable.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Wire for MetadataResponsePartition {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "MetadataResponse.Topics.Partitions.ErrorCode")?;
        m.partition_index = Wire::read(r, "MetadataResponse.Topics.Partitions.PartitionIndex")?;
        m.leader_id = Wire::read(r, "MetadataResponse.Topics.Partitions.LeaderId")?;
        if v >= 7 { m.leader_epoch = Wire::read(r, "MetadataResponse.Topics.Partitions.LeaderEpoch")?; }
        m.replica_nodes = Wire::read(r, "MetadataResponse.Topics.Partitions.ReplicaNodes")?;
        m.isr_nodes = Wire::read(r, "MetadataResponse.Topics.Partitions.IsrNodes")?;
        if v >= 5 { m.offline_replicas = Wire::read(r, "MetadataResponse.Topics.Partitions.OfflineReplicas")?; }
        r.skip_tagged("MetadataResponse.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "MetadataResponse.Topics.Partitions.ErrorCode")?;
        self.partition_index.write(w, "MetadataResponse.Topics.Partitions.PartitionIndex")?;
        self.leader_id.write(w, "MetadataResponse.Topics.Partitions.LeaderId")?;
        if v >= 7 { self.leader_epoch.write(w, "MetadataResponse.Topics.Partitions.LeaderEpoch")?; }
        self.replica_nodes.write(w, "MetadataResponse.Topics.Partitions.ReplicaNodes")?;
        self.isr_nodes.write(w, "MetadataResponse.Topics.Partitions.IsrNodes")?;
        if v >= 5 { self.offline_replicas.write(w, "MetadataResponse.Topics.Partitions.OfflineReplicas")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for MetadataResponse {
    const NAME: &'static str = "MetadataResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 13;
    const FLEXIBLE_FROM: i16 = 9;
}

impl Response for MetadataResponse {
    const KEY: ApiKey = ApiKey::Metadata;
}
