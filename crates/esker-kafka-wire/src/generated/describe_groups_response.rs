//! `DescribeGroupsResponse`: versions 0-6, flexible 5-6. Generated from `proto/kafka/DescribeGroupsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeGroupsResponse`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeGroupsResponse {
    /// Versions 1-6, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-6.
    pub groups: Vec<DescribedGroup>,
}

impl Wire for DescribeGroupsResponse {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "DescribeGroupsResponse.ThrottleTimeMs")?; }
        m.groups = Wire::read(r, "DescribeGroupsResponse.Groups")?;
        r.skip_tagged("DescribeGroupsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "DescribeGroupsResponse.ThrottleTimeMs")?; }
        self.groups.write(w, "DescribeGroupsResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeGroupsResponse.Groups`: a structure of versions 0-6.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedGroup {
    /// Versions 0-6.
    pub error_code: i16,
    /// Versions 6, null in 6, default null.
    pub error_message: Option<KString>,
    /// Versions 0-6.
    pub group_id: KString,
    /// Versions 0-6.
    pub group_state: KString,
    /// Versions 0-6.
    pub protocol_type: KString,
    /// Versions 0-6.
    pub protocol_data: KString,
    /// Versions 0-6.
    pub members: Vec<DescribedGroupMember>,
    /// Versions 3-6, default -2147483648.
    pub authorized_operations: i32,
}

impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: KString::default(),
            group_state: KString::default(),
            protocol_type: KString::default(),
            protocol_data: KString::default(),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl Wire for DescribedGroup {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeGroupsResponse.Groups.ErrorCode")?;
        if v >= 6 { m.error_message = r.nullable(true, "DescribeGroupsResponse.Groups.ErrorMessage")?; }
        m.group_id = Wire::read(r, "DescribeGroupsResponse.Groups.GroupId")?;
        m.group_state = Wire::read(r, "DescribeGroupsResponse.Groups.GroupState")?;
        m.protocol_type = Wire::read(r, "DescribeGroupsResponse.Groups.ProtocolType")?;
        m.protocol_data = Wire::read(r, "DescribeGroupsResponse.Groups.ProtocolData")?;
        m.members = Wire::read(r, "DescribeGroupsResponse.Groups.Members")?;
        if v >= 3 { m.authorized_operations = Wire::read(r, "DescribeGroupsResponse.Groups.AuthorizedOperations")?; }
        r.skip_tagged("DescribeGroupsResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "DescribeGroupsResponse.Groups.ErrorCode")?;
        if v >= 6 { w.nullable(self.error_message.as_ref(), true, "DescribeGroupsResponse.Groups.ErrorMessage")?; } else if self.error_message.is_some() { return w.lacks("DescribeGroupsResponse.Groups.ErrorMessage"); }
        self.group_id.write(w, "DescribeGroupsResponse.Groups.GroupId")?;
        self.group_state.write(w, "DescribeGroupsResponse.Groups.GroupState")?;
        self.protocol_type.write(w, "DescribeGroupsResponse.Groups.ProtocolType")?;
        self.protocol_data.write(w, "DescribeGroupsResponse.Groups.ProtocolData")?;
        self.members.write(w, "DescribeGroupsResponse.Groups.Members")?;
        if v >= 3 { self.authorized_operations.write(w, "DescribeGroupsResponse.Groups.AuthorizedOperations")?; } else if self.authorized_operations != -2147483648 { return w.lacks("DescribeGroupsResponse.Groups.AuthorizedOperations"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeGroupsResponse.Groups.Members`: a structure of versions 0-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedGroupMember {
    /// Versions 0-6.
    pub member_id: KString,
    /// Versions 4-6, null in 4-6, default null, ignorable.
    pub group_instance_id: Option<KString>,
    /// Versions 0-6.
    pub client_id: KString,
    /// Versions 0-6.
    pub client_host: KString,
    /// Versions 0-6.
    pub member_metadata: Bytes,
    /// Versions 0-6.
    pub member_assignment: Bytes,
}

impl Wire for DescribedGroupMember {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.member_id = Wire::read(r, "DescribeGroupsResponse.Groups.Members.MemberId")?;
        if v >= 4 { m.group_instance_id = r.nullable(true, "DescribeGroupsResponse.Groups.Members.GroupInstanceId")?; }
        m.client_id = Wire::read(r, "DescribeGroupsResponse.Groups.Members.ClientId")?;
        m.client_host = Wire::read(r, "DescribeGroupsResponse.Groups.Members.ClientHost")?;
        m.member_metadata = Wire::read(r, "DescribeGroupsResponse.Groups.Members.MemberMetadata")?;
        m.member_assignment = Wire::read(r, "DescribeGroupsResponse.Groups.Members.MemberAssignment")?;
        r.skip_tagged("DescribeGroupsResponse.Groups.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.member_id.write(w, "DescribeGroupsResponse.Groups.Members.MemberId")?;
        if v >= 4 { w.nullable(self.group_instance_id.as_ref(), true, "DescribeGroupsResponse.Groups.Members.GroupInstanceId")?; }
        self.client_id.write(w, "DescribeGroupsResponse.Groups.Members.ClientId")?;
        self.client_host.write(w, "DescribeGroupsResponse.Groups.Members.ClientHost")?;
        self.member_metadata.write(w, "DescribeGroupsResponse.Groups.Members.MemberMetadata")?;
        self.member_assignment.write(w, "DescribeGroupsResponse.Groups.Members.MemberAssignment")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeGroupsResponse {
    const NAME: &'static str = "DescribeGroupsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 5;
}

impl Response for DescribeGroupsResponse {
    const KEY: ApiKey = ApiKey::DescribeGroups;
}
