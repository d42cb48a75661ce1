//! `AddPartitionsToTxnRequest`: versions 0-5, flexible 3-5. Generated from `proto/kafka/AddPartitionsToTxnRequest.json`, not to be edited.

use crate::codec::*;

/// `AddPartitionsToTxnRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnRequest {
    /// Versions 4-5.
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// Versions 0-3.
    pub v3_and_below_transactional_id: KString,
    /// Versions 0-3.
    pub v3_and_below_producer_id: i64,
    /// Versions 0-3.
    pub v3_and_below_producer_epoch: i16,
    /// Versions 0-3.
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
}

impl Wire for AddPartitionsToTxnRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 4 { m.transactions = Wire::read(r, "AddPartitionsToTxnRequest.Transactions")?; }
        if v <= 3 { m.v3_and_below_transactional_id = Wire::read(r, "AddPartitionsToTxnRequest.V3AndBelowTransactionalId")?; }
        if v <= 3 { m.v3_and_below_producer_id = Wire::read(r, "AddPartitionsToTxnRequest.V3AndBelowProducerId")?; }
        if v <= 3 { m.v3_and_below_producer_epoch = Wire::read(r, "AddPartitionsToTxnRequest.V3AndBelowProducerEpoch")?; }
        if v <= 3 { m.v3_and_below_topics = Wire::read(r, "AddPartitionsToTxnRequest.V3AndBelowTopics")?; }
        r.skip_tagged("AddPartitionsToTxnRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 4 { self.transactions.write(w, "AddPartitionsToTxnRequest.Transactions")?; } else if !self.transactions.is_empty() { return w.lacks("AddPartitionsToTxnRequest.Transactions"); }
        if v <= 3 { self.v3_and_below_transactional_id.write(w, "AddPartitionsToTxnRequest.V3AndBelowTransactionalId")?; } else if !self.v3_and_below_transactional_id.is_empty() { return w.lacks("AddPartitionsToTxnRequest.V3AndBelowTransactionalId"); }
        if v <= 3 { self.v3_and_below_producer_id.write(w, "AddPartitionsToTxnRequest.V3AndBelowProducerId")?; } else if self.v3_and_below_producer_id != 0 { return w.lacks("AddPartitionsToTxnRequest.V3AndBelowProducerId"); }
        if v <= 3 { self.v3_and_below_producer_epoch.write(w, "AddPartitionsToTxnRequest.V3AndBelowProducerEpoch")?; } else if self.v3_and_below_producer_epoch != 0 { return w.lacks("AddPartitionsToTxnRequest.V3AndBelowProducerEpoch"); }
        if v <= 3 { self.v3_and_below_topics.write(w, "AddPartitionsToTxnRequest.V3AndBelowTopics")?; } else if !self.v3_and_below_topics.is_empty() { return w.lacks("AddPartitionsToTxnRequest.V3AndBelowTopics"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `AddPartitionsToTxnRequest.Transactions`: a structure of versions 4-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTransaction {
    /// Versions 4-5.
    pub transactional_id: KString,
    /// Versions 4-5.
    pub producer_id: i64,
    /// Versions 4-5.
    pub producer_epoch: i16,
    /// Versions 4-5, default false.
    pub verify_only: bool,
    /// Versions 4-5.
    pub topics: Vec<AddPartitionsToTxnTopic>,
}

impl Wire for AddPartitionsToTxnTransaction {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "AddPartitionsToTxnRequest.Transactions.TransactionalId")?;
        m.producer_id = Wire::read(r, "AddPartitionsToTxnRequest.Transactions.ProducerId")?;
        m.producer_epoch = Wire::read(r, "AddPartitionsToTxnRequest.Transactions.ProducerEpoch")?;
        m.verify_only = Wire::read(r, "AddPartitionsToTxnRequest.Transactions.VerifyOnly")?;
        m.topics = Wire::read(r, "AddPartitionsToTxnRequest.Transactions.Topics")?;
        r.skip_tagged("AddPartitionsToTxnRequest.Transactions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "AddPartitionsToTxnRequest.Transactions.TransactionalId")?;
        self.producer_id.write(w, "AddPartitionsToTxnRequest.Transactions.ProducerId")?;
        self.producer_epoch.write(w, "AddPartitionsToTxnRequest.Transactions.ProducerEpoch")?;
        self.verify_only.write(w, "AddPartitionsToTxnRequest.Transactions.VerifyOnly")?;
        self.topics.write(w, "AddPartitionsToTxnRequest.Transactions.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AddPartitionsToTxnRequest.AddPartitionsToTxnTopic`: a structure of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTopic {
    /// Versions 0-5.
    pub name: KString,
    /// Versions 0-5.
    pub partitions: Vec<i32>,
}

impl Wire for AddPartitionsToTxnTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AddPartitionsToTxnRequest.AddPartitionsToTxnTopic.Name")?;
        m.partitions = Wire::read(r, "AddPartitionsToTxnRequest.AddPartitionsToTxnTopic.Partitions")?;
        r.skip_tagged("AddPartitionsToTxnRequest.AddPartitionsToTxnTopic")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AddPartitionsToTxnRequest.AddPartitionsToTxnTopic.Name")?;
        self.partitions.write(w, "AddPartitionsToTxnRequest.AddPartitionsToTxnTopic.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AddPartitionsToTxnRequest {
    const NAME: &'static str = "AddPartitionsToTxnRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for AddPartitionsToTxnRequest {
    const KEY: ApiKey = ApiKey::AddPartitionsToTxn;
    type Response = super::add_partitions_to_txn_response::AddPartitionsToTxnResponse;
}
