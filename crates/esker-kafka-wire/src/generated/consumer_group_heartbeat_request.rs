//! `ConsumerGroupHeartbeatRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ConsumerGroupHeartbeatRequest.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupHeartbeatRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerGroupHeartbeatRequest {
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1.
    pub member_id: KString,
    /// Versions 0-1.
    pub member_epoch: i32,
    /// Versions 0-1, null in 0-1, default null.
    pub instance_id: Option<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub rack_id: Option<KString>,
    /// Versions 0-1, default -1.
    pub rebalance_timeout_ms: i32,
    /// Versions 0-1, null in 0-1, default null.
    pub subscribed_topic_names: Option<Vec<KString>>,
    /// Versions 1, null in 1, default null.
    pub subscribed_topic_regex: Option<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub server_assignor: Option<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
}

impl Default for ConsumerGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            member_id: KString::default(),
            member_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
        }
    }
}

impl Wire for ConsumerGroupHeartbeatRequest {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ConsumerGroupHeartbeatRequest.GroupId")?;
        m.member_id = Wire::read(r, "ConsumerGroupHeartbeatRequest.MemberId")?;
        m.member_epoch = Wire::read(r, "ConsumerGroupHeartbeatRequest.MemberEpoch")?;
        m.instance_id = r.nullable(true, "ConsumerGroupHeartbeatRequest.InstanceId")?;
        m.rack_id = r.nullable(true, "ConsumerGroupHeartbeatRequest.RackId")?;
        m.rebalance_timeout_ms = Wire::read(r, "ConsumerGroupHeartbeatRequest.RebalanceTimeoutMs")?;
        m.subscribed_topic_names = r.nullable(true, "ConsumerGroupHeartbeatRequest.SubscribedTopicNames")?;
        if v >= 1 { m.subscribed_topic_regex = r.nullable(true, "ConsumerGroupHeartbeatRequest.SubscribedTopicRegex")?; }
        m.server_assignor = r.nullable(true, "ConsumerGroupHeartbeatRequest.ServerAssignor")?;
        m.topic_partitions = r.nullable(true, "ConsumerGroupHeartbeatRequest.TopicPartitions")?;
        r.skip_tagged("ConsumerGroupHeartbeatRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "ConsumerGroupHeartbeatRequest.GroupId")?;
        self.member_id.write(w, "ConsumerGroupHeartbeatRequest.MemberId")?;
        self.member_epoch.write(w, "ConsumerGroupHeartbeatRequest.MemberEpoch")?;
        w.nullable(self.instance_id.as_ref(), true, "ConsumerGroupHeartbeatRequest.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "ConsumerGroupHeartbeatRequest.RackId")?;
        self.rebalance_timeout_ms.write(w, "ConsumerGroupHeartbeatRequest.RebalanceTimeoutMs")?;
        w.nullable(self.subscribed_topic_names.as_ref(), true, "ConsumerGroupHeartbeatRequest.SubscribedTopicNames")?;
        if v >= 1 { w.nullable(self.subscribed_topic_regex.as_ref(), true, "ConsumerGroupHeartbeatRequest.SubscribedTopicRegex")?; } else if self.subscribed_topic_regex.is_some() { return w.lacks("ConsumerGroupHeartbeatRequest.SubscribedTopicRegex"); }
        w.nullable(self.server_assignor.as_ref(), true, "ConsumerGroupHeartbeatRequest.ServerAssignor")?;
        w.nullable(self.topic_partitions.as_ref(), true, "ConsumerGroupHeartbeatRequest.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupHeartbeatRequest.TopicPartitions`: a structure of versions 0-1.
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
        m.topic_id = Wire::read(r, "ConsumerGroupHeartbeatRequest.TopicPartitions.TopicId")?;
        m.partitions = Wire::read(r, "ConsumerGroupHeartbeatRequest.TopicPartitions.Partitions")?;
        r.skip_tagged("ConsumerGroupHeartbeatRequest.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupHeartbeatRequest.TopicPartitions.TopicId")?;
        self.partitions.write(w, "ConsumerGroupHeartbeatRequest.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupHeartbeatRequest {
    const NAME: &'static str = "ConsumerGroupHeartbeatRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ConsumerGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::ConsumerGroupHeartbeat;
    type Response = super::consumer_group_heartbeat_response::ConsumerGroupHeartbeatResponse;
}
