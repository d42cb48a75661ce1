//! `ExpireDelegationTokenResponse`: versions 1-2, flexible 2. Generated from `proto/kafka/ExpireDelegationTokenResponse.json`, not to be edited.

use crate::codec::*;

/// `ExpireDelegationTokenResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpireDelegationTokenResponse {
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2.
    pub expiry_timestamp_ms: i64,
    /// Versions 1-2.
    pub throttle_time_ms: i32,
}

impl Wire for ExpireDelegationTokenResponse {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "ExpireDelegationTokenResponse.ErrorCode")?;
        m.expiry_timestamp_ms = Wire::read(r, "ExpireDelegationTokenResponse.ExpiryTimestampMs")?;
        m.throttle_time_ms = Wire::read(r, "ExpireDelegationTokenResponse.ThrottleTimeMs")?;
        r.skip_tagged("ExpireDelegationTokenResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "ExpireDelegationTokenResponse.ErrorCode")?;
        self.expiry_timestamp_ms.write(w, "ExpireDelegationTokenResponse.ExpiryTimestampMs")?;
        self.throttle_time_ms.write(w, "ExpireDelegationTokenResponse.ThrottleTimeMs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ExpireDelegationTokenResponse {
    const NAME: &'static str = "ExpireDelegationTokenResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for ExpireDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::ExpireDelegationToken;
}
