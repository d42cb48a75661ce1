//! `ShareGroupHeartbeatResponse`: versions 1, flexible 1. Generated from `proto/kafka/ShareGroupHeartbeatResponse.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupHeartbeatResponse`: a message of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupHeartbeatResponse {
    /// Versions 1.
    pub throttle_time_ms: i32,
    /// Versions 1.
    pub error_code: i16,
    /// Versions 1, null in 1, default null.
    pub error_message: Option<KString>,
    /// Versions 1, null in 1, default null.
    pub member_id: Option<KString>,
    /// Versions 1.
    pub member_epoch: i32,
    /// Versions 1.
    pub heartbeat_interval_ms: i32,
    /// Versions 1, null in 1, default null.
    pub assignment: Option<Assignment>,
}

impl Wire for ShareGroupHeartbeatResponse {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ShareGroupHeartbeatResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ShareGroupHeartbeatResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareGroupHeartbeatResponse.ErrorMessage")?;
        m.member_id = r.nullable(true, "ShareGroupHeartbeatResponse.MemberId")?;
        m.member_epoch = Wire::read(r, "ShareGroupHeartbeatResponse.MemberEpoch")?;
        m.heartbeat_interval_ms = Wire::read(r, "ShareGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        m.assignment = r.nullable(true, "ShareGroupHeartbeatResponse.Assignment")?;
        r.skip_tagged("ShareGroupHeartbeatResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ShareGroupHeartbeatResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ShareGroupHeartbeatResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareGroupHeartbeatResponse.ErrorMessage")?;
        w.nullable(self.member_id.as_ref(), true, "ShareGroupHeartbeatResponse.MemberId")?;
        self.member_epoch.write(w, "ShareGroupHeartbeatResponse.MemberEpoch")?;
        self.heartbeat_interval_ms.write(w, "ShareGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        w.nullable(self.assignment.as_ref(), true, "ShareGroupHeartbeatResponse.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupHeartbeatResponse.Assignment`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Versions 1.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Wire for Assignment {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ShareGroupHeartbeatResponse.Assignment.TopicPartitions")?;
        r.skip_tagged("ShareGroupHeartbeatResponse.Assignment")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ShareGroupHeartbeatResponse.Assignment.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupHeartbeatResponse.TopicPartitions`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 1.
    pub topic_id: Uuid,
    /// Versions 1.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareGroupHeartbeatResponse.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ShareGroupHeartbeatResponse.TopicPartitions.Partitions")?;
        r.skip_tagged("ShareGroupHeartbeatResponse.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupHeartbeatResponse.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ShareGroupHeartbeatResponse.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupHeartbeatResponse {
    const NAME: &'static str = "ShareGroupHeartbeatResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for ShareGroupHeartbeatResponse {
    const KEY: ApiKey = ApiKey::ShareGroupHeartbeat;
}
