//! `LeaveGroupResponse`: versions 0-5, flexible 4-5. Generated from `proto/kafka/LeaveGroupResponse.json`, not to be edited.

use crate::codec::*;

/// `LeaveGroupResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaveGroupResponse {
    /// Versions 1-5, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-5.
    pub error_code: i16,
    /// Versions 3-5.
    pub members: Vec<MemberResponse>,
}

impl Wire for LeaveGroupResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "LeaveGroupResponse.ThrottleTimeMs")?; }
        m.error_code = Wire::read(r, "LeaveGroupResponse.ErrorCode")?;
        if v >= 3 { m.members = Wire::read(r, "LeaveGroupResponse.Members")?; }
        r.skip_tagged("LeaveGroupResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "LeaveGroupResponse.ThrottleTimeMs")?; }
        self.error_code.write(w, "LeaveGroupResponse.ErrorCode")?;
        if v >= 3 { self.members.write(w, "LeaveGroupResponse.Members")?; } else if !self.members.is_empty() { return w.lacks("LeaveGroupResponse.Members"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `LeaveGroupResponse.Members`: a structure of versions 3-5.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberResponse {
    /// Versions 3-5.
    pub member_id: KString,
    /// Versions 3-5, null in 3-5.
    pub group_instance_id: Option<KString>,
    /// Versions 3-5.
    pub error_code: i16,
}

impl Default for MemberResponse {
    fn default() -> Self {
        Self {
            member_id: KString::default(),
            group_instance_id: Some(KString::default()),
            error_code: 0,
        }
    }
}

impl Wire for MemberResponse {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_id = Wire::read(r, "LeaveGroupResponse.Members.MemberId")?;
        m.group_instance_id = r.nullable(true, "LeaveGroupResponse.Members.GroupInstanceId")?;
        m.error_code = Wire::read(r, "LeaveGroupResponse.Members.ErrorCode")?;
        r.skip_tagged("LeaveGroupResponse.Members")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_id.write(w, "LeaveGroupResponse.Members.MemberId")?;
        w.nullable(self.group_instance_id.as_ref(), true, "LeaveGroupResponse.Members.GroupInstanceId")?;
        self.error_code.write(w, "LeaveGroupResponse.Members.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for LeaveGroupResponse {
    const NAME: &'static str = "LeaveGroupResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for LeaveGroupResponse {
    const KEY: ApiKey = ApiKey::LeaveGroup;
}
