//! `AddPartitionsToTxnResponse`: versions 0-5, flexible 3-5. Generated from `proto/kafka/AddPartitionsToTxnResponse.json`, not to be edited.

use crate::codec::*;

/// `AddPartitionsToTxnResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnResponse {
    /// Versions 0-5.
    pub throttle_time_ms: i32,
    /// Versions 4-5, ignorable.
    pub error_code: i16,
    /// Versions 4-5.
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// Versions 0-3.
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
}

impl Wire for AddPartitionsToTxnResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AddPartitionsToTxnResponse.ThrottleTimeMs")?;
        if v >= 4 { m.error_code = Wire::read(r, "AddPartitionsToTxnResponse.ErrorCode")?; }
        if v >= 4 { m.results_by_transaction = Wire::read(r, "AddPartitionsToTxnResponse.ResultsByTransaction")?; }
        if v <= 3 { m.results_by_topic_v3_and_below = Wire::read(r, "AddPartitionsToTxnResponse.ResultsByTopicV3AndBelow")?; }
        r.skip_tagged("AddPartitionsToTxnResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "AddPartitionsToTxnResponse.ThrottleTimeMs")?;
        if v >= 4 { self.error_code.write(w, "AddPartitionsToTxnResponse.ErrorCode")?; }
        if v >= 4 { self.results_by_transaction.write(w, "AddPartitionsToTxnResponse.ResultsByTransaction")?; } else if !self.results_by_transaction.is_empty() { return w.lacks("AddPartitionsToTxnResponse.ResultsByTransaction"); }
        if v <= 3 { self.results_by_topic_v3_and_below.write(w, "AddPartitionsToTxnResponse.ResultsByTopicV3AndBelow")?; } else if !self.results_by_topic_v3_and_below.is_empty() { return w.lacks("AddPartitionsToTxnResponse.ResultsByTopicV3AndBelow"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `AddPartitionsToTxnResponse.ResultsByTransaction`: a structure of versions 4-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnResult {
    /// Versions 4-5.
    pub transactional_id: KString,
    /// Versions 4-5.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
}

impl Wire for AddPartitionsToTxnResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "AddPartitionsToTxnResponse.ResultsByTransaction.TransactionalId")?;
        m.topic_results = Wire::read(r, "AddPartitionsToTxnResponse.ResultsByTransaction.TopicResults")?;
        r.skip_tagged("AddPartitionsToTxnResponse.ResultsByTransaction")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "AddPartitionsToTxnResponse.ResultsByTransaction.TransactionalId")?;
        self.topic_results.write(w, "AddPartitionsToTxnResponse.ResultsByTransaction.TopicResults")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTopicResult {
    /// Versions 0-5.
    pub name: KString,
    /// Versions 0-5.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
}

impl Wire for AddPartitionsToTxnTopicResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult.Name")?;
        m.results_by_partition = Wire::read(r, "AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult.ResultsByPartition")?;
        r.skip_tagged("AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult.Name")?;
        self.results_by_partition.write(w, "AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult.ResultsByPartition")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnPartitionResult {
    /// Versions 0-5.
    pub partition_index: i32,
    /// Versions 0-5.
    pub partition_error_code: i16,
}

impl Wire for AddPartitionsToTxnPartitionResult {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult.PartitionIndex")?;
        m.partition_error_code = Wire::read(r, "AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult.PartitionErrorCode")?;
        r.skip_tagged("AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult.PartitionIndex")?;
        self.partition_error_code.write(w, "AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult.PartitionErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AddPartitionsToTxnResponse {
    const NAME: &'static str = "AddPartitionsToTxnResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for AddPartitionsToTxnResponse {
    const KEY: ApiKey = ApiKey::AddPartitionsToTxn;
}
