//! `JoinGroupRequest`: versions 0-9, flexible 6-9. Generated from `proto/kafka/JoinGroupRequest.json`, not to be edited.

use crate::codec::*;

/// `JoinGroupRequest`: a message of versions 0-9.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinGroupRequest {
    /// Versions 0-9.
    pub group_id: KString,
    /// Versions 0-9.
    pub session_timeout_ms: i32,
    /// Versions 1-9, default -1, ignorable.
    pub rebalance_timeout_ms: i32,
    /// Versions 0-9.
    pub member_id: KString,
    /// Versions 5-9, null in 5-9, default null.
    pub group_instance_id: Option<KString>,
    /// Versions 0-9.
    pub protocol_type: KString,
    /// Versions 0-9.
    pub protocols: Vec<JoinGroupRequestProtocol>,
    /// Versions 8-9, null in 8-9, default null, ignorable.
    pub reason: Option<KString>,
}

impl Default for JoinGroupRequest {
    fn default() -> Self {
        Self {
            group_id: KString::default(),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: KString::default(),
            group_instance_id: None,
            protocol_type: KString::default(),
            protocols: Vec::new(),
            reason: None,
        }
    }
}

impl Wire for JoinGroupRequest {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "JoinGroupRequest.GroupId")?;
        m.session_timeout_ms = Wire::read(r, "JoinGroupRequest.SessionTimeoutMs")?;
        if v >= 1 { m.rebalance_timeout_ms = Wire::read(r, "JoinGroupRequest.RebalanceTimeoutMs")?; }
        m.member_id = Wire::read(r, "JoinGroupRequest.MemberId")?;
        if v >= 5 { m.group_instance_id = r.nullable(true, "JoinGroupRequest.GroupInstanceId")?; }
        m.protocol_type = Wire::read(r, "JoinGroupRequest.ProtocolType")?;
        m.protocols = Wire::read(r, "JoinGroupRequest.Protocols")?;
        if v >= 8 { m.reason = r.nullable(true, "JoinGroupRequest.Reason")?; }
        r.skip_tagged("JoinGroupRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "JoinGroupRequest.GroupId")?;
        self.session_timeout_ms.write(w, "JoinGroupRequest.SessionTimeoutMs")?;
        if v >= 1 { self.rebalance_timeout_ms.write(w, "JoinGroupRequest.RebalanceTimeoutMs")?; }
        self.member_id.write(w, "JoinGroupRequest.MemberId")?;
        if v >= 5 { w.nullable(self.group_instance_id.as_ref(), true, "JoinGroupRequest.GroupInstanceId")?; } else if self.group_instance_id.is_some() { return w.lacks("JoinGroupRequest.GroupInstanceId"); }
        self.protocol_type.write(w, "JoinGroupRequest.ProtocolType")?;
        self.protocols.write(w, "JoinGroupRequest.Protocols")?;
        if v >= 8 { w.nullable(self.reason.as_ref(), true, "JoinGroupRequest.Reason")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `JoinGroupRequest.Protocols`: a structure of versions 0-9.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinGroupRequestProtocol {
    /// Versions 0-9.
    pub name: KString,
    /// Versions 0-9.
    pub metadata: Bytes,
}

impl Wire for JoinGroupRequestProtocol {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "JoinGroupRequest.Protocols.Name")?;
        m.metadata = Wire::read(r, "JoinGroupRequest.Protocols.Metadata")?;
        r.skip_tagged("JoinGroupRequest.Protocols")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "JoinGroupRequest.Protocols.Name")?;
        self.metadata.write(w, "JoinGroupRequest.Protocols.Metadata")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for JoinGroupRequest {
    const NAME: &'static str = "JoinGroupRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 9;
    const FLEXIBLE_FROM: i16 = 6;
}

impl Request for JoinGroupRequest {
    const KEY: ApiKey = ApiKey::JoinGroup;
    type Response = super::join_group_response::JoinGroupResponse;
}
