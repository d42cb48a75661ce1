//! `SyncGroupRequest`: versions 0-5, flexible 4-5. Generated from `proto/kafka/SyncGroupRequest.json`, not to be edited.

use crate::codec::*;

/// `SyncGroupRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupRequest {
    /// Versions 0-5.
    pub group_id: KString,
    /// Versions 0-5.
    pub generation_id: i32,
    /// Versions 0-5.
    pub member_id: KString,
    /// Versions 3-5, null in 3-5, default null.
    pub group_instance_id: Option<KString>,
    /// Versions 5, null in 5, default null, ignorable.
    pub protocol_type: Option<KString>,
    /// Versions 5, null in 5, default null, ignorable.
    pub protocol_name: Option<KString>,
    /// Versions 0-5.
    pub assignments: Vec<SyncGroupRequestAssignment>,
}

impl Wire for SyncGroupRequest {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "SyncGroupRequest.GroupId")?;
        m.generation_id = Wire::read(r, "SyncGroupRequest.GenerationId")?;
        m.member_id = Wire::read(r, "SyncGroupRequest.MemberId")?;
        if v >= 3 { m.group_instance_id = r.nullable(true, "SyncGroupRequest.GroupInstanceId")?; }
        if v >= 5 { m.protocol_type = r.nullable(true, "SyncGroupRequest.ProtocolType")?; }
        if v >= 5 { m.protocol_name = r.nullable(true, "SyncGroupRequest.ProtocolName")?; }
        m.assignments = Wire::read(r, "SyncGroupRequest.Assignments")?;
        r.skip_tagged("SyncGroupRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "SyncGroupRequest.GroupId")?;
        self.generation_id.write(w, "SyncGroupRequest.GenerationId")?;
        self.member_id.write(w, "SyncGroupRequest.MemberId")?;
        if v >= 3 { w.nullable(self.group_instance_id.as_ref(), true, "SyncGroupRequest.GroupInstanceId")?; } else if self.group_instance_id.is_some() { return w.lacks("SyncGroupRequest.GroupInstanceId"); }
        if v >= 5 { w.nullable(self.protocol_type.as_ref(), true, "SyncGroupRequest.ProtocolType")?; }
        if v >= 5 { w.nullable(self.protocol_name.as_ref(), true, "SyncGroupRequest.ProtocolName")?; }
        self.assignments.write(w, "SyncGroupRequest.Assignments")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `SyncGroupRequest.Assignments`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupRequestAssignment {
    /// Versions 0-5.
    pub member_id: KString,
    /// Versions 0-5.
    pub assignment: Bytes,
}

impl Wire for SyncGroupRequestAssignment {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.member_id = Wire::read(r, "SyncGroupRequest.Assignments.MemberId")?;
        m.assignment = Wire::read(r, "SyncGroupRequest.Assignments.Assignment")?;
        r.skip_tagged("SyncGroupRequest.Assignments")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.member_id.write(w, "SyncGroupRequest.Assignments.MemberId")?;
        self.assignment.write(w, "SyncGroupRequest.Assignments.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for SyncGroupRequest {
    const NAME: &'static str = "SyncGroupRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for SyncGroupRequest {
    const KEY: ApiKey = ApiKey::SyncGroup;
    type Response = super::sync_group_response::SyncGroupResponse;
}
