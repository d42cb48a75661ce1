//! `AddOffsetsToTxnResponse`: versions 0-4, flexible 3-4. Generated from `proto/kafka/AddOffsetsToTxnResponse.json`, not to be edited.

use crate::codec::*;

/// `AddOffsetsToTxnResponse`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddOffsetsToTxnResponse {
    /// Versions 0-4.
    pub throttle_time_ms: i32,
    /// Versions 0-4.
    pub error_code: i16,
}

impl Wire for AddOffsetsToTxnResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AddOffsetsToTxnResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "AddOffsetsToTxnResponse.ErrorCode")?;
        r.skip_tagged("AddOffsetsToTxnResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AddOffsetsToTxnResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "AddOffsetsToTxnResponse.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AddOffsetsToTxnResponse {
    const NAME: &'static str = "AddOffsetsToTxnResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for AddOffsetsToTxnResponse {
    const KEY: ApiKey = ApiKey::AddOffsetsToTxn;
}
