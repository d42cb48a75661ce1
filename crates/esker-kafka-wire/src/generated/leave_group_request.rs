//! `LeaveGroupRequest`: versions 0-5, flexible 4-5. Generated from `proto/kafka/LeaveGroupRequest.json`, not to be edited.

use crate::codec::*;

/// `LeaveGroupRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaveGroupRequest {
    /// Versions 0-5.
    pub group_id: KString,
    /// Versions 0-2.
    pub member_id: KString,
    /// Versions 3-5.
    pub members: Vec<MemberIdentity>,
}

impl Wire for LeaveGroupRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "LeaveGroupRequest.GroupId")?;
        if v <= 2 { m.member_id = Wire::read(r, "LeaveGroupRequest.MemberId")?; }
        if v >= 3 { m.members = Wire::read(r, "LeaveGroupRequest.Members")?; }
        r.skip_tagged("LeaveGroupRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "LeaveGroupRequest.GroupId")?;
        if v <= 2 { self.member_id.write(w, "LeaveGroupRequest.MemberId")?; } else if !self.member_id.is_empty() { return w.lacks("LeaveGroupRequest.MemberId"); }
        if v >= 3 { self.members.write(w, "LeaveGroupRequest.Members")?; } else if !self.members.is_empty() { return w.lacks("LeaveGroupRequest.Members"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `LeaveGroupRequest.Members`: a structure of versions 3-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MemberIdentity {
    /// Versions 3-5.
    pub member_id: KString,
    /// Versions 3-5, null in 3-5, default null.
    pub group_instance_id: Option<KString>,
    /// Versions 5, null in 5, default null, ignorable.
    pub reason: Option<KString>,
}

impl Wire for MemberIdentity {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.member_id = Wire::read(r, "LeaveGroupRequest.Members.MemberId")?;
        m.group_instance_id = r.nullable(true, "LeaveGroupRequest.Members.GroupInstanceId")?;
        if v >= 5 { m.reason = r.nullable(true, "LeaveGroupRequest.Members.Reason")?; }
        r.skip_tagged("LeaveGroupRequest.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.member_id.write(w, "LeaveGroupRequest.Members.MemberId")?;
        w.nullable(self.group_instance_id.as_ref(), true, "LeaveGroupRequest.Members.GroupInstanceId")?;
        if v >= 5 { w.nullable(self.reason.as_ref(), true, "LeaveGroupRequest.Members.Reason")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for LeaveGroupRequest {
    const NAME: &'static str = "LeaveGroupRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for LeaveGroupRequest {
    const KEY: ApiKey = ApiKey::LeaveGroup;
    type Response = super::leave_group_response::LeaveGroupResponse;
}
