//! `DescribeGroupsRequest`: versions 0-6, flexible 5-6. Generated from `proto/kafka/DescribeGroupsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeGroupsRequest`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeGroupsRequest {
    /// Versions 0-6.
    pub groups: Vec<KString>,
    /// Versions 3-6.
    pub include_authorized_operations: bool,
}

impl Wire for DescribeGroupsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.groups = Wire::read(r, "DescribeGroupsRequest.Groups")?;
        if v >= 3 { m.include_authorized_operations = Wire::read(r, "DescribeGroupsRequest.IncludeAuthorizedOperations")?; }
        r.skip_tagged("DescribeGroupsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.groups.write(w, "DescribeGroupsRequest.Groups")?;
        if v >= 3 { self.include_authorized_operations.write(w, "DescribeGroupsRequest.IncludeAuthorizedOperations")?; } else if self.include_authorized_operations { return w.lacks("DescribeGroupsRequest.IncludeAuthorizedOperations"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeGroupsRequest {
    const NAME: &'static str = "DescribeGroupsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 5;
}

impl Request for DescribeGroupsRequest {
    const KEY: ApiKey = ApiKey::DescribeGroups;
    type Response = super::describe_groups_response::DescribeGroupsResponse;
}
