//! `ShareFetchResponse`: versions 1-2, flexible 1-2. Generated from `proto/kafka/ShareFetchResponse.json`, not to be edited.

use crate::codec::*;

/// `ShareFetchResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareFetchResponse {
    /// Versions 1-2.
    pub throttle_time_ms: i32,
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2, null in 1-2, default null.
    pub error_message: Option<KString>,
    /// Versions 1-2.
    pub acquisition_lock_timeout_ms: i32,
    /// Versions 1-2.
    pub responses: Vec<ShareFetchableTopicResponse>,
    /// Versions 1-2.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Wire for ShareFetchResponse {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ShareFetchResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ShareFetchResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareFetchResponse.ErrorMessage")?;
        m.acquisition_lock_timeout_ms = Wire::read(r, "ShareFetchResponse.AcquisitionLockTimeoutMs")?;
        m.responses = Wire::read(r, "ShareFetchResponse.Responses")?;
        m.node_endpoints = Wire::read(r, "ShareFetchResponse.NodeEndpoints")?;
        r.skip_tagged("ShareFetchResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ShareFetchResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ShareFetchResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareFetchResponse.ErrorMessage")?;
        self.acquisition_lock_timeout_ms.write(w, "ShareFetchResponse.AcquisitionLockTimeoutMs")?;
        self.responses.write(w, "ShareFetchResponse.Responses")?;
        self.node_endpoints.write(w, "ShareFetchResponse.NodeEndpoints")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchResponse.Responses`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareFetchableTopicResponse {
    /// Versions 1-2.
    pub topic_id: Uuid,
    /// Versions 1-2.
    pub partitions: Vec<PartitionData>,
}

impl Wire for ShareFetchableTopicResponse {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareFetchResponse.Responses.TopicId")?;
        m.partitions = Wire::read(r, "ShareFetchResponse.Responses.Partitions")?;
        r.skip_tagged("ShareFetchResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareFetchResponse.Responses.TopicId")?;
        self.partitions.write(w, "ShareFetchResponse.Responses.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchResponse.Responses.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2, null in 1-2, default null.
    pub error_message: Option<KString>,
    /// Versions 1-2.
    pub acknowledge_error_code: i16,
    /// Versions 1-2, null in 1-2, default null.
    pub acknowledge_error_message: Option<KString>,
    /// Versions 1-2.
    pub current_leader: LeaderIdAndEpoch,
    /// Versions 1-2.
    pub records: Records,
    /// Versions 1-2.
    pub acquired_records: Vec<AcquiredRecords>,
}

impl Wire for PartitionData {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "ShareFetchResponse.Responses.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "ShareFetchResponse.Responses.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareFetchResponse.Responses.Partitions.ErrorMessage")?;
        m.acknowledge_error_code = Wire::read(r, "ShareFetchResponse.Responses.Partitions.AcknowledgeErrorCode")?;
        m.acknowledge_error_message = r.nullable(true, "ShareFetchResponse.Responses.Partitions.AcknowledgeErrorMessage")?;
        m.current_leader = Wire::read(r, "ShareFetchResponse.Responses.Partitions.CurrentLeader")?;
        m.records = Wire::read(r, "ShareFetchResponse.Responses.Partitions.Records")?;
        m.acquired_records = Wire::read(r, "ShareFetchResponse.Responses.Partitions.AcquiredRecords")?;
        r.skip_tagged("ShareFetchResponse.Responses.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "ShareFetchResponse.Responses.Partitions.PartitionIndex")?;
        self.error_code.write(w, "ShareFetchResponse.Responses.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareFetchResponse.Responses.Partitions.ErrorMessage")?;
        self.acknowledge_error_code.write(w, "ShareFetchResponse.Responses.Partitions.AcknowledgeErrorCode")?;
        w.nullable(self.acknowledge_error_message.as_ref(), true, "ShareFetchResponse.Responses.Partitions.AcknowledgeErrorMessage")?;
        self.current_leader.write(w, "ShareFetchResponse.Responses.Partitions.CurrentLeader")?;
        self.records.write(w, "ShareFetchResponse.Responses.Partitions.Records")?;
        self.acquired_records.write(w, "ShareFetchResponse.Responses.Partitions.AcquiredRecords")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchResponse.Responses.Partitions.CurrentLeader`: a structure of versions 1-2.
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
        m.leader_id = Wire::read(r, "ShareFetchResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        m.leader_epoch = Wire::read(r, "ShareFetchResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        r.skip_tagged("ShareFetchResponse.Responses.Partitions.CurrentLeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.leader_id.write(w, "ShareFetchResponse.Responses.Partitions.CurrentLeader.LeaderId")?;
        self.leader_epoch.write(w, "ShareFetchResponse.Responses.Partitions.CurrentLeader.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchResponse.Responses.Partitions.AcquiredRecords`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcquiredRecords {
    /// Versions 1-2.
    pub first_offset: i64,
    /// Versions 1-2.
    pub last_offset: i64,
    /// Versions 1-2.
    pub delivery_count: i16,
}

impl Wire for AcquiredRecords {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.first_offset = Wire::read(r, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.FirstOffset")?;
        m.last_offset = Wire::read(r, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.LastOffset")?;
        m.delivery_count = Wire::read(r, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.DeliveryCount")?;
        r.skip_tagged("ShareFetchResponse.Responses.Partitions.AcquiredRecords")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.FirstOffset")?;
        self.last_offset.write(w, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.LastOffset")?;
        self.delivery_count.write(w, "ShareFetchResponse.Responses.Partitions.AcquiredRecords.DeliveryCount")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareFetchResponse.NodeEndpoints`: a structure of versions 1-2.
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
        m.node_id = Wire::read(r, "ShareFetchResponse.NodeEndpoints.NodeId")?;
        m.host = Wire::read(r, "ShareFetchResponse.NodeEndpoints.Host")?;
        m.port = Wire::read(r, "ShareFetchResponse.NodeEndpoints.Port")?;
        m.rack = r.nullable(true, "ShareFetchResponse.NodeEndpoints.Rack")?;
        r.skip_tagged("ShareFetchResponse.NodeEndpoints")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.node_id.write(w, "ShareFetchResponse.NodeEndpoints.NodeId")?;
        self.host.write(w, "ShareFetchResponse.NodeEndpoints.Host")?;
        self.port.write(w, "ShareFetchResponse.NodeEndpoints.Port")?;
        w.nullable(self.rack.as_ref(), true, "ShareFetchResponse.NodeEndpoints.Rack")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareFetchResponse {
    const NAME: &'static str = "ShareFetchResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for ShareFetchResponse {
    const KEY: ApiKey = ApiKey::ShareFetch;
}
