//! `StreamsGroupHeartbeatRequest`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupHeartbeatRequest.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupHeartbeatRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupHeartbeatRequest {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub member_id: KString,
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0.
    pub endpoint_information_epoch: i32,
    /// Versions 0, null in 0, default null.
    pub instance_id: Option<KString>,
    /// Versions 0, null in 0, default null.
    pub rack_id: Option<KString>,
    /// Versions 0, default -1.
    pub rebalance_timeout_ms: i32,
    /// Versions 0, null in 0, default null.
    pub topology: Option<Topology>,
    /// Versions 0, null in 0, default null.
    pub active_tasks: Option<Vec<TaskIds>>,
    /// Versions 0, null in 0, default null.
    pub standby_tasks: Option<Vec<TaskIds>>,
    /// Versions 0, null in 0, default null.
    pub warmup_tasks: Option<Vec<TaskIds>>,
    /// Versions 0, null in 0, default null.
    pub process_id: Option<KString>,
    /// Versions 0, null in 0, default null.
    pub user_endpoint: Option<Endpoint>,
    /// Versions 0, null in 0, default null.
    pub client_tags: Option<Vec<KeyValue>>,
    /// Versions 0, null in 0, default null.
    pub task_offsets: Option<Vec<TaskOffset>>,
    /// Versions 0, null in 0, default null.
    pub task_end_offsets: Option<Vec<TaskOffset>>,
    /// Versions 0, default false.
    pub shutdown_application: bool,
}

impl Default for StreamsGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            member_id: KString::default(),
            member_epoch: 0,
            endpoint_information_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            topology: None,
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            process_id: None,
            user_endpoint: None,
            client_tags: None,
            task_offsets: None,
            task_end_offsets: None,
            shutdown_application: false,
        }
    }
}

impl Wire for StreamsGroupHeartbeatRequest {
    const MIN: usize = 27;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "StreamsGroupHeartbeatRequest.GroupId")?;
        m.member_id = Wire::read(r, "StreamsGroupHeartbeatRequest.MemberId")?;
        m.member_epoch = Wire::read(r, "StreamsGroupHeartbeatRequest.MemberEpoch")?;
        m.endpoint_information_epoch = Wire::read(r, "StreamsGroupHeartbeatRequest.EndpointInformationEpoch")?;
        m.instance_id = r.nullable(true, "StreamsGroupHeartbeatRequest.InstanceId")?;
        m.rack_id = r.nullable(true, "StreamsGroupHeartbeatRequest.RackId")?;
        m.rebalance_timeout_ms = Wire::read(r, "StreamsGroupHeartbeatRequest.RebalanceTimeoutMs")?;
        m.topology = r.nullable(true, "StreamsGroupHeartbeatRequest.Topology")?;
        m.active_tasks = r.nullable(true, "StreamsGroupHeartbeatRequest.ActiveTasks")?;
        m.standby_tasks = r.nullable(true, "StreamsGroupHeartbeatRequest.StandbyTasks")?;
        m.warmup_tasks = r.nullable(true, "StreamsGroupHeartbeatRequest.WarmupTasks")?;
        m.process_id = r.nullable(true, "StreamsGroupHeartbeatRequest.ProcessId")?;
        m.user_endpoint = r.nullable(true, "StreamsGroupHeartbeatRequest.UserEndpoint")?;
        m.client_tags = r.nullable(true, "StreamsGroupHeartbeatRequest.ClientTags")?;
        m.task_offsets = r.nullable(true, "StreamsGroupHeartbeatRequest.TaskOffsets")?;
        m.task_end_offsets = r.nullable(true, "StreamsGroupHeartbeatRequest.TaskEndOffsets")?;
        m.shutdown_application = Wire::read(r, "StreamsGroupHeartbeatRequest.ShutdownApplication")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "StreamsGroupHeartbeatRequest.GroupId")?;
        self.member_id.write(w, "StreamsGroupHeartbeatRequest.MemberId")?;
        self.member_epoch.write(w, "StreamsGroupHeartbeatRequest.MemberEpoch")?;
        self.endpoint_information_epoch.write(w, "StreamsGroupHeartbeatRequest.EndpointInformationEpoch")?;
        w.nullable(self.instance_id.as_ref(), true, "StreamsGroupHeartbeatRequest.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "StreamsGroupHeartbeatRequest.RackId")?;
        self.rebalance_timeout_ms.write(w, "StreamsGroupHeartbeatRequest.RebalanceTimeoutMs")?;
        w.nullable(self.topology.as_ref(), true, "StreamsGroupHeartbeatRequest.Topology")?;
        w.nullable(self.active_tasks.as_ref(), true, "StreamsGroupHeartbeatRequest.ActiveTasks")?;
        w.nullable(self.standby_tasks.as_ref(), true, "StreamsGroupHeartbeatRequest.StandbyTasks")?;
        w.nullable(self.warmup_tasks.as_ref(), true, "StreamsGroupHeartbeatRequest.WarmupTasks")?;
        w.nullable(self.process_id.as_ref(), true, "StreamsGroupHeartbeatRequest.ProcessId")?;
        w.nullable(self.user_endpoint.as_ref(), true, "StreamsGroupHeartbeatRequest.UserEndpoint")?;
        w.nullable(self.client_tags.as_ref(), true, "StreamsGroupHeartbeatRequest.ClientTags")?;
        w.nullable(self.task_offsets.as_ref(), true, "StreamsGroupHeartbeatRequest.TaskOffsets")?;
        w.nullable(self.task_end_offsets.as_ref(), true, "StreamsGroupHeartbeatRequest.TaskEndOffsets")?;
        self.shutdown_application.write(w, "StreamsGroupHeartbeatRequest.ShutdownApplication")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.Topology`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0.
    pub subtopologies: Vec<Subtopology>,
}

impl Wire for Topology {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Epoch")?;
        m.subtopologies = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.Topology")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "StreamsGroupHeartbeatRequest.Topology.Epoch")?;
        self.subtopologies.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.Topology.Subtopologies`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub source_topics: Vec<KString>,
    /// Versions 0.
    pub source_topic_regex: Vec<KString>,
    /// Versions 0.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// Versions 0.
    pub repartition_sink_topics: Vec<KString>,
    /// Versions 0.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Versions 0.
    pub copartition_groups: Vec<CopartitionGroup>,
}

