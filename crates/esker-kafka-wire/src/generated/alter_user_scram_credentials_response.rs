//! `AlterUserScramCredentialsResponse`: versions 0, flexible 0. Generated from `proto/kafka/AlterUserScramCredentialsResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterUserScramCredentialsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterUserScramCredentialsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub results: Vec<AlterUserScramCredentialsResult>,
}

impl Wire for AlterUserScramCredentialsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterUserScramCredentialsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "AlterUserScramCredentialsResponse.Results")?;
        r.skip_tagged("AlterUserScramCredentialsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AlterUserScramCredentialsResponse.ThrottleTimeMs")?;
        self.results.write(w, "AlterUserScramCredentialsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterUserScramCredentialsResponse.Results`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterUserScramCredentialsResult {
    /// Versions 0.
    pub user: KString,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub error_message: Option<KString>,
}

impl Default for AlterUserScramCredentialsResult {
    fn default() -> Self {
        Self {
            user: KString::default(),
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for AlterUserScramCredentialsResult {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.user = Wire::read(r, "AlterUserScramCredentialsResponse.Results.User")?;
        m.error_code = Wire::read(r, "AlterUserScramCredentialsResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterUserScramCredentialsResponse.Results.ErrorMessage")?;
        r.skip_tagged("AlterUserScramCredentialsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.user.write(w, "AlterUserScramCredentialsResponse.Results.User")?;
        self.error_code.write(w, "AlterUserScramCredentialsResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterUserScramCredentialsResponse.Results.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterUserScramCredentialsResponse {
    const NAME: &'static str = "AlterUserScramCredentialsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for AlterUserScramCredentialsResponse {
    const KEY: ApiKey = ApiKey::AlterUserScramCredentials;
}
