//! `ProduceResponse`: versions 3-13, flexible 9-13. Generated from `proto/kafka/ProduceResponse.json`, not to be edited.

use crate::codec::*;

/// `ProduceResponse`: a message of versions 3-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProduceResponse {
    /// Versions 3-13.
    pub responses: Vec<TopicProduceResponse>,
    /// Versions 3-13, default 0, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 10-13, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Wire for ProduceResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.responses = Wire::read(r, "ProduceResponse.Responses")?;
        m.throttle_time_ms = Wire::read(r, "ProduceResponse.ThrottleTimeMs")?;
        r.tagged("ProduceResponse", &mut |r, tag| {
            match tag {
                0 if v >= 10 => m.node_endpoints = Wire::read(r, "ProduceResponse.NodeEndpoints")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.responses.write(w, "ProduceResponse.Responses")?;
        self.throttle_time_ms.write(w, "ProduceResponse.ThrottleTimeMs")?;
        if !(v >= 10) && !self.node_endpoints.is_empty() { return w.lacks("ProduceResponse.NodeEndpoints"); }
        let tag0 = v >= 10 && !self.node_endpoints.is_empty();
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.node_endpoints.write(w, "ProduceResponse.NodeEndpoints")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ProduceResponse.Responses`: a structure of versions 3-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicProduceResponse {
    /// Versions 3-12, ignorable.
    pub name: KString,
    /// Versions 13, ignorable.
    pub topic_id: Uuid,
    /// Versions 3-13.
    pub partition_responses: Vec<PartitionProduceResponse>,
}

impl Wire for TopicProduceResponse {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 12 { m.name = Wire::read(r, "ProduceResponse.Responses.Name")?; }
        if v >= 13 { m.topic_id = Wire::read(r, "ProduceResponse.Responses.TopicId")?; }
        m.partition_responses = Wire::read(r, "ProduceResponse.Responses.PartitionResponses")?;
        r.skip_tagged("ProduceResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 12 { self.name.write(w, "ProduceResponse.Responses.Name")?; }
        if v >= 13 { self.topic_id.write(w, "ProduceResponse.Responses.TopicId")?; }
        self.partition_responses.write(w, "ProduceResponse.Responses.PartitionResponses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ProduceResponse.Responses.PartitionResponses`: a structure of versions 3-13.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionProduceResponse {
    /// Versions 3-13.
    pub index: i32,
    /// Versions 3-13.
    pub error_code: i16,
    /// Versions 3-13.
    pub base_offset: i64,
    /// Versions 3-13, default -1, ignorable.
    pub log_append_time_ms: i64,
    /// Versions 5-13, default -1, ignorable.
    pub log_start_offset: i64,
    /// Versions 8-13, ignorable.
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    /// Versions 8-13, null in 8-13, default null, ignorable.
    pub error_message: Option<KString>,
    /// Versions 10-13, tag 0.
    pub current_leader: LeaderIdAndEpoch,
}

impl Default for PartitionProduceResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl Wire for PartitionProduceResponse {
    const MIN: usize = 22;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.index = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.Index")?;
        m.error_code = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.ErrorCode")?;
        m.base_offset = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.BaseOffset")?;
        m.log_append_time_ms = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.LogAppendTimeMs")?;
        if v >= 5 { m.log_start_offset = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.LogStartOffset")?; }
        if v >= 8 { m.record_errors = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.RecordErrors")?; }
        if v >= 8 { m.error_message = r.nullable(true, "ProduceResponse.Responses.PartitionResponses.ErrorMessage")?; }
        r.tagged("ProduceResponse.Responses.PartitionResponses", &mut |r, tag| {
            match tag {
                0 if v >= 10 => m.current_leader = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.CurrentLeader")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.index.write(w, "ProduceResponse.Responses.PartitionResponses.Index")?;
        self.error_code.write(w, "ProduceResponse.Responses.PartitionResponses.ErrorCode")?;
        self.base_offset.write(w, "ProduceResponse.Responses.PartitionResponses.BaseOffset")?;
        self.log_append_time_ms.write(w, "ProduceResponse.Responses.PartitionResponses.LogAppendTimeMs")?;
        if v >= 5 { self.log_start_offset.write(w, "ProduceResponse.Responses.PartitionResponses.LogStartOffset")?; }
        if v >= 8 { self.record_errors.write(w, "ProduceResponse.Responses.PartitionResponses.RecordErrors")?; }
        if v >= 8 { w.nullable(self.error_message.as_ref(), true, "ProduceResponse.Responses.PartitionResponses.ErrorMessage")?; }
        if !(v >= 10) && self.current_leader != LeaderIdAndEpoch::default() { return w.lacks("ProduceResponse.Responses.PartitionResponses.CurrentLeader"); }
        let tag0 = v >= 10 && self.current_leader != LeaderIdAndEpoch::default();
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.current_leader.write(w, "ProduceResponse.Responses.PartitionResponses.CurrentLeader")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ProduceResponse.Responses.PartitionResponses.RecordErrors`: a structure of versions 8-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchIndexAndErrorMessage {
    /// Versions 8-13.
    pub batch_index: i32,
    /// Versions 8-13, null in 8-13, default null.
    pub batch_index_error_message: Option<KString>,
}

impl Wire for BatchIndexAndErrorMessage {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.batch_index = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.RecordErrors.BatchIndex")?;
        m.batch_index_error_message = r.nullable(true, "ProduceResponse.Responses.PartitionResponses.RecordErrors.BatchIndexErrorMessage")?;
        r.skip_tagged("ProduceResponse.Responses.PartitionResponses.RecordErrors")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.batch_index.write(w, "ProduceResponse.Responses.PartitionResponses.RecordErrors.BatchIndex")?;
        w.nullable(self.batch_index_error_message.as_ref(), true, "ProduceResponse.Responses.PartitionResponses.RecordErrors.BatchIndexErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ProduceResponse.Responses.PartitionResponses.CurrentLeader`: a structure of versions 10-13.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// Versions 10-13, default -1.
    pub leader_id: i32,
    /// Versions 10-13, default -1.
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
        m.leader_id = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.CurrentLeader.LeaderId")?;
        m.leader_epoch = Wire::read(r, "ProduceResponse.Responses.PartitionResponses.CurrentLeader.LeaderEpoch")?;
        r.skip_tagged("ProduceResponse.Responses.PartitionResponses.CurrentLeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.leader_id.write(w, "ProduceResponse.Responses.PartitionResponses.CurrentLeader.LeaderId")?;
        self.leader_epoch.write(w, "ProduceResponse.Responses.PartitionResponses.CurrentLeader.LeaderEpoch")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ProduceResponse.NodeEndpoints`: a structure of versions 10-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// Versions 10-13.
    pub node_id: i32,
    /// Versions 10-13.
    pub host: KString,
    /// Versions 10-13.
    pub port: i32,
    /// Versions 10-13, null in 10-13, default null.
    pub rack: Option<KString>,
}

impl Wire for NodeEndpoint {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.node_id = Wire::read(r, "ProduceResponse.NodeEndpoints.NodeId")?;
        m.host = Wire::read(r, "ProduceResponse.NodeEndpoints.Host")?;
        m.port = Wire::read(r, "ProduceResponse.NodeEndpoints.Port")?;
        m.rack = r.nullable(true, "ProduceResponse.NodeEndpoints.Rack")?;
        r.skip_tagged("ProduceResponse.NodeEndpoints")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.node_id.write(w, "ProduceResponse.NodeEndpoints.NodeId")?;
        self.host.write(w, "ProduceResponse.NodeEndpoints.Host")?;
        self.port.write(w, "ProduceResponse.NodeEndpoints.Port")?;
        w.nullable(self.rack.as_ref(), true, "ProduceResponse.NodeEndpoints.Rack")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ProduceResponse {
    const NAME: &'static str = "ProduceResponse";
    const MIN_VERSION: i16 = 3;
    const MAX_VERSION: i16 = 13;
    const FLEXIBLE_FROM: i16 = 9;
}

impl Response for ProduceResponse {
    const KEY: ApiKey = ApiKey::Produce;
}