impl Wire for Subtopology {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SubtopologyId")?;
        m.source_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SourceTopics")?;
        m.source_topic_regex = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SourceTopicRegex")?;
        m.state_changelog_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.StateChangelogTopics")?;
        m.repartition_sink_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.RepartitionSinkTopics")?;
        m.repartition_source_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.RepartitionSourceTopics")?;
        m.copartition_groups = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.Topology.Subtopologies")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SubtopologyId")?;
        self.source_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SourceTopics")?;
        self.source_topic_regex.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.SourceTopicRegex")?;
        self.state_changelog_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.StateChangelogTopics")?;
        self.repartition_sink_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.RepartitionSinkTopics")?;
        self.repartition_source_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.RepartitionSourceTopics")?;
        self.copartition_groups.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CopartitionGroup {
    /// Versions 0.
    pub source_topics: Vec<i16>,
    /// Versions 0.
    pub source_topic_regex: Vec<i16>,
    /// Versions 0.
    pub repartition_source_topics: Vec<i16>,
}

impl Wire for CopartitionGroup {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.source_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.SourceTopics")?;
        m.source_topic_regex = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.SourceTopicRegex")?;
        m.repartition_source_topics = Wire::read(r, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.RepartitionSourceTopics")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.source_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.SourceTopics")?;
        self.source_topic_regex.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.SourceTopicRegex")?;
        self.repartition_source_topics.write(w, "StreamsGroupHeartbeatRequest.Topology.Subtopologies.CopartitionGroups.RepartitionSourceTopics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.KeyValue`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyValue {
    /// Versions 0.
    pub key: KString,
    /// Versions 0.
    pub value: KString,
}

impl Wire for KeyValue {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "StreamsGroupHeartbeatRequest.KeyValue.Key")?;
        m.value = Wire::read(r, "StreamsGroupHeartbeatRequest.KeyValue.Value")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.KeyValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "StreamsGroupHeartbeatRequest.KeyValue.Key")?;
        self.value.write(w, "StreamsGroupHeartbeatRequest.KeyValue.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.TopicInfo`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partitions: i32,
    /// Versions 0.
    pub replication_factor: i16,
    /// Versions 0.
    pub topic_configs: Vec<KeyValue>,
}

impl Wire for TopicInfo {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "StreamsGroupHeartbeatRequest.TopicInfo.Name")?;
        m.partitions = Wire::read(r, "StreamsGroupHeartbeatRequest.TopicInfo.Partitions")?;
        m.replication_factor = Wire::read(r, "StreamsGroupHeartbeatRequest.TopicInfo.ReplicationFactor")?;
        m.topic_configs = Wire::read(r, "StreamsGroupHeartbeatRequest.TopicInfo.TopicConfigs")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.TopicInfo")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "StreamsGroupHeartbeatRequest.TopicInfo.Name")?;
        self.partitions.write(w, "StreamsGroupHeartbeatRequest.TopicInfo.Partitions")?;
        self.replication_factor.write(w, "StreamsGroupHeartbeatRequest.TopicInfo.ReplicationFactor")?;
        self.topic_configs.write(w, "StreamsGroupHeartbeatRequest.TopicInfo.TopicConfigs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.Endpoint`: a structure of versions 0.
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
        m.host = Wire::read(r, "StreamsGroupHeartbeatRequest.Endpoint.Host")?;
        m.port = Wire::read(r, "StreamsGroupHeartbeatRequest.Endpoint.Port")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.Endpoint")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.host.write(w, "StreamsGroupHeartbeatRequest.Endpoint.Host")?;
        self.port.write(w, "StreamsGroupHeartbeatRequest.Endpoint.Port")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.TaskOffset`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskOffset {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub offset: i64,
}

impl Wire for TaskOffset {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupHeartbeatRequest.TaskOffset.SubtopologyId")?;
        m.partition = Wire::read(r, "StreamsGroupHeartbeatRequest.TaskOffset.Partition")?;
        m.offset = Wire::read(r, "StreamsGroupHeartbeatRequest.TaskOffset.Offset")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.TaskOffset")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupHeartbeatRequest.TaskOffset.SubtopologyId")?;
        self.partition.write(w, "StreamsGroupHeartbeatRequest.TaskOffset.Partition")?;
        self.offset.write(w, "StreamsGroupHeartbeatRequest.TaskOffset.Offset")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupHeartbeatRequest.TaskIds`: a structure of versions 0.
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
        m.subtopology_id = Wire::read(r, "StreamsGroupHeartbeatRequest.TaskIds.SubtopologyId")?;
        m.partitions = Wire::read(r, "StreamsGroupHeartbeatRequest.TaskIds.Partitions")?;
        r.skip_tagged("StreamsGroupHeartbeatRequest.TaskIds")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupHeartbeatRequest.TaskIds.SubtopologyId")?;
        self.partitions.write(w, "StreamsGroupHeartbeatRequest.TaskIds.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupHeartbeatRequest {
    const NAME: &'static str = "StreamsGroupHeartbeatRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for StreamsGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::StreamsGroupHeartbeat;
    type Response = super::streams_group_heartbeat_response::StreamsGroupHeartbeatResponse;
}
