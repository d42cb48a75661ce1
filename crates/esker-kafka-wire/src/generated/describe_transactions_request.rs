//! `DescribeTransactionsRequest`: versions 0, flexible 0. Generated from `proto/kafka/DescribeTransactionsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeTransactionsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTransactionsRequest {
    /// Versions 0.
    pub transactional_ids: Vec<KString>,
}

impl Wire for DescribeTransactionsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_ids = Wire::read(r, "DescribeTransactionsRequest.TransactionalIds")?;
        r.skip_tagged("DescribeTransactionsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_ids.write(w, "DescribeTransactionsRequest.TransactionalIds")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeTransactionsRequest {
    const NAME: &'static str = "DescribeTransactionsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeTransactionsRequest {
    const KEY: ApiKey = ApiKey::DescribeTransactions;
    type Response = super::describe_transactions_response::DescribeTransactionsResponse;
}
