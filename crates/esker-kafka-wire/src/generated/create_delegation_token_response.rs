//! `CreateDelegationTokenResponse`: versions 1-3, flexible 2-3. Generated from `proto/kafka/CreateDelegationTokenResponse.json`, not to be edited.

use crate::codec::*;

/// `CreateDelegationTokenResponse`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateDelegationTokenResponse {
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3.
    pub principal_type: KString,
    /// Versions 1-3.
    pub principal_name: KString,
    /// Versions 3.
    pub token_requester_principal_type: KString,
    /// Versions 3.
    pub token_requester_principal_name: KString,
    /// Versions 1-3.
    pub issue_timestamp_ms: i64,
    /// Versions 1-3.
    pub expiry_timestamp_ms: i64,
    /// Versions 1-3.
    pub max_timestamp_ms: i64,
    /// Versions 1-3.
    pub token_id: KString,
    /// Versions 1-3.
    pub hmac: Bytes,
    /// Versions 1-3.
    pub throttle_time_ms: i32,
}

impl Wire for CreateDelegationTokenResponse {
    const MIN: usize = 35;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "CreateDelegationTokenResponse.ErrorCode")?;
        m.principal_type = Wire::read(r, "CreateDelegationTokenResponse.PrincipalType")?;
        m.principal_name = Wire::read(r, "CreateDelegationTokenResponse.PrincipalName")?;
        if v >= 3 { m.token_requester_principal_type = Wire::read(r, "CreateDelegationTokenResponse.TokenRequesterPrincipalType")?; }
        if v >= 3 { m.token_requester_principal_name = Wire::read(r, "CreateDelegationTokenResponse.TokenRequesterPrincipalName")?; }
        m.issue_timestamp_ms = Wire::read(r, "CreateDelegationTokenResponse.IssueTimestampMs")?;
        m.expiry_timestamp_ms = Wire::read(r, "CreateDelegationTokenResponse.ExpiryTimestampMs")?;
        m.max_timestamp_ms = Wire::read(r, "CreateDelegationTokenResponse.MaxTimestampMs")?;
        m.token_id = Wire::read(r, "CreateDelegationTokenResponse.TokenId")?;
        m.hmac = Wire::read(r, "CreateDelegationTokenResponse.Hmac")?;
        m.throttle_time_ms = Wire::read(r, "CreateDelegationTokenResponse.ThrottleTimeMs")?;
        r.skip_tagged("CreateDelegationTokenResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "CreateDelegationTokenResponse.ErrorCode")?;
        self.principal_type.write(w, "CreateDelegationTokenResponse.PrincipalType")?;
        self.principal_name.write(w, "CreateDelegationTokenResponse.PrincipalName")?;
        if v >= 3 { self.token_requester_principal_type.write(w, "CreateDelegationTokenResponse.TokenRequesterPrincipalType")?; } else if !self.token_requester_principal_type.is_empty() { return w.lacks("CreateDelegationTokenResponse.TokenRequesterPrincipalType"); }
        if v >= 3 { self.token_requester_principal_name.write(w, "CreateDelegationTokenResponse.TokenRequesterPrincipalName")?; } else if !self.token_requester_principal_name.is_empty() { return w.lacks("CreateDelegationTokenResponse.TokenRequesterPrincipalName"); }
        self.issue_timestamp_ms.write(w, "CreateDelegationTokenResponse.IssueTimestampMs")?;
        self.expiry_timestamp_ms.write(w, "CreateDelegationTokenResponse.ExpiryTimestampMs")?;
        self.max_timestamp_ms.write(w, "CreateDelegationTokenResponse.MaxTimestampMs")?;
        self.token_id.write(w, "CreateDelegationTokenResponse.TokenId")?;
        self.hmac.write(w, "CreateDelegationTokenResponse.Hmac")?;
        self.throttle_time_ms.write(w, "CreateDelegationTokenResponse.ThrottleTimeMs")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateDelegationTokenResponse {
    const NAME: &'static str = "CreateDelegationTokenResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for CreateDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::CreateDelegationToken;
}
