//! `ConsumerGroupDescribeResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ConsumerGroupDescribeResponse.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupDescribeResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupDescribeResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub groups: Vec<DescribedGroup>,
}

impl Wire for ConsumerGroupDescribeResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ConsumerGroupDescribeResponse.ThrottleTimeMs")?;
        m.groups = Wire::read(r, "ConsumerGroupDescribeResponse.Groups")?;
        r.skip_tagged("ConsumerGroupDescribeResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ConsumerGroupDescribeResponse.ThrottleTimeMs")?;
        self.groups.write(w, "ConsumerGroupDescribeResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupDescribeResponse.Groups`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedGroup {
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
    /// Versions 0-1.
    pub group_id: KString,
    /// Versions 0-1.
    pub group_state: KString,
    /// Versions 0-1.
    pub group_epoch: i32,
    /// Versions 0-1.
    pub assignment_epoch: i32,
    /// Versions 0-1.
    pub assignor_name: KString,
    /// Versions 0-1.
    pub members: Vec<Member>,
    /// Versions 0-1, default -2147483648.
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
            assignor_name: KString::default(),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl Wire for DescribedGroup {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.ErrorCode")?;
        m.error_message = r.nullable(true, "ConsumerGroupDescribeResponse.Groups.ErrorMessage")?;
        m.group_id = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.GroupId")?;
        m.group_state = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.GroupState")?;
        m.group_epoch = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.GroupEpoch")?;
        m.assignment_epoch = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.AssignmentEpoch")?;
        m.assignor_name = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.AssignorName")?;
        m.members = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members")?;
        m.authorized_operations = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.AuthorizedOperations")?;
        r.skip_tagged("ConsumerGroupDescribeResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "ConsumerGroupDescribeResponse.Groups.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ConsumerGroupDescribeResponse.Groups.ErrorMessage")?;
        self.group_id.write(w, "ConsumerGroupDescribeResponse.Groups.GroupId")?;
        self.group_state.write(w, "ConsumerGroupDescribeResponse.Groups.GroupState")?;
        self.group_epoch.write(w, "ConsumerGroupDescribeResponse.Groups.GroupEpoch")?;
        self.assignment_epoch.write(w, "ConsumerGroupDescribeResponse.Groups.AssignmentEpoch")?;
        self.assignor_name.write(w, "ConsumerGroupDescribeResponse.Groups.AssignorName")?;
        self.members.write(w, "ConsumerGroupDescribeResponse.Groups.Members")?;
        self.authorized_operations.write(w, "ConsumerGroupDescribeResponse.Groups.AuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupDescribeResponse.Groups.Members`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Versions 0-1.
    pub member_id: KString,
    /// Versions 0-1, null in 0-1, default null.
    pub instance_id: Option<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub rack_id: Option<KString>,
    /// Versions 0-1.
    pub member_epoch: i32,
    /// Versions 0-1.
    pub client_id: KString,
    /// Versions 0-1.
    pub client_host: KString,
    /// Versions 0-1.
    pub subscribed_topic_names: Vec<KString>,
    /// Versions 0-1, null in 0-1, default null.
    pub subscribed_topic_regex: Option<KString>,
    /// Versions 0-1.
    pub assignment: Assignment,
    /// Versions 0-1.
    pub target_assignment: Assignment,
    /// Versions 1, default -1, ignorable.
    pub member_type: i8,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            member_id: KString::default(),
            instance_id: None,
            rack_id: None,
            member_epoch: 0,
            client_id: KString::default(),
            client_host: KString::default(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: None,
            assignment: Assignment::default(),
            target_assignment: Assignment::default(),
            member_type: -1,
        }
    }
}

impl Wire for Member {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.member_id = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.MemberId")?;
        m.instance_id = r.nullable(true, "ConsumerGroupDescribeResponse.Groups.Members.InstanceId")?;
        m.rack_id = r.nullable(true, "ConsumerGroupDescribeResponse.Groups.Members.RackId")?;
        m.member_epoch = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        m.client_id = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.ClientId")?;
        m.client_host = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.ClientHost")?;
        m.subscribed_topic_names = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.SubscribedTopicNames")?;
        m.subscribed_topic_regex = r.nullable(true, "ConsumerGroupDescribeResponse.Groups.Members.SubscribedTopicRegex")?;
        m.assignment = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.Assignment")?;
        m.target_assignment = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.TargetAssignment")?;
        if v >= 1 { m.member_type = Wire::read(r, "ConsumerGroupDescribeResponse.Groups.Members.MemberType")?; }
        r.skip_tagged("ConsumerGroupDescribeResponse.Groups.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.member_id.write(w, "ConsumerGroupDescribeResponse.Groups.Members.MemberId")?;
        w.nullable(self.instance_id.as_ref(), true, "ConsumerGroupDescribeResponse.Groups.Members.InstanceId")?;
        w.nullable(self.rack_id.as_ref(), true, "ConsumerGroupDescribeResponse.Groups.Members.RackId")?;
        self.member_epoch.write(w, "ConsumerGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        self.client_id.write(w, "ConsumerGroupDescribeResponse.Groups.Members.ClientId")?;
        self.client_host.write(w, "ConsumerGroupDescribeResponse.Groups.Members.ClientHost")?;
        self.subscribed_topic_names.write(w, "ConsumerGroupDescribeResponse.Groups.Members.SubscribedTopicNames")?;
        w.nullable(self.subscribed_topic_regex.as_ref(), true, "ConsumerGroupDescribeResponse.Groups.Members.SubscribedTopicRegex")?;
        self.assignment.write(w, "ConsumerGroupDescribeResponse.Groups.Members.Assignment")?;
        self.target_assignment.write(w, "ConsumerGroupDescribeResponse.Groups.Members.TargetAssignment")?;
        if v >= 1 { self.member_type.write(w, "ConsumerGroupDescribeResponse.Groups.Members.MemberType")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupDescribeResponse.TopicPartitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub topic_name: KString,
    /// Versions 0-1.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ConsumerGroupDescribeResponse.TopicPartitions.TopicId")?;
        m.topic_name = Wire::read(r, "ConsumerGroupDescribeResponse.TopicPartitions.TopicName")?;
        m.partitions = Wire::read(r, "ConsumerGroupDescribeResponse.TopicPartitions.Partitions")?;
        r.skip_tagged("ConsumerGroupDescribeResponse.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ConsumerGroupDescribeResponse.TopicPartitions.TopicId")?;
        self.topic_name.write(w, "ConsumerGroupDescribeResponse.TopicPartitions.TopicName")?;
        self.partitions.write(w, "ConsumerGroupDescribeResponse.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ConsumerGroupDescribeResponse.Assignment`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Versions 0-1.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Wire for Assignment {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ConsumerGroupDescribeResponse.Assignment.TopicPartitions")?;
        r.skip_tagged("ConsumerGroupDescribeResponse.Assignment")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ConsumerGroupDescribeResponse.Assignment.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupDescribeResponse {
    const NAME: &'static str = "ConsumerGroupDescribeResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ConsumerGroupDescribeResponse {
    const KEY: ApiKey = ApiKey::ConsumerGroupDescribe;
}
