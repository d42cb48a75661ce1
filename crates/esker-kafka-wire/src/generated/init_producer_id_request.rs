//! `InitProducerIdRequest`: versions 0-6, flexible 2-6. Generated from `proto/kafka/InitProducerIdRequest.json`, not to be edited.

use crate::codec::*;

/// `InitProducerIdRequest`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq)]
pub struct InitProducerIdRequest {
    /// Versions 0-6, null in 0-6.
    pub transactional_id: Option<KString>,
    /// Versions 0-6.
    pub transaction_timeout_ms: i32,
    /// Versions 3-6, default -1.
    pub producer_id: i64,
    /// Versions 3-6, default -1.
    pub producer_epoch: i16,
    /// Versions 6, default false.
    pub enable2_pc: bool,
    /// Versions 6, default false.
    pub keep_prepared_txn: bool,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self {
            transactional_id: Some(KString::default()),
            transaction_timeout_ms: 0,
            producer_id: -1,
            producer_epoch: -1,
            enable2_pc: false,
            keep_prepared_txn: false,
        }
    }
}

impl Wire for InitProducerIdRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.transactional_id = r.nullable(true, "InitProducerIdRequest.TransactionalId")?;
        m.transaction_timeout_ms = Wire::read(r, "InitProducerIdRequest.TransactionTimeoutMs")?;
        if v >= 3 { m.producer_id = Wire::read(r, "InitProducerIdRequest.ProducerId")?; }
        if v >= 3 { m.producer_epoch = Wire::read(r, "InitProducerIdRequest.ProducerEpoch")?; }
        if v >= 6 { m.enable2_pc = Wire::read(r, "InitProducerIdRequest.Enable2Pc")?; }
        if v >= 6 { m.keep_prepared_txn = Wire::read(r, "InitProducerIdRequest.KeepPreparedTxn")?; }
        r.skip_tagged("InitProducerIdRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        w.nullable(self.transactional_id.as_ref(), true, "InitProducerIdRequest.TransactionalId")?;
        self.transaction_timeout_ms.write(w, "InitProducerIdRequest.TransactionTimeoutMs")?;
        if v >= 3 { self.producer_id.write(w, "InitProducerIdRequest.ProducerId")?; } else if self.producer_id != -1 { return w.lacks("InitProducerIdRequest.ProducerId"); }
        if v >= 3 { self.producer_epoch.write(w, "InitProducerIdRequest.ProducerEpoch")?; } else if self.producer_epoch != -1 { return w.lacks("InitProducerIdRequest.ProducerEpoch"); }
        if v >= 6 { self.enable2_pc.write(w, "InitProducerIdRequest.Enable2Pc")?; } else if self.enable2_pc { return w.lacks("InitProducerIdRequest.Enable2Pc"); }
        if v >= 6 { self.keep_prepared_txn.write(w, "InitProducerIdRequest.KeepPreparedTxn")?; } else if self.keep_prepared_txn { return w.lacks("InitProducerIdRequest.KeepPreparedTxn"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for InitProducerIdRequest {
    const NAME: &'static str = "InitProducerIdRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for InitProducerIdRequest {
    const KEY: ApiKey = ApiKey::InitProducerId;
    type Response = super::init_producer_id_response::InitProducerIdResponse;
}
