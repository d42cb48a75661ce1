//! `ShareGroupDescribeRequest`: versions 1, flexible 1. Generated from `proto/kafka/ShareGroupDescribeRequest.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupDescribeRequest`: a message of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupDescribeRequest {
    /// Versions 1.
    pub group_ids: Vec<KString>,
    /// Versions 1.
    pub include_authorized_operations: bool,
}

impl Wire for ShareGroupDescribeRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_ids = Wire::read(r, "ShareGroupDescribeRequest.GroupIds")?;
        m.include_authorized_operations = Wire::read(r, "ShareGroupDescribeRequest.IncludeAuthorizedOperations")?;
        r.skip_tagged("ShareGroupDescribeRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_ids.write(w, "ShareGroupDescribeRequest.GroupIds")?;
        self.include_authorized_operations.write(w, "ShareGroupDescribeRequest.IncludeAuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupDescribeRequest {
    const NAME: &'static str = "ShareGroupDescribeRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for ShareGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::ShareGroupDescribe;
    type Response = super::share_group_describe_response::ShareGroupDescribeResponse;
}
