//! `DescribeDelegationTokenResponse`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DescribeDelegationTokenResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeDelegationTokenResponse`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeDelegationTokenResponse {
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3.
    pub tokens: Vec<DescribedDelegationToken>,
    /// Versions 1-3.
    pub throttle_time_ms: i32,
}

impl Wire for DescribeDelegationTokenResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DescribeDelegationTokenResponse.ErrorCode")?;
        m.tokens = Wire::read(r, "DescribeDelegationTokenResponse.Tokens")?;
        m.throttle_time_ms = Wire::read(r, "DescribeDelegationTokenResponse.ThrottleTimeMs")?;
        r.skip_tagged("DescribeDelegationTokenResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DescribeDelegationTokenResponse.ErrorCode")?;
        self.tokens.write(w, "DescribeDelegationTokenResponse.Tokens")?;
        self.throttle_time_ms.write(w, "DescribeDelegationTokenResponse.ThrottleTimeMs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeDelegationTokenResponse.Tokens`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedDelegationToken {
    /// Versions 1-3.
    pub principal_type: KString,
    /// Versions 1-3.
    pub principal_name: KString,
    /// Versions 3.
    pub token_requester_principal_type: KString,
    /// Versions 3.
    pub token_requester_principal_name: KString,
    /// Versions 1-3.
    pub issue_timestamp: i64,
    /// Versions 1-3.
    pub expiry_timestamp: i64,
    /// Versions 1-3.
    pub max_timestamp: i64,
    /// Versions 1-3.
    pub token_id: KString,
    /// Versions 1-3.
    pub hmac: Bytes,
    /// Versions 1-3.
    pub renewers: Vec<DescribedDelegationTokenRenewer>,
}

impl Wire for DescribedDelegationToken {
    const MIN: usize = 30;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.principal_type = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.PrincipalType")?;
        m.principal_name = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.PrincipalName")?;
        if v >= 3 { m.token_requester_principal_type = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalType")?; }
        if v >= 3 { m.token_requester_principal_name = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalName")?; }
        m.issue_timestamp = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.IssueTimestamp")?;
        m.expiry_timestamp = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.ExpiryTimestamp")?;
        m.max_timestamp = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.MaxTimestamp")?;
        m.token_id = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.TokenId")?;
        m.hmac = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.Hmac")?;
        m.renewers = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.Renewers")?;
        r.skip_tagged("DescribeDelegationTokenResponse.Tokens")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.principal_type.write(w, "DescribeDelegationTokenResponse.Tokens.PrincipalType")?;
        self.principal_name.write(w, "DescribeDelegationTokenResponse.Tokens.PrincipalName")?;
        if v >= 3 { self.token_requester_principal_type.write(w, "DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalType")?; } else if !self.token_requester_principal_type.is_empty() { return w.lacks("DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalType"); }
        if v >= 3 { self.token_requester_principal_name.write(w, "DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalName")?; } else if !self.token_requester_principal_name.is_empty() { return w.lacks("DescribeDelegationTokenResponse.Tokens.TokenRequesterPrincipalName"); }
        self.issue_timestamp.write(w, "DescribeDelegationTokenResponse.Tokens.IssueTimestamp")?;
        self.expiry_timestamp.write(w, "DescribeDelegationTokenResponse.Tokens.ExpiryTimestamp")?;
        self.max_timestamp.write(w, "DescribeDelegationTokenResponse.Tokens.MaxTimestamp")?;
        self.token_id.write(w, "DescribeDelegationTokenResponse.Tokens.TokenId")?;
        self.hmac.write(w, "DescribeDelegationTokenResponse.Tokens.Hmac")?;
        self.renewers.write(w, "DescribeDelegationTokenResponse.Tokens.Renewers")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeDelegationTokenResponse.Tokens.Renewers`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedDelegationTokenRenewer {
    /// Versions 1-3.
    pub principal_type: KString,
    /// Versions 1-3.
    pub principal_name: KString,
}

impl Wire for DescribedDelegationTokenRenewer {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.principal_type = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.Renewers.PrincipalType")?;
        m.principal_name = Wire::read(r, "DescribeDelegationTokenResponse.Tokens.Renewers.PrincipalName")?;
        r.skip_tagged("DescribeDelegationTokenResponse.Tokens.Renewers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.principal_type.write(w, "DescribeDelegationTokenResponse.Tokens.Renewers.PrincipalType")?;
        self.principal_name.write(w, "DescribeDelegationTokenResponse.Tokens.Renewers.PrincipalName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeDelegationTokenResponse {
    const NAME: &'static str = "DescribeDelegationTokenResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DescribeDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::DescribeDelegationToken;
}
