//! `InitProducerIdResponse`: versions 0-6, flexible 2-6. Generated from `proto/kafka/InitProducerIdResponse.json`, not to be edited.

use crate::codec::*;

/// `InitProducerIdResponse`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq)]
pub struct InitProducerIdResponse {
    /// Versions 0-6, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-6.
    pub error_code: i16,
    /// Versions 0-6, default -1.
    pub producer_id: i64,
    /// Versions 0-6.
    pub producer_epoch: i16,
    /// Versions 6, default -1.
    pub ongoing_txn_producer_id: i64,
    /// Versions 6, default -1.
    pub ongoing_txn_producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: 0,
            ongoing_txn_producer_id: -1,
            ongoing_txn_producer_epoch: -1,
        }
    }
}

impl Wire for InitProducerIdResponse {
    const MIN: usize = 16;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "InitProducerIdResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "InitProducerIdResponse.ErrorCode")?;
        m.producer_id = Wire::read(r, "InitProducerIdResponse.ProducerId")?;
        m.producer_epoch = Wire::read(r, "InitProducerIdResponse.ProducerEpoch")?;
        if v >= 6 { m.ongoing_txn_producer_id = Wire::read(r, "InitProducerIdResponse.OngoingTxnProducerId")?; }
        if v >= 6 { m.ongoing_txn_producer_epoch = Wire::read(r, "InitProducerIdResponse.OngoingTxnProducerEpoch")?; }
        r.skip_tagged("InitProducerIdResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "InitProducerIdResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "InitProducerIdResponse.ErrorCode")?;
        self.producer_id.write(w, "InitProducerIdResponse.ProducerId")?;
        self.producer_epoch.write(w, "InitProducerIdResponse.ProducerEpoch")?;
        if v >= 6 { self.ongoing_txn_producer_id.write(w, "InitProducerIdResponse.OngoingTxnProducerId")?; } else if self.ongoing_txn_producer_id != -1 { return w.lacks("InitProducerIdResponse.OngoingTxnProducerId"); }
        if v >= 6 { self.ongoing_txn_producer_epoch.write(w, "InitProducerIdResponse.OngoingTxnProducerEpoch")?; } else if self.ongoing_txn_producer_epoch != -1 { return w.lacks("InitProducerIdResponse.OngoingTxnProducerEpoch"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for InitProducerIdResponse {
    const NAME: &'static str = "InitProducerIdResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for InitProducerIdResponse {
    const KEY: ApiKey = ApiKey::InitProducerId;
}
