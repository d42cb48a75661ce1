//! `EndTxnResponse`: versions 0-5, flexible 3-5. Generated from `proto/kafka/EndTxnResponse.json`, not to be edited.

use crate::codec::*;

/// `EndTxnResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq)]
pub struct EndTxnResponse {
    /// Versions 0-5.
    pub throttle_time_ms: i32,
    /// Versions 0-5.
    pub error_code: i16,
    /// Versions 5, default -1, ignorable.
    pub producer_id: i64,
    /// Versions 5, default -1, ignorable.
    pub producer_epoch: i16,
}

impl Default for EndTxnResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: -1,
        }
    }
}

impl Wire for EndTxnResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "EndTxnResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "EndTxnResponse.ErrorCode")?;
        if v >= 5 { m.producer_id = Wire::read(r, "EndTxnResponse.ProducerId")?; }
        if v >= 5 { m.producer_epoch = Wire::read(r, "EndTxnResponse.ProducerEpoch")?; }
        r.skip_tagged("EndTxnResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "EndTxnResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "EndTxnResponse.ErrorCode")?;
        if v >= 5 { self.producer_id.write(w, "EndTxnResponse.ProducerId")?; }
        if v >= 5 { self.producer_epoch.write(w, "EndTxnResponse.ProducerEpoch")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for EndTxnResponse {
    const NAME: &'static str = "EndTxnResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for EndTxnResponse {
    const KEY: ApiKey = ApiKey::EndTxn;
}
