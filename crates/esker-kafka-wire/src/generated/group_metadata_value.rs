//! `GroupMetadataValue`: versions 0-4, flexible 4. Generated from `proto/kafka/GroupMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `GroupMetadataValue`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMetadataValue {
    /// Versions 0-4.
    pub protocol_type: KString,
    /// Versions 0-4.
    pub generation: i32,
    /// Versions 0-4, null in 0-4.
    pub protocol: Option<KString>,
    /// Versions 0-4, null in 0-4.
    pub leader: Option<KString>,
    /// Versions 2-4, default -1, ignorable.
    pub current_state_timestamp: i64,
    /// Versions 0-4.
    pub members: Vec<MemberMetadata>,
}

impl Default for GroupMetadataValue {
    fn default() -> Self {
        Self {
            protocol_type: KString::default(),
            generation: 0,
            protocol: Some(KString::default()),
            leader: Some(KString::default()),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

impl Wire for GroupMetadataValue {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.protocol_type = Wire::read(r, "GroupMetadataValue.ProtocolType")?;
        m.generation = Wire::read(r, "GroupMetadataValue.Generation")?;
        m.protocol = r.nullable(true, "GroupMetadataValue.Protocol")?;
        m.leader = r.nullable(true, "GroupMetadataValue.Leader")?;
        if v >= 2 { m.current_state_timestamp = Wire::read(r, "GroupMetadataValue.CurrentStateTimestamp")?; }
        m.members = Wire::read(r, "GroupMetadataValue.Members")?;
        r.skip_tagged("GroupMetadataValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.protocol_type.write(w, "GroupMetadataValue.ProtocolType")?;
        self.generation.write(w, "GroupMetadataValue.Generation")?;
        w.nullable(self.protocol.as_ref(), true, "GroupMetadataValue.Protocol")?;
        w.nullable(self.leader.as_ref(), true, "GroupMetadataValue.Leader")?;
        if v >= 2 { self.current_state_timestamp.write(w, "GroupMetadataValue.CurrentStateTimestamp")?; }
        self.members.write(w, "GroupMetadataValue.Members")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `GroupMetadataValue.MemberMetadata`: a structure of versions 0-4.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberMetadata {
    /// Versions 0-4.
    pub member_id: KString,
    /// Versions 3-4, null in 3-4, default null, ignorable.
    pub group_instance_id: Option<KString>,
    /// Versions 0-4.
    pub client_id: KString,
    /// Versions 0-4.
    pub client_host: KString,
    /// Versions 1-4, default -1, ignorable.
    pub rebalance_timeout: i32,
    /// Versions 0-4.
    pub session_timeout: i32,
    /// Versions 0-4.
    pub subscription: Bytes,
    /// Versions 0-4.
    pub assignment: Bytes,
}

impl Default for MemberMetadata {
    fn default() -> Self {
        Self {
            member_id: KString::default(),
            group_instance_id: None,
            client_id: KString::default(),
            client_host: KString::default(),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Bytes::default(),
            assignment: Bytes::default(),
        }
    }
}

impl Wire for MemberMetadata {
    const MIN: usize = 15;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.member_id = Wire::read(r, "GroupMetadataValue.MemberMetadata.MemberId")?;
        if v >= 3 { m.group_instance_id = r.nullable(true, "GroupMetadataValue.MemberMetadata.GroupInstanceId")?; }
        m.client_id = Wire::read(r, "GroupMetadataValue.MemberMetadata.ClientId")?;
        m.client_host = Wire::read(r, "GroupMetadataValue.MemberMetadata.ClientHost")?;
        if v >= 1 { m.rebalance_timeout = Wire::read(r, "GroupMetadataValue.MemberMetadata.RebalanceTimeout")?; }
        m.session_timeout = Wire::read(r, "GroupMetadataValue.MemberMetadata.SessionTimeout")?;
        m.subscription = Wire::read(r, "GroupMetadataValue.MemberMetadata.Subscription")?;
        m.assignment = Wire::read(r, "GroupMetadataValue.MemberMetadata.Assignment")?;
        r.skip_tagged("GroupMetadataValue.MemberMetadata")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.member_id.write(w, "GroupMetadataValue.MemberMetadata.MemberId")?;
        if v >= 3 { w.nullable(self.group_instance_id.as_ref(), true, "GroupMetadataValue.MemberMetadata.GroupInstanceId")?; }
        self.client_id.write(w, "GroupMetadataValue.MemberMetadata.ClientId")?;
        self.client_host.write(w, "GroupMetadataValue.MemberMetadata.ClientHost")?;
        if v >= 1 { self.rebalance_timeout.write(w, "GroupMetadataValue.MemberMetadata.RebalanceTimeout")?; }
        self.session_timeout.write(w, "GroupMetadataValue.MemberMetadata.SessionTimeout")?;
        self.subscription.write(w, "GroupMetadataValue.MemberMetadata.Subscription")?;
        self.assignment.write(w, "GroupMetadataValue.MemberMetadata.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for GroupMetadataValue {
    const NAME: &'static str = "GroupMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}
