//! `JoinGroupResponse`: versions 0-9, flexible 6-9. Generated from `proto/kafka/JoinGroupResponse.json`, not to be edited.

use crate::codec::*;

/// `JoinGroupResponse`: a message of versions 0-9.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinGroupResponse {
    /// Versions 2-9, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-9.
    pub error_code: i16,
    /// Versions 0-9, default -1.
    pub generation_id: i32,
    /// Versions 7-9, null in 7-9, default null, ignorable.
    pub protocol_type: Option<KString>,
    /// Versions 0-9, null in 7-9.
    pub protocol_name: Option<KString>,
    /// Versions 0-9.
    pub leader: KString,
    /// Versions 9, default false.
    pub skip_assignment: bool,
    /// Versions 0-9.
    pub member_id: KString,
    /// Versions 0-9.
    pub members: Vec<JoinGroupResponseMember>,
}

impl Default for JoinGroupResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some(KString::default()),
            leader: KString::default(),
            skip_assignment: false,
            member_id: KString::default(),
            members: Vec::new(),
        }
    }
}

impl Wire for JoinGroupResponse {
    const MIN: usize = 15;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 2 { m.throttle_time_ms = Wire::read(r, "JoinGroupResponse.ThrottleTimeMs")?; }
        m.error_code = Wire::read(r, "JoinGroupResponse.ErrorCode")?;
        m.generation_id = Wire::read(r, "JoinGroupResponse.GenerationId")?;
        if v >= 7 { m.protocol_type = r.nullable(true, "JoinGroupResponse.ProtocolType")?; }
        m.protocol_name = r.nullable(v >= 7, "JoinGroupResponse.ProtocolName")?;
        m.leader = Wire::read(r, "JoinGroupResponse.Leader")?;
        if v >= 9 { m.skip_assignment = Wire::read(r, "JoinGroupResponse.SkipAssignment")?; }
        m.member_id = Wire::read(r, "JoinGroupResponse.MemberId")?;
        m.members = Wire::read(r, "JoinGroupResponse.Members")?;
        r.skip_tagged("JoinGroupResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 2 { self.throttle_time_ms.write(w, "JoinGroupResponse.ThrottleTimeMs")?; }
        self.error_code.write(w, "JoinGroupResponse.ErrorCode")?;
        self.generation_id.write(w, "JoinGroupResponse.GenerationId")?;
        if v >= 7 { w.nullable(self.protocol_type.as_ref(), true, "JoinGroupResponse.ProtocolType")?; }
        w.nullable(self.protocol_name.as_ref(), v >= 7, "JoinGroupResponse.ProtocolName")?;
        self.leader.write(w, "JoinGroupResponse.Leader")?;
        if v >= 9 { self.skip_assignment.write(w, "JoinGroupResponse.SkipAssignment")?; } else if self.skip_assignment { return w.lacks("JoinGroupResponse.SkipAssignment"); }
        self.member_id.write(w, "JoinGroupResponse.MemberId")?;
        self.members.write(w, "JoinGroupResponse.Members")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `JoinGroupResponse.Members`: a structure of versions 0-9.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinGroupResponseMember {
    /// Versions 0-9.
    pub member_id: KString,
    /// Versions 5-9, null in 5-9, default null, ignorable.
    pub group_instance_id: Option<KString>,
    /// Versions 0-9.
    pub metadata: Bytes,
}

impl Wire for JoinGroupResponseMember {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.member_id = Wire::read(r, "JoinGroupResponse.Members.MemberId")?;
        if v >= 5 { m.group_instance_id = r.nullable(true, "JoinGroupResponse.Members.GroupInstanceId")?; }
        m.metadata = Wire::read(r, "JoinGroupResponse.Members.Metadata")?;
        r.skip_tagged("JoinGroupResponse.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.member_id.write(w, "JoinGroupResponse.Members.MemberId")?;
        if v >= 5 { w.nullable(self.group_instance_id.as_ref(), true, "JoinGroupResponse.Members.GroupInstanceId")?; }
        self.metadata.write(w, "JoinGroupResponse.Members.Metadata")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for JoinGroupResponse {
    const NAME: &'static str = "JoinGroupResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 9;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Response for JoinGroupResponse {
    const KEY: ApiKey = ApiKey::JoinGroup;
}
