//! `ShareAcknowledgeResponse`: versions 1-2, flexible 1-2. Generated from `proto/kafka/ShareAcknowledgeResponse.json`, not to be edited.

use crate::codec::*;

/// `ShareAcknowledgeResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareAcknowledgeResponse {
    /// Versions 1-2.
    pub throttle_time_ms: i32,
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2, null in 1-2, default null.
    pub error_message: Option<KString>,
    /// Versions 2, ignorable.
    pub acquisition_lock_timeout_ms: i32,
    /// Versions 1-2.
    pub responses: Vec<ShareAcknowledgeTopicResponse>,
    /// Versions 1-2.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Wire for ShareAcknowledgeResponse {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ShareAcknowledgeResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ShareAcknowledgeResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareAcknowledgeResponse.ErrorMessage")?;
        if v >= 2 { m.acquisition_lock_timeout_ms = Wire::read(r, "ShareAcknowledgeResponse.AcquisitionLockTimeoutMs")?; }
        m.responses = Wire::read(r, "ShareAcknowledgeResponse.Responses")?;
        m.node_endpoints = Wire::read(r, "ShareAcknowledgeResponse.NodeEndpoints")?;
        r.skip_tagged("ShareAcknowledgeResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "ShareAcknowledgeResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ShareAcknowledgeResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareAcknowledgeResponse.ErrorMessage")?;
        if v >= 2 { self.acquisition_lock_timeout_ms.write(w, "ShareAcknowledgeResponse.AcquisitionLockTimeoutMs")?; }
        self.responses.write(w, "ShareAcknowledgeResponse.Responses")?;
        self.node_endpoints.write(w, "ShareAcknowledgeResponse.NodeEndpoints")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeResponse.Responses`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareAcknowledgeTopicResponse {
    /// Versions 1-2.
    pub topic_id: Uuid,
    /// Versions 1-2.
    pub partitions: Vec<PartitionData>,
}

impl Wire for ShareAcknowledgeTopicResponse {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareAcknowledgeResponse.Responses.TopicId")?;
        m.partitions = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions")?;
        r.skip_tagged("ShareAcknowledgeResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareAcknowledgeResponse.Responses.TopicId")?;
        self.partitions.write(w, "ShareAcknowledgeResponse.Responses.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeResponse.Responses.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2, null in 1-2, default null.
    pub error_message: Option<KString>,
    /// Versions 1-2.
    pub current_leader: LeaderIdAndEpoch,
}

impl Wire for PartitionData {
    const MIN: usize = 17;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareAcknowledgeResponse.Responses.Partitions.ErrorMessage")?;
        m.current_leader = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader")?;
        r.skip_tagged("ShareAcknowledgeResponse.Responses.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "ShareAcknowledgeResponse.Responses.Partitions.PartitionIndex")?;
        self.error_code.write(w, "ShareAcknowledgeResponse.Responses.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareAcknowledgeResponse.Responses.Partitions.ErrorMessage")?;
        self.current_leader.write(w, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaderIdAndEpoch {
    /// Versions 1-2.
    pub leader_id: i32,
    /// Versions 1-2.
    pub leader_epoch: i32,
}

impl Wire for LeaderIdAndEpoch {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.leader_id = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        m.leader_epoch = Wire::read(r, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        r.skip_tagged("ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.leader_id.write(w, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        self.leader_epoch.write(w, "ShareAcknowledgeResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareAcknowledgeResponse.NodeEndpoints`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// Versions 1-2.
    pub node_id: i32,
    /// Versions 1-2.
    pub host: KString,
    /// Versions 1-2.
    pub port: i32,
    /// Versions 1-2, null in 1-2, default null.
    pub rack: Option<KString>,
}

impl Wire for NodeEndpoint {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.node_id = Wire::read(r, "ShareAcknowledgeResponse.NodeEndpoints.NodeId")?;
        m.host = Wire::read(r, "ShareAcknowledgeResponse.NodeEndpoints.Host")?;
        m.port = Wire::read(r, "ShareAcknowledgeResponse.NodeEndpoints.Port")?;
        m.rack = r.nullable(true, "ShareAcknowledgeResponse.NodeEndpoints.Rack")?;
        r.skip_tagged("ShareAcknowledgeResponse.NodeEndpoints")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.node_id.write(w, "ShareAcknowledgeResponse.NodeEndpoints.NodeId")?;
        self.host.write(w, "ShareAcknowledgeResponse.NodeEndpoints.Host")?;
        self.port.write(w, "ShareAcknowledgeResponse.NodeEndpoints.Port")?;
        w.nullable(self.rack.as_ref(), true, "ShareAcknowledgeResponse.NodeEndpoints.Rack")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareAcknowledgeResponse {
    const NAME: &'static str = "ShareAcknowledgeResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for ShareAcknowledgeResponse {
    const KEY: ApiKey = ApiKey::ShareAcknowledge;
}
