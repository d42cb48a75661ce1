//! `ShareGroupDescribeResponse`: versions 1, flexible 1. Generated from `proto/kafka/ShareGroupDescribeResponse.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupDescribeResponse`: a message of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupDescribeResponse {
    /// Versions 1.
    pub throttle_time_ms: i32,
    /// Versions 1.
    pub groups: Vec<DescribedGroup>,
}

impl Wire for ShareGroupDescribeResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ShareGroupDescribeResponse.ThrottleTimeMs")?;
        m.groups = Wire::read(r, "ShareGroupDescribeResponse.Groups")?;
        r.skip_tagged("ShareGroupDescribeResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ShareGroupDescribeResponse.ThrottleTimeMs")?;
        self.groups.write(w, "ShareGroupDescribeResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupDescribeResponse.Groups`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedGroup {
    /// Versions 1.
    pub error_code: i16,
    /// Versions 1, null in 1, default null.
    pub error_message: Option<KString>,
    /// Versions 1.
    pub group_id: KString,
    /// Versions 1.
    pub group_state: KString,
    /// Versions 1.
    pub group_epoch: i32,
    /// Versions 1.
    pub assignment_epoch: i32,
    /// Versions 1.
    pub assignor_name: KString,
    /// Versions 1.
    pub members: Vec<Member>,
    /// Versions 1, default -2147483648.
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
        m.error_code = Wire::read(r, "ShareGroupDescribeResponse.Groups.ErrorCode")?;
        m.error_message = r.nullable(true, "ShareGroupDescribeResponse.Groups.ErrorMessage")?;
        m.group_id = Wire::read(r, "ShareGroupDescribeResponse.Groups.GroupId")?;
        m.group_state = Wire::read(r, "ShareGroupDescribeResponse.Groups.GroupState")?;
        m.group_epoch = Wire::read(r, "ShareGroupDescribeResponse.Groups.GroupEpoch")?;
        m.assignment_epoch = Wire::read(r, "ShareGroupDescribeResponse.Groups.AssignmentEpoch")?;
        m.assignor_name = Wire::read(r, "ShareGroupDescribeResponse.Groups.AssignorName")?;
        m.members = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members")?;
        m.authorized_operations = Wire::read(r, "ShareGroupDescribeResponse.Groups.AuthorizedOperations")?;
        r.skip_tagged("ShareGroupDescribeResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "ShareGroupDescribeResponse.Groups.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ShareGroupDescribeResponse.Groups.ErrorMessage")?;
        self.group_id.write(w, "ShareGroupDescribeResponse.Groups.GroupId")?;
        self.group_state.write(w, "ShareGroupDescribeResponse.Groups.GroupState")?;
        self.group_epoch.write(w, "ShareGroupDescribeResponse.Groups.GroupEpoch")?;
        self.assignment_epoch.write(w, "ShareGroupDescribeResponse.Groups.AssignmentEpoch")?;
        self.assignor_name.write(w, "ShareGroupDescribeResponse.Groups.AssignorName")?;
        self.members.write(w, "ShareGroupDescribeResponse.Groups.Members")?;
        self.authorized_operations.write(w, "ShareGroupDescribeResponse.Groups.AuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupDescribeResponse.Groups.Members`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Member {
    /// Versions 1.
    pub member_id: KString,
    /// Versions 1, null in 1, default null.
    pub rack_id: Option<KString>,
    /// Versions 1.
    pub member_epoch: i32,
    /// Versions 1.
    pub client_id: KString,
    /// Versions 1.
    pub client_host: KString,
    /// Versions 1.
    pub subscribed_topic_names: Vec<KString>,
    /// Versions 1.
    pub assignment: Assignment,
}

impl Wire for Member {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_id = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.MemberId")?;
        m.rack_id = r.nullable(true, "ShareGroupDescribeResponse.Groups.Members.RackId")?;
        m.member_epoch = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        m.client_id = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.ClientId")?;
        m.client_host = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.ClientHost")?;
        m.subscribed_topic_names = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.SubscribedTopicNames")?;
        m.assignment = Wire::read(r, "ShareGroupDescribeResponse.Groups.Members.Assignment")?;
        r.skip_tagged("ShareGroupDescribeResponse.Groups.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_id.write(w, "ShareGroupDescribeResponse.Groups.Members.MemberId")?;
        w.nullable(self.rack_id.as_ref(), true, "ShareGroupDescribeResponse.Groups.Members.RackId")?;
        self.member_epoch.write(w, "ShareGroupDescribeResponse.Groups.Members.MemberEpoch")?;
        self.client_id.write(w, "ShareGroupDescribeResponse.Groups.Members.ClientId")?;
        self.client_host.write(w, "ShareGroupDescribeResponse.Groups.Members.ClientHost")?;
        self.subscribed_topic_names.write(w, "ShareGroupDescribeResponse.Groups.Members.SubscribedTopicNames")?;
        self.assignment.write(w, "ShareGroupDescribeResponse.Groups.Members.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupDescribeResponse.TopicPartitions`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 1.
    pub topic_id: Uuid,
    /// Versions 1.
    pub topic_name: KString,
    /// Versions 1.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "ShareGroupDescribeResponse.TopicPartitions.TopicId")?;
        m.topic_name = Wire::read(r, "ShareGroupDescribeResponse.TopicPartitions.TopicName")?;
        m.partitions = Wire::read(r, "ShareGroupDescribeResponse.TopicPartitions.Partitions")?;
        r.skip_tagged("ShareGroupDescribeResponse.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "ShareGroupDescribeResponse.TopicPartitions.TopicId")?;
        self.topic_name.write(w, "ShareGroupDescribeResponse.TopicPartitions.TopicName")?;
        self.partitions.write(w, "ShareGroupDescribeResponse.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ShareGroupDescribeResponse.Assignment`: a structure of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Versions 1.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Wire for Assignment {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_partitions = Wire::read(r, "ShareGroupDescribeResponse.Assignment.TopicPartitions")?;
        r.skip_tagged("ShareGroupDescribeResponse.Assignment")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_partitions.write(w, "ShareGroupDescribeResponse.Assignment.TopicPartitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupDescribeResponse {
    const NAME: &'static str = "ShareGroupDescribeResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for ShareGroupDescribeResponse {
    const KEY: ApiKey = ApiKey::ShareGroupDescribe;
}
