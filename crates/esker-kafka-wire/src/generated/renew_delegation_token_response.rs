//! `RenewDelegationTokenResponse`: versions 1-2, flexible 2. Generated from `proto/kafka/RenewDelegationTokenResponse.json`, not to be edited.

use crate::codec::*;

/// `RenewDelegationTokenResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RenewDelegationTokenResponse {
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 1-2.
    pub expiry_timestamp_ms: i64,
    /// Versions 1-2.
    pub throttle_time_ms: i32,
}

impl Wire for RenewDelegationTokenResponse {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "RenewDelegationTokenResponse.ErrorCode")?;
        m.expiry_timestamp_ms = Wire::read(r, "RenewDelegationTokenResponse.ExpiryTimestampMs")?;
        m.throttle_time_ms = Wire::read(r, "RenewDelegationTokenResponse.ThrottleTimeMs")?;
        r.skip_tagged("RenewDelegationTokenResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "RenewDelegationTokenResponse.ErrorCode")?;
        self.expiry_timestamp_ms.write(w, "RenewDelegationTokenResponse.ExpiryTimestampMs")?;
        self.throttle_time_ms.write(w, "RenewDelegationTokenResponse.ThrottleTimeMs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for RenewDelegationTokenResponse {
    const NAME: &'static str = "RenewDelegationTokenResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for RenewDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::RenewDelegationToken;
}
