//! `ConsumerGroupDescribeRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ConsumerGroupDescribeRequest.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupDescribeRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupDescribeRequest {
    /// Versions 0-1.
    pub group_ids: Vec<KString>,
    /// Versions 0-1.
    pub include_authorized_operations: bool,
}

impl Wire for ConsumerGroupDescribeRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_ids = Wire::read(r, "ConsumerGroupDescribeRequest.GroupIds")?;
        m.include_authorized_operations = Wire::read(r, "ConsumerGroupDescribeRequest.IncludeAuthorizedOperations")?;
        r.skip_tagged("ConsumerGroupDescribeRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_ids.write(w, "ConsumerGroupDescribeRequest.GroupIds")?;
        self.include_authorized_operations.write(w, "ConsumerGroupDescribeRequest.IncludeAuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupDescribeRequest {
    const NAME: &'static str = "ConsumerGroupDescribeRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ConsumerGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::ConsumerGroupDescribe;
    type Response = super::consumer_group_describe_response::ConsumerGroupDescribeResponse;
}
