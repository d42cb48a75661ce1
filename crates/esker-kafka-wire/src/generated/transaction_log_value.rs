//! `TransactionLogValue`: versions 0-1, flexible 1. Generated from `proto/kafka/TransactionLogValue.json`, not to be edited.

use crate::codec::*;

/// `TransactionLogValue`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionLogValue {
    /// Versions 0-1.
    pub producer_id: i64,
    /// Versions 1, tag 0, default -1.
    pub previous_producer_id: i64,
    /// Versions 1, tag 1, default -1.
    pub next_producer_id: i64,
    /// Versions 0-1.
    pub producer_epoch: i16,
    /// Versions 1, tag 3, default -1.
    pub next_producer_epoch: i16,
    /// Versions 0-1.
    pub transaction_timeout_ms: i32,
    /// Versions 0-1.
    pub transaction_status: i8,
    /// Versions 0-1, null in 0-1.
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    /// Versions 0-1.
    pub transaction_last_update_timestamp_ms: i64,
    /// Versions 0-1.
    pub transaction_start_timestamp_ms: i64,
    /// Versions 1, tag 2, default 0.
    pub client_transaction_version: i16,
}

impl Default for TransactionLogValue {
    fn default() -> Self {
        Self {
            producer_id: 0,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: 0,
            next_producer_epoch: -1,
            transaction_timeout_ms: 0,
            transaction_status: 0,
            transaction_partitions: Some(Vec::new()),
            transaction_last_update_timestamp_ms: 0,
            transaction_start_timestamp_ms: 0,
            client_transaction_version: 0,
        }
    }
}

impl Wire for TransactionLogValue {
    const MIN: usize = 33;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.producer_id = Wire::read(r, "TransactionLogValue.ProducerId")?;
        m.producer_epoch = Wire::read(r, "TransactionLogValue.ProducerEpoch")?;
        m.transaction_timeout_ms = Wire::read(r, "TransactionLogValue.TransactionTimeoutMs")?;
        m.transaction_status = Wire::read(r, "TransactionLogValue.TransactionStatus")?;
        m.transaction_partitions = r.nullable(true, "TransactionLogValue.TransactionPartitions")?;
        m.transaction_last_update_timestamp_ms = Wire::read(r, "TransactionLogValue.TransactionLastUpdateTimestampMs")?;
        m.transaction_start_timestamp_ms = Wire::read(r, "TransactionLogValue.TransactionStartTimestampMs")?;
        r.tagged("TransactionLogValue", &mut |r, tag| {
            match tag {
                0 => m.previous_producer_id = Wire::read(r, "TransactionLogValue.PreviousProducerId")?,
                1 => m.next_producer_id = Wire::read(r, "TransactionLogValue.NextProducerId")?,
                3 => m.next_producer_epoch = Wire::read(r, "TransactionLogValue.NextProducerEpoch")?,
                2 => m.client_transaction_version = Wire::read(r, "TransactionLogValue.ClientTransactionVersion")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.producer_id.write(w, "TransactionLogValue.ProducerId")?;
        self.producer_epoch.write(w, "TransactionLogValue.ProducerEpoch")?;
        self.transaction_timeout_ms.write(w, "TransactionLogValue.TransactionTimeoutMs")?;
        self.transaction_status.write(w, "TransactionLogValue.TransactionStatus")?;
        w.nullable(self.transaction_partitions.as_ref(), true, "TransactionLogValue.TransactionPartitions")?;
        self.transaction_last_update_timestamp_ms.write(w, "TransactionLogValue.TransactionLastUpdateTimestampMs")?;
        self.transaction_start_timestamp_ms.write(w, "TransactionLogValue.TransactionStartTimestampMs")?;
        if !(v >= 1) && self.previous_producer_id != -1 { return w.lacks("TransactionLogValue.PreviousProducerId"); }
        let tag0 = v >= 1 && self.previous_producer_id != -1;
        if !(v >= 1) && self.next_producer_id != -1 { return w.lacks("TransactionLogValue.NextProducerId"); }
        let tag1 = v >= 1 && self.next_producer_id != -1;
        if !(v >= 1) && self.client_transaction_version != 0 { return w.lacks("TransactionLogValue.ClientTransactionVersion"); }
        let tag2 = v >= 1 && self.client_transaction_version != 0;
        if !(v >= 1) && self.next_producer_epoch != -1 { return w.lacks("TransactionLogValue.NextProducerEpoch"); }
        let tag3 = v >= 1 && self.next_producer_epoch != -1;
        w.tag_count(u32::from(tag0) + u32::from(tag1) + u32::from(tag2) + u32::from(tag3));
        if tag0 {
            let start = w.begin_tag(0);
            self.previous_producer_id.write(w, "TransactionLogValue.PreviousProducerId")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            self.next_producer_id.write(w, "TransactionLogValue.NextProducerId")?;
            w.end_tag(start);
        }
        if tag2 {
            let start = w.begin_tag(2);
            self.client_transaction_version.write(w, "TransactionLogValue.ClientTransactionVersion")?;
            w.end_tag(start);
        }
        if tag3 {
            let start = w.begin_tag(3);
            self.next_producer_epoch.write(w, "TransactionLogValue.NextProducerEpoch")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `TransactionLogValue.TransactionPartitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionsSchema {
    /// Versions 0-1.
    pub topic: KString,
    /// Versions 0-1.
    pub partition_ids: Vec<i32>,
}

impl Wire for PartitionsSchema {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "TransactionLogValue.TransactionPartitions.Topic")?;
        m.partition_ids = Wire::read(r, "TransactionLogValue.TransactionPartitions.PartitionIds")?;
        r.skip_tagged("TransactionLogValue.TransactionPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "TransactionLogValue.TransactionPartitions.Topic")?;
        self.partition_ids.write(w, "TransactionLogValue.TransactionPartitions.PartitionIds")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for TransactionLogValue {
    const NAME: &'static str = "TransactionLogValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}
