//! `DeleteGroupsResponse`: versions 0-2, flexible 2. Generated from `proto/kafka/DeleteGroupsResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteGroupsResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteGroupsResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub results: Vec<DeletableGroupResult>,
}

impl Wire for DeleteGroupsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DeleteGroupsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "DeleteGroupsResponse.Results")?;
        r.skip_tagged("DeleteGroupsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DeleteGroupsResponse.ThrottleTimeMs")?;
        self.results.write(w, "DeleteGroupsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteGroupsResponse.Results`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeletableGroupResult {
    /// Versions 0-2.
    pub group_id: KString,
    /// Versions 0-2.
    pub error_code: i16,
}

impl Wire for DeletableGroupResult {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "DeleteGroupsResponse.Results.GroupId")?;
        m.error_code = Wire::read(r, "DeleteGroupsResponse.Results.ErrorCode")?;
        r.skip_tagged("DeleteGroupsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "DeleteGroupsResponse.Results.GroupId")?;
        self.error_code.write(w, "DeleteGroupsResponse.Results.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteGroupsResponse {
    const NAME: &'static str = "DeleteGroupsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DeleteGroupsResponse {
    const KEY: ApiKey = ApiKey::DeleteGroups;
}
