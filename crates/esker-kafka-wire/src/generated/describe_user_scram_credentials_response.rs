//! `DescribeUserScramCredentialsResponse`: versions 0, flexible 0. Generated from `proto/kafka/DescribeUserScramCredentialsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeUserScramCredentialsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub results: Vec<DescribeUserScramCredentialsResult>,
}

impl Default for DescribeUserScramCredentialsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            results: Vec::new(),
        }
    }
}

impl Wire for DescribeUserScramCredentialsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeUserScramCredentialsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "DescribeUserScramCredentialsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeUserScramCredentialsResponse.ErrorMessage")?;
        m.results = Wire::read(r, "DescribeUserScramCredentialsResponse.Results")?;
        r.skip_tagged("DescribeUserScramCredentialsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeUserScramCredentialsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "DescribeUserScramCredentialsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeUserScramCredentialsResponse.ErrorMessage")?;
        self.results.write(w, "DescribeUserScramCredentialsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeUserScramCredentialsResponse.Results`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsResult {
    /// Versions 0.
    pub user: KString,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub credential_infos: Vec<CredentialInfo>,
}

impl Default for DescribeUserScramCredentialsResult {
    fn default() -> Self {
        Self {
            user: KString::default(),
            error_code: 0,
            error_message: Some(KString::default()),
            credential_infos: Vec::new(),
        }
    }
}

impl Wire for DescribeUserScramCredentialsResult {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.user = Wire::read(r, "DescribeUserScramCredentialsResponse.Results.User")?;
        m.error_code = Wire::read(r, "DescribeUserScramCredentialsResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeUserScramCredentialsResponse.Results.ErrorMessage")?;
        m.credential_infos = Wire::read(r, "DescribeUserScramCredentialsResponse.Results.CredentialInfos")?;
        r.skip_tagged("DescribeUserScramCredentialsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.user.write(w, "DescribeUserScramCredentialsResponse.Results.User")?;
        self.error_code.write(w, "DescribeUserScramCredentialsResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeUserScramCredentialsResponse.Results.ErrorMessage")?;
        self.credential_infos.write(w, "DescribeUserScramCredentialsResponse.Results.CredentialInfos")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeUserScramCredentialsResponse.Results.CredentialInfos`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CredentialInfo {
    /// Versions 0.
    pub mechanism: i8,
    /// Versions 0.
    pub iterations: i32,
}

impl Wire for CredentialInfo {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.mechanism = Wire::read(r, "DescribeUserScramCredentialsResponse.Results.CredentialInfos.Mechanism")?;
        m.iterations = Wire::read(r, "DescribeUserScramCredentialsResponse.Results.CredentialInfos.Iterations")?;
        r.skip_tagged("DescribeUserScramCredentialsResponse.Results.CredentialInfos")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.mechanism.write(w, "DescribeUserScramCredentialsResponse.Results.CredentialInfos.Mechanism")?;
        self.iterations.write(w, "DescribeUserScramCredentialsResponse.Results.CredentialInfos.Iterations")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeUserScramCredentialsResponse {
    const NAME: &'static str = "DescribeUserScramCredentialsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeUserScramCredentialsResponse {
    const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;
}
