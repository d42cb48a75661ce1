//! `DescribeTransactionsResponse`: versions 0, flexible 0. Generated from `proto/kafka/DescribeTransactionsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeTransactionsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTransactionsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub transaction_states: Vec<TransactionState>,
}

impl Wire for DescribeTransactionsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeTransactionsResponse.ThrottleTimeMs")?;
        m.transaction_states = Wire::read(r, "DescribeTransactionsResponse.TransactionStates")?;
        r.skip_tagged("DescribeTransactionsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeTransactionsResponse.ThrottleTimeMs")?;
        self.transaction_states.write(w, "DescribeTransactionsResponse.TransactionStates")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTransactionsResponse.TransactionStates`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionState {
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0.
    pub transactional_id: KString,
    /// Versions 0.
    pub transaction_state: KString,
    /// Versions 0.
    pub transaction_timeout_ms: i32,
    /// Versions 0.
    pub transaction_start_time_ms: i64,
    /// Versions 0.
    pub producer_id: i64,
    /// Versions 0.
    pub producer_epoch: i16,
    /// Versions 0.
    pub topics: Vec<TopicData>,
}

impl Wire for TransactionState {
    const MIN: usize = 28;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.ErrorCode")?;
        m.transactional_id = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.TransactionalId")?;
        m.transaction_state = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.TransactionState")?;
        m.transaction_timeout_ms = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.TransactionTimeoutMs")?;
        m.transaction_start_time_ms = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.TransactionStartTimeMs")?;
        m.producer_id = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.ProducerId")?;
        m.producer_epoch = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.ProducerEpoch")?;
        m.topics = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.Topics")?;
        r.skip_tagged("DescribeTransactionsResponse.TransactionStates")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DescribeTransactionsResponse.TransactionStates.ErrorCode")?;
        self.transactional_id.write(w, "DescribeTransactionsResponse.TransactionStates.TransactionalId")?;
        self.transaction_state.write(w, "DescribeTransactionsResponse.TransactionStates.TransactionState")?;
        self.transaction_timeout_ms.write(w, "DescribeTransactionsResponse.TransactionStates.TransactionTimeoutMs")?;
        self.transaction_start_time_ms.write(w, "DescribeTransactionsResponse.TransactionStates.TransactionStartTimeMs")?;
        self.producer_id.write(w, "DescribeTransactionsResponse.TransactionStates.ProducerId")?;
        self.producer_epoch.write(w, "DescribeTransactionsResponse.TransactionStates.ProducerEpoch")?;
        self.topics.write(w, "DescribeTransactionsResponse.TransactionStates.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeTransactionsResponse.TransactionStates.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicData {
    /// Versions 0.
    pub topic: KString,
    /// Versions 0.
    pub partitions: Vec<i32>,
}

impl Wire for TopicData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.Topics.Topic")?;
        m.partitions = Wire::read(r, "DescribeTransactionsResponse.TransactionStates.Topics.Partitions")?;
        r.skip_tagged("DescribeTransactionsResponse.TransactionStates.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "DescribeTransactionsResponse.TransactionStates.Topics.Topic")?;
        self.partitions.write(w, "DescribeTransactionsResponse.TransactionStates.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeTransactionsResponse {
    const NAME: &'static str = "DescribeTransactionsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeTransactionsResponse {
    const KEY: ApiKey = ApiKey::DescribeTransactions;
}
