//! `ListTransactionsRequest`: versions 0-2, flexible 0-2. Generated from `proto/kafka/ListTransactionsRequest.json`, not to be edited.

use crate::codec::*;

/// `ListTransactionsRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct ListTransactionsRequest {
    /// Versions 0-2.
    pub state_filters: Vec<KString>,
    /// Versions 0-2.
    pub producer_id_filters: Vec<i64>,
    /// Versions 1-2, default -1.
    pub duration_filter: i64,
    /// Versions 2, null in 2, default null.
    pub transactional_id_pattern: Option<KString>,
}

impl Default for ListTransactionsRequest {
    fn default() -> Self {
        Self {
            state_filters: Vec::new(),
            producer_id_filters: Vec::new(),
            duration_filter: -1,
            transactional_id_pattern: None,
        }
    }
}

impl Wire for ListTransactionsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.state_filters = Wire::read(r, "ListTransactionsRequest.StateFilters")?;
        m.producer_id_filters = Wire::read(r, "ListTransactionsRequest.ProducerIdFilters")?;
        if v >= 1 { m.duration_filter = Wire::read(r, "ListTransactionsRequest.DurationFilter")?; }
        if v >= 2 { m.transactional_id_pattern = r.nullable(true, "ListTransactionsRequest.TransactionalIdPattern")?; }
        r.skip_tagged("ListTransactionsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.state_filters.write(w, "ListTransactionsRequest.StateFilters")?;
        self.producer_id_filters.write(w, "ListTransactionsRequest.ProducerIdFilters")?;
        if v >= 1 { self.duration_filter.write(w, "ListTransactionsRequest.DurationFilter")?; } else if self.duration_filter != -1 { return w.lacks("ListTransactionsRequest.DurationFilter"); }
        if v >= 2 { w.nullable(self.transactional_id_pattern.as_ref(), true, "ListTransactionsRequest.TransactionalIdPattern")?; } else if self.transactional_id_pattern.is_some() { return w.lacks("ListTransactionsRequest.TransactionalIdPattern"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListTransactionsRequest {
    const NAME: &'static str = "ListTransactionsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ListTransactionsRequest {
    const KEY: ApiKey = ApiKey::ListTransactions;
    type Response = super::list_transactions_response::ListTransactionsResponse;
}
