//! `StreamsGroupHeartbeatResponse`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupHeartbeatResponse.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupHeartbeatResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupHeartbeatResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub member_id: KString,
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0.
    pub heartbeat_interval_ms: i32,
    /// Versions 0.
    pub acceptable_recovery_lag: i32,
    /// Versions 0.
    pub task_offset_interval_ms: i32,
    /// Versions 0, null in 0.
    pub status: Option<Vec<Status>>,
    /// Versions 0, null in 0, default null.
    pub active_tasks: Option<Vec<TaskIds>>,
    /// Versions 0, null in 0, default null.
    pub standby_tasks: Option<Vec<TaskIds>>,
    /// Versions 0, null in 0, default null.
    pub warmup_tasks: Option<Vec<TaskIds>>,
    /// Versions 0.
    pub endpoint_information_epoch: i32,
    /// Versions 0, null in 0, default null.
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>,
}

impl Default for StreamsGroupHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            member_id: KString::default(),
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            acceptable_recovery_lag: 0,
            task_offset_interval_ms: 0,
            status: Some(Vec::new()),
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            endpoint_information_epoch: 0,
            partitions_by_user_endpoint: None,
        }
    }
}

impl Wire for StreamsGroupHeartbeatResponse {
    const MIN: usize = 34;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "StreamsGroupHeartbeatResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "StreamsGroupHeartbeatResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "StreamsGroupHeartbeatResponse.ErrorMessage")?;
        m.member_id = Wire::read(r, "StreamsGroupHeartbeatResponse.MemberId")?;
        m.member_epoch = Wire::read(r, "StreamsGroupHeartbeatResponse.MemberEpoch")?;
        m.heartbeat_interval_ms = Wire::read(r, "StreamsGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        m.acceptable_recovery_lag = Wire::read(r, "StreamsGroupHeartbeatResponse.AcceptableRecoveryLag")?;
        m.task_offset_interval_ms = Wire::read(r, "StreamsGroupHeartbeatResponse.TaskOffsetIntervalMs")?;
        m.status = r.nullable(true, "StreamsGroupHeartbeatResponse.Status")?;
        m.active_tasks = r.nullable(true, "StreamsGroupHeartbeatResponse.ActiveTasks")?;
        m.standby_tasks = r.nullable(true, "StreamsGroupHeartbeatResponse.StandbyTasks")?;
        m.warmup_tasks = r.nullable(true, "StreamsGroupHeartbeatResponse.WarmupTasks")?;
        m.endpoint_information_epoch = Wire::read(r, "StreamsGroupHeartbeatResponse.EndpointInformationEpoch")?;
        m.partitions_by_user_endpoint = r.nullable(true, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "StreamsGroupHeartbeatResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "StreamsGroupHeartbeatResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "StreamsGroupHeartbeatResponse.ErrorMessage")?;
        self.member_id.write(w, "StreamsGroupHeartbeatResponse.MemberId")?;
        self.member_epoch.write(w, "StreamsGroupHeartbeatResponse.MemberEpoch")?;
        self.heartbeat_interval_ms.write(w, "StreamsGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        self.acceptable_recovery_lag.write(w, "StreamsGroupHeartbeatResponse.AcceptableRecoveryLag")?;
        self.task_offset_interval_ms.write(w, "StreamsGroupHeartbeatResponse.TaskOffsetIntervalMs")?;
        w.nullable(self.status.as_ref(), true, "StreamsGroupHeartbeatResponse.Status")?;
        w.nullable(self.active_tasks.as_ref(), true, "StreamsGroupHeartbeatResponse.ActiveTasks")?;
        w.nullable(self.standby_tasks.as_ref(), true, "StreamsGroupHeartbeatResponse.StandbyTasks")?;
        w.nullable(self.warmup_tasks.as_ref(), true, "StreamsGroupHeartbeatResponse.WarmupTasks")?;
        self.endpoint_information_epoch.write(w, "StreamsGroupHeartbeatResponse.EndpointInformationEpoch")?;
        w.nullable(self.partitions_by_user_endpoint.as_ref(), true, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointToPartitions {
    /// Versions 0.
    pub user_endpoint: Endpoint,
    /// Versions 0.
    pub active_partitions: Vec<TopicPartition>,
    /// Versions 0.
    pub standby_partitions: Vec<TopicPartition>,
}

impl Wire for EndpointToPartitions {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.user_endpoint = Wire::read(r, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.UserEndpoint")?;
        m.active_partitions = Wire::read(r, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.ActivePartitions")?;
        m.standby_partitions = Wire::read(r, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.StandbyPartitions")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.user_endpoint.write(w, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.UserEndpoint")?;
        self.active_partitions.write(w, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.ActivePartitions")?;
        self.standby_partitions.write(w, "StreamsGroupHeartbeatResponse.PartitionsByUserEndpoint.StandbyPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatResponse.Status`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// Versions 0.
    pub status_code: i8,
    /// Versions 0.
    pub status_detail: KString,
}

impl Wire for Status {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.status_code = Wire::read(r, "StreamsGroupHeartbeatResponse.Status.StatusCode")?;
        m.status_detail = Wire::read(r, "StreamsGroupHeartbeatResponse.Status.StatusDetail")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse.Status")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.status_code.write(w, "StreamsGroupHeartbeatResponse.Status.StatusCode")?;
        self.status_detail.write(w, "StreamsGroupHeartbeatResponse.Status.StatusDetail")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatResponse.TopicPartition`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartition {
    /// Versions 0.
    pub topic: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartition {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "StreamsGroupHeartbeatResponse.TopicPartition.Topic")?;
        m.partitions = Wire::read(r, "StreamsGroupHeartbeatResponse.TopicPartition.Partitions")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse.TopicPartition")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "StreamsGroupHeartbeatResponse.TopicPartition.Topic")?;
        self.partitions.write(w, "StreamsGroupHeartbeatResponse.TopicPartition.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatResponse.TaskIds`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskIds {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TaskIds {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupHeartbeatResponse.TaskIds.SubtopologyId")?;
        m.partitions = Wire::read(r, "StreamsGroupHeartbeatResponse.TaskIds.Partitions")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse.TaskIds")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupHeartbeatResponse.TaskIds.SubtopologyId")?;
        self.partitions.write(w, "StreamsGroupHeartbeatResponse.TaskIds.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatResponse.Endpoint`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// Versions 0.
    pub host: KString,
    /// Versions 0.
    pub port: u16,
}

impl Wire for Endpoint {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.host = Wire::read(r, "StreamsGroupHeartbeatResponse.Endpoint.Host")?;
        m.port = Wire::read(r, "StreamsGroupHeartbeatResponse.Endpoint.Port")?;
        r.skip_tagged("StreamsGroupHeartbeatResponse.Endpoint")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.host.write(w, "StreamsGroupHeartbeatResponse.Endpoint.Host")?;
        self.port.write(w, "StreamsGroupHeartbeatResponse.Endpoint.Port")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupHeartbeatResponse {
    const NAME: &'static str = "StreamsGroupHeartbeatResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for StreamsGroupHeartbeatResponse {
    const KEY: ApiKey = ApiKey::StreamsGroupHeartbeat;
}
