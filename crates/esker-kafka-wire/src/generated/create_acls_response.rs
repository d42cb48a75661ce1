//! `CreateAclsResponse`: versions 1-3, flexible 2-3. Generated from `proto/kafka/CreateAclsResponse.json`, not to be edited.

use crate::codec::*;

/// `CreateAclsResponse`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateAclsResponse {
    /// Versions 1-3.
    pub throttle_time_ms: i32,
    /// Versions 1-3.
    pub results: Vec<AclCreationResult>,
}

impl Wire for CreateAclsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "CreateAclsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "CreateAclsResponse.Results")?;
        r.skip_tagged("CreateAclsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "CreateAclsResponse.ThrottleTimeMs")?;
        self.results.write(w, "CreateAclsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateAclsResponse.Results`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct AclCreationResult {
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3, null in 1-3.
    pub error_message: Option<KString>,
}

impl Default for AclCreationResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for AclCreationResult {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "CreateAclsResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "CreateAclsResponse.Results.ErrorMessage")?;
        r.skip_tagged("CreateAclsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "CreateAclsResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "CreateAclsResponse.Results.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateAclsResponse {
    const NAME: &'static str = "CreateAclsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for CreateAclsResponse {
    const KEY: ApiKey = ApiKey::CreateAcls;
}
