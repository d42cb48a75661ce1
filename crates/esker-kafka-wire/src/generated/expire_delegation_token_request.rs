//! `ExpireDelegationTokenRequest`: versions 1-2, flexible 2. Generated from `proto/kafka/ExpireDelegationTokenRequest.json`, not to be edited.

use crate::codec::*;

/// `ExpireDelegationTokenRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpireDelegationTokenRequest {
    /// Versions 1-2.
    pub hmac: Bytes,
    /// Versions 1-2.
    pub expiry_time_period_ms: i64,
}

impl Wire for ExpireDelegationTokenRequest {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.hmac = Wire::read(r, "ExpireDelegationTokenRequest.Hmac")?;
        m.expiry_time_period_ms = Wire::read(r, "ExpireDelegationTokenRequest.ExpiryTimePeriodMs")?;
        r.skip_tagged("ExpireDelegationTokenRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.hmac.write(w, "ExpireDelegationTokenRequest.Hmac")?;
        self.expiry_time_period_ms.write(w, "ExpireDelegationTokenRequest.ExpiryTimePeriodMs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ExpireDelegationTokenRequest {
    const NAME: &'static str = "ExpireDelegationTokenRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for ExpireDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::ExpireDelegationToken;
    type Response = super::expire_delegation_token_response::ExpireDelegationTokenResponse;
}
