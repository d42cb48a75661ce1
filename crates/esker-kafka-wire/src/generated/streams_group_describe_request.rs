//! `StreamsGroupDescribeRequest`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupDescribeRequest.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupDescribeRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupDescribeRequest {
    /// Versions 0.
    pub group_ids: Vec<KString>,
    /// Versions 0.
    pub include_authorized_operations: bool,
}

impl Wire for StreamsGroupDescribeRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_ids = Wire::read(r, "StreamsGroupDescribeRequest.GroupIds")?;
        m.include_authorized_operations = Wire::read(r, "StreamsGroupDescribeRequest.IncludeAuthorizedOperations")?;
        r.skip_tagged("StreamsGroupDescribeRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_ids.write(w, "StreamsGroupDescribeRequest.GroupIds")?;
        self.include_authorized_operations.write(w, "StreamsGroupDescribeRequest.IncludeAuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupDescribeRequest {
    const NAME: &'static str = "StreamsGroupDescribeRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for StreamsGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::StreamsGroupDescribe;
    type Response = super::streams_group_describe_response::StreamsGroupDescribeResponse;
}
