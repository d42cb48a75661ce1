//! `RenewDelegationTokenRequest`: versions 1-2, flexible 2. Generated from `proto/kafka/RenewDelegationTokenRequest.json`, not to be edited.

use crate::codec::*;

/// `RenewDelegationTokenRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RenewDelegationTokenRequest {
    /// Versions 1-2.
    pub hmac: Bytes,
    /// Versions 1-2.
    pub renew_period_ms: i64,
}

impl Wire for RenewDelegationTokenRequest {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.hmac = Wire::read(r, "RenewDelegationTokenRequest.Hmac")?;
        m.renew_period_ms = Wire::read(r, "RenewDelegationTokenRequest.RenewPeriodMs")?;
        r.skip_tagged("RenewDelegationTokenRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.hmac.write(w, "RenewDelegationTokenRequest.Hmac")?;
        self.renew_period_ms.write(w, "RenewDelegationTokenRequest.RenewPeriodMs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for RenewDelegationTokenRequest {
    const NAME: &'static str = "RenewDelegationTokenRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for RenewDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::RenewDelegationToken;
    type Response = super::renew_delegation_token_response::RenewDelegationTokenResponse;
}
