//! `ConsumerGroupHeartbeatResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ConsumerGroupHeartbeatResponse.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupHeartbeatResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupHeartbeatResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub member_id: Option<KString>,
    /// Versions 0-1.
    pub member_epoch: i32,
    /// Versions 0-1.
    pub heartbeat_interval_ms: i32,
    /// Versions 0-1, null in 0-1, default null.
    pub assignment: Option<Assignment>,
}

impl Wire for ConsumerGroupHeartbeatResponse {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ConsumerGroupHeartbeatResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ConsumerGroupHeartbeatResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "ConsumerGroupHeartbeatResponse.ErrorMessage")?;
        m.member_id = r.nullable(true, "ConsumerGroupHeartbeatResponse.MemberId")?;
        m.member_epoch = Wire::read(r, "ConsumerGroupHeartbeatResponse.MemberEpoch")?;
        m.heartbeat_interval_ms = Wire::read(r, "ConsumerGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        m.assignment = r.nullable(true, "ConsumerGroupHeartbeatResponse.Assignment")?;
        r.skip_tagged("ConsumerGroupHeartbeatResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ConsumerGroupHeartbeatResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ConsumerGroupHeartbeatResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ConsumerGroupHeartbeatResponse.ErrorMessage")?;
        w.nullable(self.member_id.as_ref(), true, "ConsumerGroupHeartbeatResponse.MemberId")?;
        self.member_epoch.write(w, "ConsumerGroupHeartbeatResponse.MemberEpoch")?;
        self.heartbeat_interval_ms.write(w, "ConsumerGroupHeartbeatResponse.HeartbeatIntervalMs")?;
        w.nullable(self.assignment.as_ref(), true, "ConsumerGroupHeartbeatResponse.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupHeartbeatResponse.Assignment`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Versions 0-1.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Wire for Assignment {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ConsumerGroupHeartbeatResponse.Assignment.TopicPartitions")?;
        r.skip_tagged("ConsumerGroupHeartbeatResponse.Assignment")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ConsumerGroupHeartbeatResponse.Assignment.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupHeartbeatResponse.TopicPartitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ConsumerGroupHeartbeatResponse.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ConsumerGroupHeartbeatResponse.TopicPartitions.Partitions")?;
        r.skip_tagged("ConsumerGroupHeartbeatResponse.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupHeartbeatResponse.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ConsumerGroupHeartbeatResponse.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupHeartbeatResponse {
    const NAME: &'static str = "ConsumerGroupHeartbeatResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ConsumerGroupHeartbeatResponse {
    const KEY: ApiKey = ApiKey::ConsumerGroupHeartbeat;
}
