//! `ListGroupsResponse`: versions 0-5, flexible 3-5. Generated from `proto/kafka/ListGroupsResponse.json`, not to be edited.

use crate::codec::*;

/// `ListGroupsResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListGroupsResponse {
    /// Versions 1-5, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-5.
    pub error_code: i16,
    /// Versions 0-5.
    pub groups: Vec<ListedGroup>,
}

impl Wire for ListGroupsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "ListGroupsResponse.ThrottleTimeMs")?; }
        m.error_code = Wire::read(r, "ListGroupsResponse.ErrorCode")?;
        m.groups = Wire::read(r, "ListGroupsResponse.Groups")?;
        r.skip_tagged("ListGroupsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "ListGroupsResponse.ThrottleTimeMs")?; }
        self.error_code.write(w, "ListGroupsResponse.ErrorCode")?;
        self.groups.write(w, "ListGroupsResponse.Groups")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListGroupsResponse.Groups`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListedGroup {
    /// Versions 0-5.
    pub group_id: KString,
    /// Versions 0-5.
    pub protocol_type: KString,
    /// Versions 4-5, ignorable.
    pub group_state: KString,
    /// Versions 5, ignorable.
    pub group_type: KString,
}

impl Wire for ListedGroup {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ListGroupsResponse.Groups.GroupId")?;
        m.protocol_type = Wire::read(r, "ListGroupsResponse.Groups.ProtocolType")?;
        if v >= 4 { m.group_state = Wire::read(r, "ListGroupsResponse.Groups.GroupState")?; }
        if v >= 5 { m.group_type = Wire::read(r, "ListGroupsResponse.Groups.GroupType")?; }
        r.skip_tagged("ListGroupsResponse.Groups")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "ListGroupsResponse.Groups.GroupId")?;
        self.protocol_type.write(w, "ListGroupsResponse.Groups.ProtocolType")?;
        if v >= 4 { self.group_state.write(w, "ListGroupsResponse.Groups.GroupState")?; }
        if v >= 5 { self.group_type.write(w, "ListGroupsResponse.Groups.GroupType")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListGroupsResponse {
    const NAME: &'static str = "ListGroupsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for ListGroupsResponse {
    const KEY: ApiKey = ApiKey::ListGroups;
}
