//! `ListTransactionsResponse`: versions 0-2, flexible 0-2. Generated from `proto/kafka/ListTransactionsResponse.json`, not to be edited.

use crate::codec::*;

/// `ListTransactionsResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListTransactionsResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2.
    pub unknown_state_filters: Vec<KString>,
    /// Versions 0-2.
    pub transaction_states: Vec<TransactionState>,
}

impl Wire for ListTransactionsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ListTransactionsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "ListTransactionsResponse.ErrorCode")?;
        m.unknown_state_filters = Wire::read(r, "ListTransactionsResponse.UnknownStateFilters")?;
        m.transaction_states = Wire::read(r, "ListTransactionsResponse.TransactionStates")?;
        r.skip_tagged("ListTransactionsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "ListTransactionsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "ListTransactionsResponse.ErrorCode")?;
        self.unknown_state_filters.write(w, "ListTransactionsResponse.UnknownStateFilters")?;
        self.transaction_states.write(w, "ListTransactionsResponse.TransactionStates")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListTransactionsResponse.TransactionStates`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionState {
    /// Versions 0-2.
    pub transactional_id: KString,
    /// Versions 0-2.
    pub producer_id: i64,
    /// Versions 0-2.
    pub transaction_state: KString,
}

impl Wire for TransactionState {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "ListTransactionsResponse.TransactionStates.TransactionalId")?;
        m.producer_id = Wire::read(r, "ListTransactionsResponse.TransactionStates.ProducerId")?;
        m.transaction_state = Wire::read(r, "ListTransactionsResponse.TransactionStates.TransactionState")?;
        r.skip_tagged("ListTransactionsResponse.TransactionStates")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "ListTransactionsResponse.TransactionStates.TransactionalId")?;
        self.producer_id.write(w, "ListTransactionsResponse.TransactionStates.ProducerId")?;
        self.transaction_state.write(w, "ListTransactionsResponse.TransactionStates.TransactionState")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListTransactionsResponse {
    const NAME: &'static str = "ListTransactionsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for ListTransactionsResponse {
    const KEY: ApiKey = ApiKey::ListTransactions;
}
