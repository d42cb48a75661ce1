//! `StreamsGroupDescribeResponse`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupDescribeResponse.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupDescribeResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupDescribeResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub groups: Vec<DescribedGroup>,
}

impl Wire for StreamsGroupDescribeResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "StreamsGroupDescribeResponse.ThrottleTimeMs")?;
        m.groups = Wire::read(r, "StreamsGroupDescribeResponse.Groups")?;
        r.skip_tagged("StreamsGroupDescribeResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "StreamsGroupDescribeResponse.ThrottleTimeMs")?;
        self.groups.write(w, "StreamsGroupDescribeResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Groups`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedGroup {
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub group_state: KString,
    /// Versions 0.
    pub group_epoch: i32,
    /// Versions 0.
    pub assignment_epoch: i32,
    /// Versions 0, null in 0, default null.
    pub topology: Option<Topology>,
    /// Versions 0.
    pub members: Vec<Member>,
    /// Versions 0, default -2147483648.
    pub authorized_operations: i32,
}

impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: KString::default(),
            group_state: KString::default(),
            group_epoch: 0,
            assignment_epoch: 0,
            topology: None,
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl Wire for DescribedGroup {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "StreamsGroupDescribeResponse.Groups.ErrorCode")?;
        m.error_message = r.nullable(true, "StreamsGroupDescribeResponse.Groups.ErrorMessage")?;
        m.group_id = Wire::read(r, "StreamsGroupDescribeResponse.Groups.GroupId")?;
        m.group_state = Wire::read(r, "StreamsGroupDescribeResponse.Groups.GroupState")?;
        m.group_epoch = Wire::read(r, "StreamsGroupDescribeResponse.Groups.GroupEpoch")?;
        m.assignment_epoch = Wire::read(r, "StreamsGroupDescribeResponse.Groups.AssignmentEpoch")?;
        m.topology = r.nullable(true, "StreamsGroupDescribeResponse.Groups.Topology")?;
        m.members = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members")?;
        m.authorized_operations = Wire::read(r, "StreamsGroupDescribeResponse.Groups.AuthorizedOperations")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "StreamsGroupDescribeResponse.Groups.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "StreamsGroupDescribeResponse.Groups.ErrorMessage")?;
        self.group_id.write(w, "StreamsGroupDescribeResponse.Groups.GroupId")?;
        self.group_state.write(w, "StreamsGroupDescribeResponse.Groups.GroupState")?;
        self.group_epoch.write(w, "StreamsGroupDescribeResponse.Groups.GroupEpoch")?;
        self.assignment_epoch.write(w, "StreamsGroupDescribeResponse.Groups.AssignmentEpoch")?;
        w.nullable(self.topology.as_ref(), true, "StreamsGroupDescribeResponse.Groups.Topology")?;
        self.members.write(w, "StreamsGroupDescribeResponse.Groups.Members")?;
        self.authorized_operations.write(w, "StreamsGroupDescribeResponse.Groups.AuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Groups.Topology`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0, null in 0, default null.
    pub subtopologies: Option<Vec<Subtopology>>,
}

impl Wire for Topology {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Epoch")?;
        m.subtopologies = r.nullable(true, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Groups.Topology")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Epoch")?;
        w.nullable(self.subtopologies.as_ref(), true, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Groups.Topology.Subtopologies`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// Versions 0.
    pub subtopology_id: KString,
    /// Versions 0.
    pub source_topics: Vec<KString>,
    /// Versions 0.
    pub repartition_sink_topics: Vec<KString>,
    /// Versions 0.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// Versions 0.
    pub repartition_source_topics: Vec<TopicInfo>,
}

impl Wire for Subtopology {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.subtopology_id = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.SubtopologyId")?;
        m.source_topics = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.SourceTopics")?;
        m.repartition_sink_topics = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.RepartitionSinkTopics")?;
        m.state_changelog_topics = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.StateChangelogTopics")?;
        m.repartition_source_topics = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.RepartitionSourceTopics")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Groups.Topology.Subtopologies")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.SubtopologyId")?;
        self.source_topics.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.SourceTopics")?;
        self.repartition_sink_topics.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.RepartitionSinkTopics")?;
        self.state_changelog_topics.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.StateChangelogTopics")?;
        self.repartition_source_topics.write(w, "StreamsGroupDescribeResponse.Groups.Topology.Subtopologies.RepartitionSourceTopics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Groups.Members`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Member {
    /// Versions 0.
    pub member_id: KString,
    /// Versions 0.
    pub member_epoch: i32,
    /// Versions 0, null in 0, default null.
    pub instance_id: Option<KString>,
    /// Versions 0, null in 0, default null.
    pub rack_id: Option<KString>,
    /// Versions 0.
    pub client_id: KString,
    /// Versions 0.
    pub client_host: KString,
    /// Versions 0.
    pub topology_epoch: i32,
    /// Versions 0.
    pub process_id: KString,
    /// Versions 0, null in 0, default null.
    pub user_endpoint: Option<Endpoint>,
    /// Versions 0.
    pub client_tags: Vec<KeyValue>,
    /// Versions 0.
    pub task_offsets: Vec<TaskOffset>,
    /// Versions 0.
    pub task_end_offsets: Vec<TaskOffset>,
    /// Versions 0.
    pub assignment: Assignment,
    /// Versions 0.
    pub target_assignment: Assignment,
    /// Versions 0.
    pub is_classic: bool,
}

impl Wire for Member {
    const MIN: usize = 28;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_id = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.MemberId")?;
        m.member_epoch = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        m.instance_id = r.nullable(true, "StreamsGroupDescribeResponse.Groups.Members.InstanceId")?;
        m.rack_id = r.nullable(true, "StreamsGroupDescribeResponse.Groups.Members.RackId")?;
        m.client_id = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.ClientId")?;
        m.client_host = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.ClientHost")?;
        m.topology_epoch = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.TopologyEpoch")?;
        m.process_id = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.ProcessId")?;
        m.user_endpoint = r.nullable(true, "StreamsGroupDescribeResponse.Groups.Members.UserEndpoint")?;
        m.client_tags = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.ClientTags")?;
        m.task_offsets = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.TaskOffsets")?;
        m.task_end_offsets = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.TaskEndOffsets")?;
        m.assignment = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.Assignment")?;
        m.target_assignment = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.TargetAssignment")?;
        m.is_classic = Wire::read(r, "StreamsGroupDescribeResponse.Groups.Members.IsClassic")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Groups.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_id.write(w, "StreamsGroupDescribeResponse.Groups.Members.MemberId")?;
        self.member_epoch.write(w, "StreamsGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        w.nullable(self.instance_id.as_ref(), true, "StreamsGroupDescribeResponse.Groups.Members.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "StreamsGroupDescribeResponse.Groups.Members.RackId")?;
        self.client_id.write(w, "StreamsGroupDescribeResponse.Groups.Members.ClientId")?;
        self.client_host.write(w, "StreamsGroupDescribeResponse.Groups.Members.ClientHost")?;
        self.topology_epoch.write(w, "StreamsGroupDescribeResponse.Groups.Members.TopologyEpoch")?;
        self.process_id.write(w, "StreamsGroupDescribeResponse.Groups.Members.ProcessId")?;
        w.nullable(self.user_endpoint.as_ref(), true, "StreamsGroupDescribeResponse.Groups.Members.UserEndpoint")?;
        self.client_tags.write(w, "StreamsGroupDescribeResponse.Groups.Members.ClientTags")?;
        self.task_offsets.write(w, "StreamsGroupDescribeResponse.Groups.Members.TaskOffsets")?;
        self.task_end_offsets.write(w, "StreamsGroupDescribeResponse.Groups.Members.TaskEndOffsets")?;
        self.assignment.write(w, "StreamsGroupDescribeResponse.Groups.Members.Assignment")?;
        self.target_assignment.write(w, "StreamsGroupDescribeResponse.Groups.Members.TargetAssignment")?;
        self.is_classic.write(w, "StreamsGroupDescribeResponse.Groups.Members.IsClassic")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Endpoint`: a structure of versions 0.
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
        m.host = Wire::read(r, "StreamsGroupDescribeResponse.Endpoint.Host")?;
        m.port = Wire::read(r, "StreamsGroupDescribeResponse.Endpoint.Port")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Endpoint")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.host.write(w, "StreamsGroupDescribeResponse.Endpoint.Host")?;
        self.port.write(w, "StreamsGroupDescribeResponse.Endpoint.Port")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.TaskOffset`: a structure of versions 0.
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
        m.subtopology_id = Wire::read(r, "StreamsGroupDescribeResponse.TaskOffset.SubtopologyId")?;
        m.partition = Wire::read(r, "StreamsGroupDescribeResponse.TaskOffset.Partition")?;
        m.offset = Wire::read(r, "StreamsGroupDescribeResponse.TaskOffset.Offset")?;
        r.skip_tagged("StreamsGroupDescribeResponse.TaskOffset")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupDescribeResponse.TaskOffset.SubtopologyId")?;
        self.partition.write(w, "StreamsGroupDescribeResponse.TaskOffset.Partition")?;
        self.offset.write(w, "StreamsGroupDescribeResponse.TaskOffset.Offset")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.Assignment`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Versions 0.
    pub active_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub standby_tasks: Vec<TaskIds>,
    /// Versions 0.
    pub warmup_tasks: Vec<TaskIds>,
}

impl Wire for Assignment {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.active_tasks = Wire::read(r, "StreamsGroupDescribeResponse.Assignment.ActiveTasks")?;
        m.standby_tasks = Wire::read(r, "StreamsGroupDescribeResponse.Assignment.StandbyTasks")?;
        m.warmup_tasks = Wire::read(r, "StreamsGroupDescribeResponse.Assignment.WarmupTasks")?;
        r.skip_tagged("StreamsGroupDescribeResponse.Assignment")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.active_tasks.write(w, "StreamsGroupDescribeResponse.Assignment.ActiveTasks")?;
        self.standby_tasks.write(w, "StreamsGroupDescribeResponse.Assignment.StandbyTasks")?;
        self.warmup_tasks.write(w, "StreamsGroupDescribeResponse.Assignment.WarmupTasks")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.TaskIds`: a structure of versions 0.
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
        m.subtopology_id = Wire::read(r, "StreamsGroupDescribeResponse.TaskIds.SubtopologyId")?;
        m.partitions = Wire::read(r, "StreamsGroupDescribeResponse.TaskIds.Partitions")?;
        r.skip_tagged("StreamsGroupDescribeResponse.TaskIds")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.subtopology_id.write(w, "StreamsGroupDescribeResponse.TaskIds.SubtopologyId")?;
        self.partitions.write(w, "StreamsGroupDescribeResponse.TaskIds.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.KeyValue`: a structure of versions 0.
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
        m.key = Wire::read(r, "StreamsGroupDescribeResponse.KeyValue.Key")?;
        m.value = Wire::read(r, "StreamsGroupDescribeResponse.KeyValue.Value")?;
        r.skip_tagged("StreamsGroupDescribeResponse.KeyValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "StreamsGroupDescribeResponse.KeyValue.Key")?;
        self.value.write(w, "StreamsGroupDescribeResponse.KeyValue.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `StreamsGroupDescribeResponse.TopicInfo`: a structure of versions 0.
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
        m.name = Wire::read(r, "StreamsGroupDescribeResponse.TopicInfo.Name")?;
        m.partitions = Wire::read(r, "StreamsGroupDescribeResponse.TopicInfo.Partitions")?;
        m.replication_factor = Wire::read(r, "StreamsGroupDescribeResponse.TopicInfo.ReplicationFactor")?;
        m.topic_configs = Wire::read(r, "StreamsGroupDescribeResponse.TopicInfo.TopicConfigs")?;
        r.skip_tagged("StreamsGroupDescribeResponse.TopicInfo")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "StreamsGroupDescribeResponse.TopicInfo.Name")?;
        self.partitions.write(w, "StreamsGroupDescribeResponse.TopicInfo.Partitions")?;
        self.replication_factor.write(w, "StreamsGroupDescribeResponse.TopicInfo.ReplicationFactor")?;
        self.topic_configs.write(w, "StreamsGroupDescribeResponse.TopicInfo.TopicConfigs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupDescribeResponse {
    const NAME: &'static str = "StreamsGroupDescribeResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for StreamsGroupDescribeResponse {
    const KEY: ApiKey = ApiKey::StreamsGroupDescribe;
}
